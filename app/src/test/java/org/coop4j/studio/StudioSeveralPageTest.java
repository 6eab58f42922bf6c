package org.coop4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.demo.DemoPictures;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.page.TestBrowser;
import org.coop4j.studio.Snapshot.Photo;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.interactions.Actions;

/** The studio's page on pictures of two of three classes each, four photographs in one, that nobody has labelled. */
@Tag("browser")
class StudioSeveralPageTest {

    private static final Duration LONGEST = Duration.ofMinutes(3);
    private static final List<String> CLASSES = List.of("pizza", "watch", "dragonfly");
    private static final int PICTURES = 42;

    @TempDir
    private static Path shared;

    private static Path photographs;
    private static Clip clip;
    private static TestBrowser browser;

    @TempDir
    private Path folder;

    private Path photos;
    private StudioServer server;

    @BeforeAll
    static void openBrowser() throws IOException {
        photographs = DemoPictures.unpack(shared.resolve("demo")).folder().resolve("photographs/train");
        clip = Clip.open(ShippedModel.file(shared));
        browser = new TestBrowser(shared.resolve("browser"));
    }

    @AfterAll
    static void closeBrowser() throws IOException {
        browser.quit();
        clip.close();
    }

    /** Writes pictures of four photographs, whose names tell their classes. */
    static void tile(Path photographs, List<String> classes, int count, int most, Path folder) throws IOException {
        Random random = new Random(4);
        for (int i = 0; i < count; i++) {
            List<String> own = new ArrayList<>(classes);
            Collections.shuffle(own, random);
            own = own.subList(0, 1 + random.nextInt(most));
            BufferedImage whole = new BufferedImage(448, 448, BufferedImage.TYPE_INT_RGB);
            Graphics2D canvas = whole.createGraphics();
            for (int part = 0; part < 4; part++) {
                List<Path> files = files(photographs.resolve(own.get(part % own.size())));
                BufferedImage one =
                        ImageIO.read(files.get(random.nextInt(files.size())).toFile());
                canvas.drawImage(one, part % 2 * 224, part / 2 * 224, 224, 224, null);
            }
            canvas.dispose();
            ImageIO.write(
                    whole,
                    "jpg",
                    folder.resolve("%03d %s.jpg".formatted(i, String.join("+", own)))
                            .toFile());
        }
    }

    static List<Path> files(Path in) throws IOException {
        try (Stream<Path> files = Files.list(in)) {
            return files.filter(file -> file.toString().endsWith(".jpg"))
                    .sorted()
                    .toList();
        }
    }

    @BeforeEach
    void start() throws IOException {
        photos = Files.createDirectories(folder.resolve("photos"));
        tile(photographs, CLASSES, PICTURES, 2, photos);
        StudioServer.makeTable(photos, null, false);
        server = StudioServer.start(
                new ServiceOptions(
                        "127.0.0.1",
                        0,
                        Optional.empty(),
                        Optional.empty(),
                        Limits.of(8 << 20, Duration.ofMinutes(5), 64)),
                photos,
                false,
                clip,
                folder.resolve("bank"),
                StudioFolder.USER);
        browser.get(server.address());
        browser.until("document.querySelector('.tray') !== null");
    }

    @AfterEach
    void stop() throws IOException {
        browser.get("about:blank");
        server.close();
    }

    private static void show(String screen) {
        browser.executeScript("location.hash = arguments[0]", screen);
        browser.until("document.querySelector('main h1') !== null");
    }

    private static void press(CharSequence... keys) {
        new Actions(browser).sendKeys(keys).perform();
    }

    private static void untilSaid(String line) {
        browser.until("document.querySelector('[role=status]').textContent.startsWith('%s')".formatted(line));
    }

    private static void click(String button) {
        String found = "[...document.querySelectorAll('button')].find(b => b.checkVisibility() && !b.disabled"
                + " && b.textContent.startsWith('" + button + "'))";
        browser.until(found + " !== undefined");
        browser.executeScript(found + ".click()");
    }

    /** Returns the line of a picture with the classes that its name tells. */
    private static String line(Path picture) {
        String name = picture.getFileName().toString();
        return "%s,%s,".formatted(name, name.replaceAll("^\\d+ |\\.jpg$", "").replace('+', ';'));
    }

    private List<String> table() throws IOException {
        return Files.readAllLines(photos.resolve("labels.csv"));
    }

    /** Selects the open pictures whose names, in the tiles' labels for screen readers, have a word. */
    private static long select(String word, int among) {
        return (Long) browser.js(
                """
                [...document.querySelectorAll('.mosaic .tile')].slice(0, arguments[1])
                    .filter(t => t.ariaLabel.split('.jpg')[0].includes(arguments[0])).map(t => t.click()).length\
                """,
                word,
                among);
    }

    @Test
    void picturesGetSeveralLabelsByKeysAndTheRestBySorting() throws IOException {
        assertThat(browser.findElement(By.tagName("main")).getText())
                .contains("Joint answers and promises are for one label per picture.")
                .contains("To label");
        for (String name : CLASSES) {
            press("c");
            browser.until("document.activeElement.tagName === 'INPUT'");
            press(name, Keys.ENTER);
            browser.until(
                    "[...document.querySelectorAll('.card bdi')].some(e => e.textContent === '%s')".formatted(name));
        }
        show("board/");
        browser.resize(1400);
        browser.until("document.querySelectorAll('.mosaic .tile').length === %d".formatted(PICTURES));
        for (int k = 0; k < CLASSES.size(); k++) {
            long n = select(CLASSES.stream().sorted().toList().get(k), 24);
            press(String.valueOf(k + 1));
            untilSaid(
                    "Put %s on %d".formatted(CLASSES.stream().sorted().toList().get(k), n));
            browser.until("document.querySelectorAll('.mosaic .tile').length === %d".formatted(PICTURES));
        }
        select(" ", 24);
        browser.photograph("several-board", false);
        press("a");
        untilSaid("Marked 24 as complete");
        browser.until("document.querySelectorAll('.mosaic .tile').length === %d".formatted(PICTURES - 24));
        assertThat(table()).hasSize(25).allMatch(line -> line.endsWith(",") || line.endsWith("unknown"));
        String both =
                table().stream().filter(line -> line.contains(";")).findFirst().orElseThrow();
        List<String> cells = List.of(both.split(",", -1));
        assertThat(cells.get(0)).contains(cells.get(1).split(";", -1)[0]);
        press("u");
        untilSaid("Undone: Marked 24 as complete");
        browser.until("document.querySelectorAll('.mosaic .tile').length === %d".formatted(PICTURES));
        select(" ", 24);
        press("a");
        untilSaid("Marked 24 as complete");
        show("sort");
        String group = "document.querySelector('.groups section')?.dataset.group";
        String pictures = "[...document.querySelectorAll('.mosaic .tile')].map(t => t.dataset.id).join()";
        String end = "document.querySelector('main > h2')?.textContent === 'Everything is sorted.'";
        for (int asked = 0; ; asked++) {
            browser.until("%s !== undefined || %s".formatted(group, end));
            String kind = (String) browser.js(group);
            if (kind == null) {
                break;
            }
            assertThat(asked).as(kind).isLessThan(12);
            String name = kind.replaceFirst("\\w+ ", "");
            boolean without = kind.startsWith("without");
            browser.executeScript(
                    """
                    [...document.querySelectorAll('.mosaic .tile')]
                        .filter(t => names[t.dataset.id].includes(arguments[0]) === arguments[1]).forEach(t => t.click())\
                    """
                            .replace("names", names()),
                    name,
                    without);
            String shown = (String) browser.js(pictures);
            press(Keys.ENTER);
            browser.until("%s !== '%s' || %s !== '%s'".formatted(group, kind, pictures, shown));
        }
        assertThat(table())
                .map(StudioSeveralPageTest::sorted)
                .contains("path,labels,unknown")
                .hasSize(PICTURES + 1);
        for (Path file : files(photos)) {
            assertThat(table()).map(StudioSeveralPageTest::sorted).contains(sorted(line(file)));
        }
    }

    private static String sorted(String line) {
        String[] cells = line.split(",", -1);
        cells[1] = Stream.of(cells[1].split(";")).sorted().collect(Collectors.joining(";"));
        return String.join(",", cells);
    }

    /** The first thirty pictures are labelled by another program, five of them wrongly. */
    @Test
    void screensShowWhatWasLearnedAndAWrongLabelIsChanged() throws IOException {
        List<String> lines = new ArrayList<>(List.of("path,labels,unknown"));
        for (Path file : files(photos).subList(0, 36)) {
            lines.add(lines.size() % 7 == 1 ? line(file).replaceAll(",.*,", ",watch,") : line(file));
        }
        Files.write(photos.resolve("labels.csv"), lines);
        browser.until("document.querySelector('h1').textContent.endsWith('would have all labels right.')");
        assertThat(browser.findElement(By.cssSelector("main .muted")).getText())
                .contains("test pictures are right")
                .contains("Mean average precision");
        browser.executeScript(StudioPageTest.axe());
        show("learn");
        click("Learn properly");
        browser.until("document.querySelector('.figure.now') !== null");
        assertThat(browser.findElement(By.tagName("main")).getText()).contains("Right: all labels of the picture.");
        show("try");
        browser.give(".try", Files.readAllBytes(files(photos).get(40)), "new.jpg", "image/jpeg", "dragover", "drop");
        browser.until("document.querySelector('.best h2') !== null");
        for (String scheme : List.of("light", "dark")) {
            browser.prefer(scheme);
            for (int width : new int[] {390, 1400}) {
                browser.resize(width);
                for (String screen :
                        List.of("try", "board", "board/", "board/pizza", "sort", "learn", "mistakes", "history")) {
                    show(screen);
                    browser.until("document.querySelector('.skeleton') === null");
                    browser.assertFits(screen + " at " + width);
                    assertThat(
                                    browser.executeAsyncScript(
                                            """
                                    const done = arguments[0];
                                    axe.run(document, {resultTypes: ["violations"]}).then(found => done(
                                        found.violations.flatMap(rule => rule.nodes.map(node => rule.id + node.html))));
                                    """))
                            .as(screen + " at " + width + ", " + scheme)
                            .isEqualTo(List.of());
                    browser.photograph("several-%s-%d-%s".formatted(screen.replace('/', '-'), width, scheme), false);
                }
            }
        }
        browser.resetSize();
        show("mistakes");
        browser.until("document.querySelector('.case.now') !== null");
        long all = (Long) browser.js("document.querySelectorAll('.case').length");
        List<String> before = table();
        press("m");
        browser.until("document.querySelectorAll('.case').length < " + all);
        browser.until(
                "document.querySelector('header > button:last-child').textContent.startsWith('Undo') && !document.querySelector('header > button:last-child').disabled");
        List<String> after = new ArrayList<>(table());
        after.removeAll(before);
        assertThat(after).hasSize(1); // of one picture
        press("u");
        untilSaid("Undone: ");
        List<String> then = before.stream().map(StudioSeveralPageTest::sorted).toList();
        for (long end = System.nanoTime() + LONGEST.toNanos();
                !table().stream().map(StudioSeveralPageTest::sorted).toList().equals(then); ) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** An object of the files' names by picture, in JavaScript. */
    private String names() throws IOException {
        StringBuilder names = new StringBuilder("({");
        for (Path file : files(photos)) {
            names.append("\"%s\":\"%s\",".formatted(Photo.id(Sha256.of(file)), file.getFileName()));
        }
        return names.append("})").toString();
    }
}
