package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.demo.DemoPictures;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;

/**
 * The studio's page in headless Chromium, with pictures of two classes and unsorted ones. With the system property
 * {@code coop.screenshots}, screenshots are written to that folder.
 */
@Tag("browser")
class StudioPageTest {

    private static final Duration LONGEST = Duration.ofMinutes(3);
    private static final List<String> SCREENS =
            List.of("board", "board/watch", "sort", "learn", "mistakes", "clean", "try", "use", "history");

    @TempDir
    private static Path shared;

    private static Path photographs;
    private static Clip clip;
    private static ChromeDriver browser;

    @TempDir
    private Path folder;

    private Path photos;
    private StudioServer server;

    @BeforeAll
    static void openBrowser() throws IOException {
        photographs = DemoPictures.unpack(shared.resolve("demo")).folder().resolve("photographs/train");
        clip = Clip.open(ShippedModel.file(shared));
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(
                "--headless=new",
                "--no-sandbox", // of a browser that shows nothing but this page
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--user-data-dir=" + shared.resolve("browser"));
        browser = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(Path.of("/usr/bin/chromedriver").toFile())
                        .usingAnyFreePort()
                        .build(),
                options);
    }

    @AfterAll
    static void closeBrowser() throws IOException {
        browser.quit();
        clip.close();
    }

    @BeforeEach
    void start() throws IOException {
        photos = folder.resolve("photos");
        copy("pizza", 0, 10, "pizza");
        copy("watch", 0, 10, "watch");
        copy("watch", 20, 24, "pizza");
        copy("pizza", 10, 14, "");
        copy("watch", 10, 14, "");
        start(0);
        browser.get(server.address());
        show("board");
        until("document.querySelectorAll('.tray .tile img').length === 8");
    }

    private void start(int port) throws IOException {
        server = StudioServer.start(
                new ServiceOptions(
                        "127.0.0.1",
                        port,
                        Optional.empty(),
                        Optional.empty(),
                        Limits.of(8 << 20, Duration.ofMinutes(5), 64)),
                photos,
                false,
                clip,
                folder.resolve("bank"));
    }

    @AfterEach
    void stop() throws IOException {
        browser.get("about:blank");
        server.close();
    }

    private String address() {
        return "http://127.0.0.1:" + server.port() + "/";
    }

    private void copy(String from, int first, int end, String to) throws IOException {
        Files.createDirectories(photos.resolve(to));
        for (Path file : files(photographs.resolve(from)).subList(first, end)) {
            Files.copy(file, photos.resolve(to).resolve(file.getFileName()));
        }
    }

    private static List<Path> files(Path in) throws IOException {
        try (Stream<Path> files = Files.list(in)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private int pictures(String of) throws IOException {
        return Files.isDirectory(photos.resolve(of)) ? files(photos.resolve(of)).size() : 0;
    }

    private void untilPictures(String of, int expected) throws IOException {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (pictures(of) != expected) {
            assertThat(System.nanoTime()).as(of + " has " + pictures(of)).isLessThan(end);
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static Object js(String expression, Object... arguments) {
        return browser.executeScript("return " + expression, arguments);
    }

    private static void until(String condition) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!Boolean.TRUE.equals(js(condition))) {
            if (System.nanoTime() > end) {
                fail("never: %s on %s", condition, js("document.body.innerText.slice(0, 500)"));
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static void show(String screen) {
        browser.executeScript("location.hash = arguments[0]", screen);
        until("document.querySelector('main h1') !== null && document.querySelector('[aria-current]') !== null");
    }

    private static void click(String button) {
        String found = "[...document.querySelectorAll('button')].find(b => b.checkVisibility() && !b.disabled"
                + " && b.textContent.startsWith('" + button + "'))";
        until(found + " !== undefined");
        browser.executeScript(found + ".click()");
    }

    private static void press(CharSequence... keys) {
        new Actions(browser).sendKeys(keys).perform();
    }

    private static void untilSaid(String line) {
        until("document.querySelector('[role=status]').textContent.startsWith('%s')".formatted(line));
    }

    /** Drops a file of this content on an element, as a user does. */
    private static void dropFile(String target, byte[] content, String name) {
        browser.executeScript(
                """
                const bytes = Uint8Array.from(atob(arguments[1]), c => c.charCodeAt(0));
                const data = new DataTransfer();
                data.items.add(new File([bytes], arguments[2], {type: "image/jpeg"}));
                for (const type of ["dragover", "drop"]) {
                    document.querySelector(arguments[0])
                        .dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
                }
                """,
                target,
                Base64.getEncoder().encodeToString(content),
                name);
    }

    private static byte[] unseen() throws IOException {
        return Files.readAllBytes(files(photographs.resolve("watch")).get(16));
    }

    @Test
    void anEmptyFolderTellsTheStepsAndOffersExamples() throws IOException {
        for (String of : List.of("pizza", "watch", "")) {
            for (Path file : files(photos.resolve(of))) {
                Files.delete(file);
            }
        }
        Files.delete(photos.resolve("pizza"));
        Files.delete(photos.resolve("watch"));
        browser.get(address());
        until("document.querySelectorAll('.first h2').length === 5");
        assertThat(browser.findElement(By.tagName("body")).getText()).startsWith("photos is empty.");
        click("Start with the examples");
        until("document.querySelectorAll('.tray .tile').length === 21");
    }

    @Test
    void aPictureIsDraggedToAClassAndUndone() throws IOException {
        String send =
                """
                window.data ??= new DataTransfer();
                const send = (selector, type) => document.querySelector(selector)
                    .dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
                """;
        browser.executeScript(send + "send('.tray .tile', 'dragstart'); send('.card:nth-child(2)', 'dragover')");
        until("document.querySelector('.card:nth-child(2)').dataset.drop === 'Put 1 into watch'");
        browser.executeScript(send + "send('.card:nth-child(2)', 'drop')");
        untilPictures("watch", 11);
        until("document.querySelector('.card:nth-child(2) b').textContent === '11'");
        untilSaid("Moved 1 to watch.");
        click("Undo");
        untilPictures("watch", 10);
        assertThat(pictures("")).isEqualTo(8);
    }

    @Test
    void classesAreMadeNamedAndMergedByKeyboardAlone() throws IOException {
        String hostile = "&lt;b&gt; Größe كرسي";
        press("c");
        until("document.activeElement.tagName === 'INPUT'");
        press(hostile, Keys.ENTER);
        until("document.querySelectorAll('.card bdi').length === 3");
        assertThat(js("[...document.querySelectorAll('.card bdi')].some(e => e.textContent === arguments[0])", hostile))
                .isEqualTo(true);
        browser.executeScript("document.querySelector('.card a[data-class=watch]').focus()");
        press(Keys.F2);
        until("document.activeElement.value === 'watch'");
        press("clock", Keys.ENTER);
        untilPictures("clock", 10);
        until("document.querySelector('.card a[data-class=clock]') !== null");
        browser.executeScript("document.querySelector('.card a[data-class=clock]').focus()");
        press(Keys.ENTER);
        until("document.querySelectorAll('.mosaic .tile').length === 10");
        press(Keys.F2);
        until("document.activeElement.value === 'clock'");
        press("pizza", Keys.ENTER);
        untilPictures("pizza", 24);
    }

    @Test
    void filesAreDroppedOnAClassAndWhatIsNoPictureIsRefused() throws IOException {
        dropFile(".card:nth-child(2)", unseen(), "new.jpg");
        untilPictures("watch", 11);
        dropFile(".card:nth-child(2)", "no picture".getBytes(UTF_8), "no <b>.jpg");
        until("document.querySelector('[role=alert]').textContent.includes('1 of 1 not added. no <b>.jpg')");
        assertThat(pictures("watch")).isEqualTo(11);
    }

    @Test
    void aGroupIsAcceptedWithoutThePicturesThatWerePickedOut() throws IOException {
        show("sort");
        until("document.querySelector('.groups .primary') !== null");
        long all = (Long) js("document.querySelector('.mosaic').children.length");
        browser.executeScript("document.querySelector('.mosaic .tile').click()");
        until("document.querySelector('.groups .primary').textContent.includes('other %d')".formatted(all - 1));
        browser.executeScript("document.querySelector('.groups .primary').click()");
        untilPictures("", (int) (9 - all));
        untilSaid("Moved " + (all - 1));
        press("u");
        untilPictures("", 8);
    }

    @Test
    void picturesAreSortedByKeyboardAlone() throws IOException {
        show("sort");
        until("document.querySelector('.mosaic .tile img') !== null");
        press(Keys.ARROW_DOWN);
        until("document.activeElement.matches('.tile')");
        new Actions(browser)
                .keyDown(Keys.SHIFT)
                .sendKeys(Keys.ARROW_RIGHT)
                .keyUp(Keys.SHIFT)
                .perform();
        until("document.querySelectorAll('[aria-selected=true]').length === 2");
        press("2");
        untilPictures("watch", 12);
        until("document.activeElement.matches('.tile')");
        press("x");
        untilPictures("", 5);
        assertThat(pictures(".coop4j/removed")).isEqualTo(1);
        until("!document.querySelector('header button').disabled");
        press("u");
        untilPictures("", 6);
        press("/");
        until("document.activeElement.tagName === 'INPUT'");
        press("umbrella", Keys.ENTER);
        untilPictures("umbrella", 1);
    }

    @Test
    void itLearnsTriesAndCorrects() throws IOException {
        show("learn");
        until("document.querySelector('select') !== null");
        browser.executeScript(
                """
                const select = document.querySelector("select");
                select.value = "linear-probe";
                select.dispatchEvent(new Event("change"));
                """);
        click("Learn");
        until("document.querySelector('.figure.now') !== null");
        assertThat(browser.findElement(By.cssSelector(".figure.now")).getText()).contains(" of ");
        show("use");
        until("document.querySelectorAll('pre').length === 4");
        show("try");
        dropFile(".try", unseen(), "unseen.jpg");
        until("document.querySelector('.best h2') !== null");
        assertThat(browser.findElement(By.cssSelector(".best")).getText()).contains(" %");
        Object answered = browser.executeAsyncScript(
                """
                const done = arguments[0];
                const slider = document.querySelector(".try input[type=range]");
                slider.value = 50;
                slider.dispatchEvent(new Event("input"));
                fetch("/api/learned").then((r) => r.json()).then((learned) =>
                    done(learned.coverage.filter((point) => point.threshold >= 0.5).length));
                """);
        until("document.querySelector('.try').textContent.includes('Answers %s of ')".formatted(answered));
        browser.executeScript("document.querySelectorAll('.try .choice')[1].click()");
        untilPictures("watch", 11);
        untilSaid("Added 1 to watch.");
    }

    @Test
    void aPictureInTheWrongClassIsMovedFromItsMistake() throws IOException {
        show("mistakes");
        String cell = "document.querySelector('button[aria-label$=\": pizza, seen as watch\"]')";
        until(cell + " !== null");
        browser.executeScript(cell + ".click()");
        until("document.querySelector('.case.now').textContent.includes('Move to watch')");
        press("m");
        untilPictures("watch", 11);
        untilSaid("Moved 1 to watch.");
        assertThat(pictures("pizza")).isEqualTo(13);
        until("!document.querySelector('header button').disabled");
        press("u");
        untilPictures("pizza", 14);
        // Waited for and read at once, since the list is read again after an undo.
        until("(window.judged = document.querySelector('.case.now img')?.src) !== undefined");
        press("l");
        until("document.querySelector('.case.now img')?.src !== window.judged");
    }

    @Test
    void historyComparesAndGoesBack() throws IOException {
        show("board/pizza");
        until("document.querySelectorAll('.mosaic .tile').length === 14");
        press(Keys.ARROW_DOWN);
        until("document.activeElement.matches('.tile')");
        press("2");
        untilPictures("watch", 11);
        show("history");
        until("document.querySelectorAll('main li').length === 2");
        browser.executeScript("document.querySelector('main li:last-child button').click()");
        until("document.querySelector('h2')?.textContent === '1 picture changed'");
        assertThat(browser.findElement(By.cssSelector(".cards")).getText())
                .contains("pizza")
                .contains("watch");
        click("Go back");
        untilPictures("pizza", 14);
        until("!document.querySelector('header button').disabled");
        press("u");
        untilPictures("watch", 11);
    }

    @Test
    void copiesAndUnreadableFilesAreShown() throws IOException {
        Files.writeString(photos.resolve("watch/<i>.jpg"), "no picture");
        byte[] near = nearlyTheSame(files(photos.resolve("watch")).get(3));
        Path copied = Files.write(photos.resolve("watch/near.png"), Arrays.copyOf(near, near.length / 2));
        show("clean");
        for (String unreadable : List.of("watch/<i>.jpg", "watch/near.png")) {
            until("[...document.querySelectorAll('main b')].some(e => e.textContent === '%s')".formatted(unreadable));
        }
        Files.write(copied, near);
        click("Remove the copy");
        untilPictures("watch", 11);
    }

    private static byte[] nearlyTheSame(Path picture) throws IOException {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        ImageIO.write(ImageIO.read(picture.toFile()), "png", copy);
        return copy.toByteArray();
    }

    @Test
    void aSecondTabSeesTheChangesAndBothOutliveTheStudio() throws IOException {
        String here = browser.getWindowHandle();
        int port = server.port();
        browser.switchTo().newWindow(WindowType.TAB);
        browser.get(address());
        until("document.querySelectorAll('.tray .tile img').length === 8");
        String other = browser.getWindowHandle();
        browser.switchTo().window(here);
        browser.executeScript("document.querySelector('.tray .tile').click()");
        press("1");
        untilPictures("pizza", 15);
        browser.switchTo().window(other);
        until("document.querySelector('.card b').textContent === '15'");
        server.close();
        until("document.querySelector('[role=alert]').textContent.startsWith('The studio has stopped.')");
        start(port);
        browser.get(server.address());
        browser.switchTo().window(here);
        until("document.querySelector('[role=alert]').textContent === ''");
        press("u");
        untilPictures("pizza", 14);
        browser.switchTo().window(other).close();
        browser.switchTo().window(here);
    }

    @Test
    void everyScreenFitsAPhoneAndADesktopInBothSchemesAndDirections() throws IOException {
        browser.executeScript(axe());
        for (String scheme : List.of("light", "dark")) {
            browser.executeCdpCommand(
                    "Emulation.setEmulatedMedia",
                    Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
            for (int width : new int[] {390, 900, 1400}) {
                browser.executeCdpCommand(
                        "Emulation.setDeviceMetricsOverride",
                        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 500));
                browser.executeScript("document.documentElement.dir = arguments[0]", width == 900 ? "rtl" : "ltr");
                for (String screen : SCREENS) {
                    show(screen);
                    until("document.querySelector('.skeleton') === null");
                    assertThat(js("document.documentElement.scrollWidth <= innerWidth"))
                            .as("no sideways scrolling of " + screen + " at " + width)
                            .isEqualTo(true);
                    if (width != 900) {
                        assertThat(violations())
                                .as(screen + " at " + width + ", " + scheme)
                                .isEqualTo(List.of());
                    }
                    photograph(screen.replace('/', '-') + "-" + width + "-" + scheme);
                }
            }
        }
        browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
        assertThat(
                        js(
                                """
                                performance.getEntriesByType('resource')
                                    .filter(e => !e.name.startsWith(location.origin) && !e.name.startsWith('blob:')).length\
                                """))
                .as("requests to elsewhere")
                .isEqualTo(0L);
        assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
                .map(LogEntry::getMessage)
                .noneMatch(message -> message.contains("Content Security Policy"));
    }

    private static String axe() throws IOException {
        try (InputStream script = StudioPageTest.class.getResourceAsStream("/axe.min.js")) {
            return new String(script.readAllBytes(), UTF_8);
        }
    }

    /** Returns what is not accessible on the page by the rules of axe-core. */
    private static Object violations() {
        return browser.executeAsyncScript(
                """
                const done = arguments[0];
                axe.run(document, {resultTypes: ["violations"]}).then(found => done(found.violations.flatMap(
                    rule => rule.nodes.map(node => rule.id + ": " + node.html + " " + node.failureSummary))));
                """);
    }

    private static void photograph(String name) throws IOException {
        String target = System.getProperty("coop.screenshots");
        if (target != null) {
            Object png = browser.executeCdpCommand("Page.captureScreenshot", Map.of())
                    .get("data");
            Files.createDirectories(Path.of(target));
            Files.write(Path.of(target, name + ".png"), Base64.getDecoder().decode(png.toString()));
        }
    }
}
