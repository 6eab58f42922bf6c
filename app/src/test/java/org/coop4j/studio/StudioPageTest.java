package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ShippedModel;
import org.coop4j.demo.DemoPictures;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.ServiceOptions.Limits;
import org.coop4j.page.TestBrowser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.interactions.Actions;

/** The studio's page in a browser, with pictures of two classes and unsorted ones. */
@Tag("browser")
class StudioPageTest {

    private static final Duration LONGEST = Duration.ofMinutes(3);
    private static final List<String> SCREENS =
            List.of("board", "board/watch", "sort", "learn", "mistakes", "clean", "try", "use", "history");

    @TempDir
    private static Path shared;

    private static Path photographs;
    private static Clip clip;
    private static TestBrowser browser;

    @TempDir
    private Path folder;

    private Path photos;
    private StudioServer server;
    private StateFolder user = StudioFolder.USER;

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
        browser.until("document.querySelectorAll('.tray .tile img').length === 8");
    }

    private void start(int port) throws IOException {
        start(port, null);
    }

    private void start(int port, String path) throws IOException {
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
                folder.resolve("bank"),
                user,
                path);
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
            Files.copy(file, photos.resolve(to).resolve(from + " " + file.getFileName()));
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

    private static void show(String screen) {
        browser.executeScript("location.hash = arguments[0]", screen);
        browser.until(
                "document.querySelector('main h1') !== null && document.querySelector('[aria-current]') !== null");
    }

    private static void click(String button) {
        String found = "[...document.querySelectorAll('button')].find(b => b.checkVisibility() && !b.disabled"
                + " && b.textContent.startsWith('" + button + "'))";
        browser.until(found + " !== undefined");
        browser.executeScript(found + ".click()");
    }

    private static void press(CharSequence... keys) {
        new Actions(browser).sendKeys(keys).perform();
    }

    private static void untilSaid(String line) {
        browser.until("document.querySelector('[role=status]').textContent.startsWith('%s')".formatted(line));
    }

    private static void dropFile(String target, byte[] content, String name) {
        browser.give(target, content, name, "image/jpeg", "dragover", "drop");
    }

    private static byte[] unseen() throws IOException {
        return Files.readAllBytes(files(photographs.resolve("watch")).get(16));
    }

    @Test
    void anotherFolderIsOpenedByItsPath() throws IOException {
        Path other = Files.createDirectories(folder.resolve("empty one"));
        browser.until("document.querySelector('header button[title]') !== null");
        browser.findElement(By.cssSelector("header button[title]")).click();
        browser.until("document.activeElement.name === 'folder'");
        press("nowhere", Keys.ENTER);
        browser.until(
                "document.querySelector('dialog [role=alert]')?.textContent.startsWith('There is no folder nowhere') === true");
        browser.executeScript(axe());
        assertThat(violations()).isEqualTo(List.of());
        browser.executeScript("const field = document.querySelector('dialog input'); field.value = ''; field.focus()");
        press(other.toString(), Keys.ENTER);
        browser.until("document.title.includes('empty one')");
        assertThat(browser.getCurrentUrl()).doesNotStartWith(address());
        browser.get(address());
        browser.until("document.querySelector('header button[title]') !== null");
        browser.findElement(By.cssSelector("header button[title]")).click();
        browser.until("document.querySelector('dialog .choice')?.textContent.endsWith('empty one') === true");
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
        browser.until("document.querySelectorAll('.first h2').length === 5");
        assertThat(browser.findElement(By.tagName("body")).getText()).startsWith("photos is empty.");
        click("Start with the examples");
        browser.until("document.querySelectorAll('.tray .tile').length === 21");
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
        browser.until("document.querySelector('.card:nth-child(2)').dataset.drop === 'Put 1 into watch'");
        browser.executeScript(send + "send('.card:nth-child(2)', 'drop')");
        untilPictures("watch", 11);
        browser.until("document.querySelector('.card:nth-child(2) b').textContent === '11'");
        untilSaid("Moved 1 to watch.");
        click("Undo");
        untilPictures("watch", 10);
        assertThat(pictures("")).isEqualTo(8);
    }

    @Test
    void classesAreMadeNamedAndMergedByKeyboardAlone() throws IOException {
        String hostile = "&lt;b&gt; Größe كرسي";
        press("c");
        browser.until("document.activeElement.tagName === 'INPUT'");
        press(hostile, Keys.ENTER);
        browser.until("document.querySelectorAll('.card bdi').length === 3");
        assertThat(browser.js(
                        "[...document.querySelectorAll('.card bdi')].some(e => e.textContent === arguments[0])",
                        hostile))
                .isEqualTo(true);
        browser.executeScript("document.querySelector('.card a[data-class=watch]').focus()");
        press(Keys.F2);
        browser.until("document.activeElement.value === 'watch'");
        press("clock", Keys.ENTER);
        untilPictures("clock", 10);
        browser.until("document.querySelector('.card a[data-class=clock]') !== null");
        browser.executeScript("document.querySelector('.card a[data-class=clock]').focus()");
        press(Keys.ENTER);
        browser.until("document.querySelectorAll('.mosaic .tile').length === 10");
        press(Keys.F2);
        browser.until("document.activeElement.value === 'clock'");
        press("pizza", Keys.ENTER);
        browser.until("document.activeElement.textContent === 'Merge'");
        assertThat(browser.findElement(By.tagName("dialog")).getText())
                .contains("There is a class pizza already. 10 pictures of clock would move there.");
        assertThat(pictures("clock")).isEqualTo(10);
        press(Keys.ENTER);
        untilPictures("pizza", 24);
        untilSaid("Merged clock into pizza.");
    }

    @Test
    void aClassIsDeletedAndARemovedPictureBroughtBack() throws IOException {
        show("board/watch");
        click("Delete the class");
        untilPictures("", 18);
        untilSaid("Deleted the class watch.");
        browser.until("document.querySelectorAll('.mosaic .tile').length === 18"); // those without a class are shown
        click("Undo");
        untilPictures("watch", 10);
        untilSaid("Undone: Deleted the class watch.");
        show("board/watch");
        browser.until("document.querySelectorAll('.mosaic .tile').length === 10");
        press(Keys.ARROW_DOWN);
        browser.until("document.activeElement.matches('.tile')");
        press("x");
        untilPictures("watch", 9);
        show("history");
        click("Bring back all 1");
        untilPictures("watch", 10);
        untilSaid("Brought back 1 picture.");
    }

    @Test
    void filesAreDroppedOnAClassAndWhatIsNoPictureIsRefused() throws IOException {
        dropFile(".card:nth-child(2)", unseen(), "new.jpg");
        untilPictures("watch", 11);
        dropFile(".card:nth-child(2)", "no picture".getBytes(UTF_8), "no <b>.jpg");
        browser.until("document.querySelector('[role=alert]').textContent.includes('1 of 1 not added. no <b>.jpg')");
        assertThat(pictures("watch")).isEqualTo(11);
    }

    /** Makes a file for each of 20 colours. */
    private static final String TWENTY =
            """
            const data = new DataTransfer();
            const canvas = Object.assign(document.createElement("canvas"), {width: 32, height: 32});
            const context = canvas.getContext("2d");
            for (let i = 0; i < 20; i++) {
                context.fillStyle = `hsl(${18 * i} 80% 50%)`;
                context.fillRect(0, 0, 32, 32);
                const bytes = Uint8Array.from(atob(canvas.toDataURL().split(",")[1]), (c) => c.charCodeAt(0));
                data.items.add(new File([bytes], i + ".png", {type: "image/png"}));
            }
            document.querySelector(".card:nth-child(2)").dispatchEvent(
                new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
            """;

    @Test
    void twentyFilesThatAreDroppedAreOneActionAndOnceAddedAreNotAddedAgain() throws IOException {
        browser.executeScript(TWENTY);
        untilSaid("Added 20 to watch.");
        assertThat(pictures("watch")).isEqualTo(30);
        browser.executeScript(TWENTY);
        untilSaid("20 of 20 are there already.");
        show("history");
        browser.until("document.querySelectorAll('main li').length === 2");
        assertThat(browser.findElement(By.cssSelector("main li b")).getText()).isEqualTo("Added 20 to watch");
        press("u");
        untilSaid("Undone: Added 20 to watch.");
        untilPictures("watch", 10);
        browser.until("document.querySelector('header > button:last-child').disabled");
    }

    @Test
    void aBurstOfTheCameraIsOneAction() throws IOException {
        browser.executeScript(
                """
                const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 48});
                const context = canvas.getContext("2d");
                let hue = 0;
                setInterval(() => {
                    context.fillStyle = `hsl(${hue++ % 360} 80% 50%)`;
                    context.fillRect(0, 0, 64, 48);
                }, 20);
                navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(50);
                """);
        show("board/watch");
        click("Take pictures");
        browser.until("document.querySelector('video')?.videoWidth === 64");
        click("Take 10");
        browser.until("document.querySelectorAll('.mosaic .tile').length === 20");
        click("Close");
        press("u");
        untilPictures("watch", 10);
        browser.until("document.querySelector('header > button:last-child').disabled");
    }

    /** Of 80 unsorted pictures, 30 are checked by a person who agrees with the studio. */
    @Test
    void aCheckLeadsToAPromiseAndWhatIsAcceptedIsMarkedAndUndoneInOneStep() throws IOException {
        for (String of : List.of("chair", "lamp", "umbrella")) {
            copy(of, 0, 24, "");
        }
        show("sort");
        browser.until("document.querySelector('main h1').textContent === '80 pictures, answered but not checked yet.'");
        browser.until("document.querySelectorAll('.answer').length === 2");
        assertThat(browser.findElement(By.cssSelector(".sorted")).getText())
                .contains("most certain first", "One of these two?", "An order, no verdict: some may be yours.")
                .doesNotContain("%");
        assertLooksRight("sort-before");
        Map<?, ?> keys = (Map<?, ?>)
                browser.executeAsyncScript(
                        """
                        const done = arguments[0];
                        fetch("/api/sort").then((answer) => answer.json()).then(({rows}) => done(Object.fromEntries(
                            rows.flatMap((row, i) => row.pictures.map((id) => [id, String(i + 1)])))));
                        """);
        click("30");
        press("n");
        browser.until("document.querySelector('main h1').textContent === 'Check 30 pictures, drawn at random.'");
        assertThat(browser.findElement(By.tagName("main")).getText())
                .contains("0 of 30", "so that the promise stays safe", "Stop: no promise");
        assertLooksRight("sort-check");
        String last = null;
        for (int i = 0; i < 30; i++) {
            browser.until("document.querySelector('.asked b')?.textContent === '%d of 30'".formatted(i));
            if (i == 2) {
                stop(); // and it goes on where it was
                start(0);
                browser.get(server.address());
                show("sort");
                browser.until("document.querySelector('.asked b')?.textContent === '2 of 30'");
                press(Keys.BACK_SPACE);
                browser.until("document.querySelector('.asked b').textContent === '1 of 30'");
                press(last);
                browser.until("document.querySelector('.asked b').textContent === '2 of 30'");
            }
            last = (String) keys.get(browser.js("document.querySelector('.asked img').src.split('/').pop()"));
            press(last);
        }
        browser.until("/(can be accepted at once|No promise)\\.$/.test(document.querySelector('main h1').textContent)");
        assertLooksRight("sort-promise");
        assertThat(browser.findElement(By.tagName("main")).getText())
                .contains("50 pictures can be accepted at once.")
                .contains("You checked 30, drawn at random. Of the surest 30 of them, 30 were right.")
                .contains("The promise: at most 8 of the 50 are wrong.")
                .contains("Accept 50: at least 42 right");
        press(Keys.ENTER);
        untilPictures("", 0);
        browser.until(
                "document.querySelector('main h1').textContent === 'The studio put 50 pictures into your classes.'");
        browser.until("document.querySelector('[role=status]').textContent.includes('50 accepted. One step')");
        show("board/watch");
        browser.until("document.querySelector('.tile.accepted') !== null");
        assertLooksRight("sort-accepted");
        String accepted = "Number(/(\\d+) accepted/.exec(document.querySelector('main .head').textContent)?.[1] ?? 0)";
        long all = (Long) browser.js(accepted);
        browser.executeScript("document.querySelector('.tile.accepted').click()");
        press("2");
        browser.until(accepted + " === " + (all - 1));
        untilSaid("Confirmed 1 as watch.");
        press("y");
        browser.until(accepted + " === 0");
        press("u");
        browser.until(accepted + " === " + (all - 1));
        show("history");
        click("Take back");
        untilPictures("", 49);
        press("u");
        untilPictures("", 0);
        press("u");
        browser.until("document.querySelector('header > button:last-child').textContent.startsWith('Undo')");
        press("u");
        untilPictures("", 50);
        show("sort");
        browser.until("document.querySelector('main h1').textContent === '50 pictures can be accepted at once.'");
    }

    @Test
    void picturesOfAClassAreAcceptedWithoutThoseThatWerePickedOut() throws IOException {
        browser.resize(1400); // which shows seven of a row
        show("sort");
        browser.until("document.querySelector('.answer button') !== null");
        String group = (String) browser.js("document.querySelector('.answer h3').textContent");
        browser.executeScript("document.querySelector('.answer button').click()");
        browser.until("document.querySelector('main h2')?.textContent === '%s'".formatted(group));
        long all = (Long) browser.js("document.querySelectorAll('main .tile').length");
        Object odd = browser.js("document.querySelector('main .tile').dataset.id");
        browser.executeScript("document.querySelector('main .tile').click()");
        browser.until("document.querySelector('main .primary').textContent.startsWith('These %d are %s')"
                .formatted(all - 1, group));
        press("y");
        untilPictures("", (int) (9 - all));
        String elsewhere =
                "document.querySelector('.answer [data-id=\"%s\"]')?.closest('.answer').ariaLabel".formatted(odd);
        browser.until("![undefined, '%s'].includes(%s)".formatted(group, elsewhere));
        stop(); // and it is remembered
        start(0);
        browser.get(server.address());
        show("sort");
        browser.until(elsewhere + " !== undefined");
        assertThat(browser.js(elsewhere)).isNotEqualTo(group);
        press("u");
        untilPictures("", 8);
        browser.until(elsewhere + " === '" + group + "'");
        browser.resetSize();
    }

    @Test
    void noneOfMineWaitsUnderTheTrayAndANewClassIsMadeOfTheSelection() throws IOException {
        copy("lobster", 0, 6, "");
        show("sort");
        browser.until("document.querySelectorAll('[data-grid=strangers] .tile').length === 8");
        browser.photograph("strangers", false);
        for (int i = 0; i < 2; i++) {
            browser.executeScript("document.querySelectorAll('[data-grid=strangers] .tile')[%d].click()".formatted(i));
        }
        press("0");
        untilSaid("Marked 2 as none of mine.");
        browser.until("document.querySelector('nav [aria-current] .small').textContent === '12'");
        assertThat(pictures("")).isEqualTo(14);
        browser.executeScript("document.querySelector('[data-grid=strangers] .tile').click()");
        press("c");
        browser.until("document.activeElement.tagName === 'INPUT'");
        press("lobster", Keys.ENTER);
        untilPictures("lobster", 1);
        show("board");
        browser.until("[...document.querySelectorAll('.tray a')].some(a => a.textContent === 'None of mine')");
        show("board/.none");
        browser.until("document.querySelectorAll('main .tile').length === 2");
        browser.executeScript("document.querySelector('main .tile').click()");
        click("unsorted");
        browser.until("document.querySelectorAll('main .tile').length === 1");
    }

    @Test
    void twelveAreAskedForAtATimeAndTheCurveShowsWhatTheyBring() throws IOException {
        copy("pizza", 14, 24, "");
        show("sort");
        browser.until("document.querySelectorAll('.answer').length === 2");
        press("v");
        for (int i = 0; i < 12; i++) {
            untilAsked(i + 1);
            if (i == 3) {
                press("s");
            } else {
                press(i == 4 ? "0" : "1");
            }
        }
        browser.until("document.querySelector('main').textContent.includes('What your answers bring')");
        untilAsked(1); // of the next ones, after it has learned
        assertThat(browser.findElement(By.cssSelector(".asked")).getText()).contains("With your 10 answers");
        assertLooksRight("label-next-learned");
        press("1");
        untilAsked(2);
        press(Keys.BACK_SPACE);
        untilAsked(1);
        untilPictures("pizza", 24);
    }

    private static void untilAsked(int picture) {
        browser.until("document.querySelector('.asked [aria-live]')?.textContent.startsWith('Picture %d of ')"
                .formatted(picture));
    }

    /** With a real wheel: what is above the window has its height, whether it is drawn or not. */
    @Test
    void sortIsScrolledThroughAndShowsTheOrderWithoutNumbers() throws IOException {
        for (String of : List.of("chair", "lobster", "scorpion", "umbrella")) {
            copy(of, 0, 20, "");
        }
        show("sort");
        browser.until("document.querySelector('nav [aria-current] .small')?.textContent === '88'");
        browser.until("document.querySelectorAll('.answer').length === 2");
        press("v", "v"); // to groups of alike ones
        browser.until(
                """
                document.querySelector('.groups') !== null && [...document.querySelectorAll('.mosaic')].reduce(
                    (all, one) => all + Number(one.firstChild.ariaSetSize), 0) === 88\
                """);
        assertThat(browser.js("document.querySelectorAll('.mosaic').length")).matches(n -> (long) n >= 5);
        assertThat(browser.findElement(By.cssSelector(".groups")).getText()).doesNotContain("%");
        long tall = (Long) browser.js("document.documentElement.scrollHeight");
        long seen = 0;
        for (long at = -1, now = 0; now > at; now = (Long) browser.js("Math.round(scrollY)")) {
            at = now;
            new Actions(browser).scrollByAmount(0, 150).perform();
            browser.executeAsyncScript("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))");
            seen = (Long) browser.js("document.documentElement.scrollHeight");
            assertThat(seen).as("height at " + at).isLessThanOrEqualTo(tall);
        }
        assertThat(browser.js("Math.ceil(scrollY + innerHeight)")).isEqualTo(seen);
    }

    @Test
    void theKeysReachPicturesThatAreNotDrawnYet() throws IOException {
        for (String of : List.of("chair", "lamp", "scorpion", "umbrella", "dragonfly", "elephant")) {
            copy(of, 0, 24, "many");
        }
        show("board/many");
        browser.until("document.querySelector('.mosaic .tile')?.ariaSetSize === '144'");
        assertThat((long) browser.js("document.querySelectorAll('.mosaic .tile').length"))
                .isLessThan(144);
        press(Keys.ARROW_DOWN);
        browser.until("document.activeElement.ariaPosInSet === '1'");
        press(Keys.END);
        browser.until("document.activeElement.ariaPosInSet === '144'");
        press(Keys.HOME);
        browser.until("document.activeElement.ariaPosInSet === '1'");
    }

    @Test
    void picturesAreSortedByKeyboardAlone() throws IOException {
        browser.resize(1400);
        show("sort");
        browser.until("document.querySelector('.answer .tile img') !== null");
        press(Keys.ARROW_DOWN);
        browser.until("document.activeElement.matches('.tile')");
        new Actions(browser)
                .keyDown(Keys.SHIFT)
                .sendKeys(Keys.ARROW_RIGHT)
                .keyUp(Keys.SHIFT)
                .perform();
        browser.until("document.querySelector('.dock b').textContent === '2 selected'");
        press("2");
        untilPictures("watch", 12);
        browser.until("document.activeElement.matches('.tile')");
        press("x");
        untilPictures("", 5);
        assertThat(pictures(".coop4j/removed")).isEqualTo(1);
        browser.until("!document.querySelector('header > button:last-child').disabled");
        press("u");
        untilPictures("", 6);
        press("/");
        browser.until("document.activeElement.tagName === 'INPUT'");
        press("umbrella", Keys.ENTER);
        untilPictures("umbrella", 1);
        browser.resetSize();
    }

    @Test
    void itLearnsTriesAndCorrects() throws IOException {
        show("learn");
        learn("linear-probe");
        browser.until("document.querySelector('.figure.now') !== null");
        assertThat(browser.findElement(By.cssSelector(".figure.now")).getText()).contains(" of ");
        show("use");
        browser.until("document.querySelectorAll('pre').length === 4");
        show("try");
        dropFile(".try", unseen(), "unseen.jpg");
        browser.until("document.querySelector('.best h2') !== null");
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
        browser.until("document.querySelector('.try').textContent.includes('Answers %s of ')".formatted(answered));
        browser.executeScript("document.querySelectorAll('.try .choice')[1].click()");
        untilPictures("watch", 11);
        untilSaid("Added unseen.jpg to watch.");
        show("learn");
        learn("gda");
        show("history");
        String compare =
                "[...document.querySelectorAll('main li')].filter(li => li.textContent.includes('Learned by'))";
        browser.until(compare + ".length === 2");
        for (int i = 0; i < 2; i++) {
            browser.executeScript(compare + "[%d].querySelector('button').click()".formatted(i));
        }
        browser.until("/^\\d+ corrected, \\d+ newly wrong$/.test(document.querySelector('main h2')?.textContent)");
        browser.photograph("learned", false);
        assertThat(browser.findElement(By.cssSelector("main .cards")).getText())
                .contains("Corrected")
                .contains("Newly wrong");
    }

    private static void fill(String field, Object text) {
        browser.executeScript(
                "const f = document.querySelector(arguments[0]); f.value = arguments[1]; f.dispatchEvent(new Event('input'))",
                "form.other label:nth-of-type(" + field + ") input",
                text.toString());
    }

    private static void untilHead(String text) {
        browser.until("document.querySelector('main h1').textContent.includes('%s')".formatted(text));
    }

    @Test
    void anotherFolderIsLookedAtSortedAndTakenBack() throws IOException {
        Path others = folder.resolve("others");
        Files.createDirectories(others);
        for (Path file : files(photographs.resolve("watch")).subList(14, 18)) {
            Files.copy(file, others.resolve(file.getFileName()));
        }
        Files.writeString(others.resolve("broken.jpg"), "no picture");
        show("learn");
        learn("gda");
        show("use");
        click("Sort another folder");
        untilHead("Sort any other folder");
        fill("1", others);
        fill("2", folder.resolve("sorted"));
        fill("3", "0");
        press("n");
        untilHead("4 pictures would be copied");
        browser.until("document.querySelectorAll('.cards img').length === 4");
        assertLooksRight("use-folder");
        click("Leave out");
        untilHead("3 pictures would be copied");
        click("Copy 3 pictures");
        untilHead("3 pictures copied");
        try (Stream<Path> copies = Files.walk(folder.resolve("sorted"))) {
            assertThat(copies.filter(Files::isRegularFile)).hasSize(3);
        }
        click("Undo it");
        untilHead("3 files taken back");
        click("Write tags");
        untilHead("Write tags where");
        click("Count");
        untilHead("4 pictures would get a tag");
        browser.until("[...document.querySelectorAll('.cards img')].every(i => i.complete)");
        for (WebElement card : browser.findElements(By.cssSelector(".cards li:has(img)"))) { // not of an earlier count
            BufferedImage shown = ImageIO.read(
                    others.resolve(card.findElement(By.cssSelector(".cut")).getText())
                            .toFile());
            assertThat(card.findElement(By.tagName("img")).getDomProperty("naturalWidth"))
                    .isEqualTo(String.valueOf(shown.getWidth()));
        }
        assertLooksRight("use-tags");
        press("n");
        untilHead("4 tags written");
        assertThat(others.resolve(files(others).get(0).getFileName())).exists();
        assertThat(files(others)).hasSize(9);
        click("Undo it");
        untilHead("4 files taken back");
        assertThat(files(others)).hasSize(5);
    }

    private static void learn(String method) {
        browser.until("document.querySelector('select') !== null && !document.querySelector('[role=progressbar]')");
        browser.executeScript(
                """
                const select = document.querySelector("select");
                select.value = arguments[0];
                select.dispatchEvent(new Event("change"));
                """,
                method);
        click("Learn");
        browser.until("document.querySelector('[role=progressbar]') !== null");
        browser.until("document.querySelector('[role=progressbar]') === null");
    }

    @Test
    void aPictureInTheWrongClassIsMovedFromItsMistake() throws IOException {
        show("mistakes");
        String cell = "document.querySelector('button[aria-label$=\": pizza, seen as watch\"]')";
        browser.until(cell + " !== null");
        browser.executeScript(cell + ".click()");
        browser.until("document.querySelector('.case.now').textContent.includes('Move to watch')");
        press("m");
        untilPictures("watch", 11);
        untilSaid("Moved 1 to watch.");
        assertThat(pictures("pizza")).isEqualTo(13);
        browser.until("!document.querySelector('header > button:last-child').disabled");
        press("u");
        untilPictures("pizza", 14);
        // Waited for and read at once, since the list is read again after an undo.
        browser.until("(window.judged = document.querySelector('.case.now img')?.src) !== undefined");
        press("l");
        browser.until("document.querySelector('.case.now img')?.src !== window.judged");
    }

    @Test
    void theMapOfAnAnswerIsShownAndCheckedByKeyboardAlone() throws IOException {
        show("mistakes");
        browser.until("document.querySelector('.case.now img') !== null");
        press("w");
        browser.until("document.querySelector('.case.now .mapping img')?.complete === true");
        assertThat(browser.findElement(By.cssSelector(".case.now .mapping")).getText())
                .contains(
                        ", rather than for the other classes",
                        "blue speaks against it",
                        "log-odds",
                        "a wrong answer has a map");
        Object answer = browser.js("document.querySelector('.case.now .mapping img').alt");
        press("g");
        browser.until(
                "![undefined, '%s'].includes(document.querySelector('.case.now .mapping img')?.alt)".formatted(answer));
        press("k");
        browser.until("document.querySelectorAll('.case.now .seen').length === 3");
        assertThat(browser.findElement(By.cssSelector(".case.now .check")).getText())
                .contains("Without the marked quarter", "Without a random quarter (mean of four)")
                .containsAnyOf("The marked part matters.", "The map does not explain this answer.");
        assertLooksRight("why-mistakes");
        press("w");
        browser.until("document.querySelector('.mapping') === null");
        show("try");
        dropFile(".try", unseen(), "unseen.jpg");
        browser.until("document.querySelector('.best h2') !== null");
        press("w");
        browser.until("document.querySelector('.try .mapping img')?.complete === true");
        press("k");
        browser.until("document.querySelectorAll('.try .seen').length === 3");
        assertLooksRight("why-try");
        show("clean");
        browser.until("document.querySelector('.case.now img') !== null");
        press("w");
        browser.until("document.querySelector('.case.now .mapping') !== null");
        assertLooksRight("why-clean");
        browser.assertLoadsOwnFilesAlone();
    }

    @Test
    void undoOfALabelThatIsRightBringsItsMistakeBackAndMovesNothing() throws IOException {
        show("mistakes");
        browser.until("(window.judged = document.querySelector('.case.now img')?.src) !== undefined");
        press("l");
        browser.until("![...document.querySelectorAll('.case img')].some(img => img.src === window.judged)");
        untilSaid("The label ");
        click("Undo");
        untilSaid("Undone: The label ");
        browser.until("[...document.querySelectorAll('.case img')].some(img => img.src === window.judged)");
        assertThat(List.of(pictures("pizza"), pictures("watch"), pictures(""))).isEqualTo(List.of(14, 10, 8));
        browser.until("document.querySelector('header > button:last-child').disabled");
    }

    @Test
    void historyComparesAndGoesBack() throws IOException {
        show("board/pizza");
        browser.until("document.querySelectorAll('.mosaic .tile').length === 14");
        press(Keys.ARROW_DOWN);
        browser.until("document.activeElement.matches('.tile')");
        press("2");
        untilPictures("watch", 11);
        show("history");
        browser.until("document.querySelectorAll('main li').length === 2");
        browser.executeScript("document.querySelector('main li:last-child button').click()");
        browser.until("document.querySelector('h2')?.textContent === '1 picture changed'");
        assertThat(browser.findElement(By.cssSelector(".cards")).getText())
                .contains("pizza")
                .contains("watch");
        click("Go back");
        untilPictures("pizza", 14);
        browser.until("!document.querySelector('header > button:last-child').disabled");
        press("u");
        untilPictures("watch", 11);
    }

    /** Its cookie is one that other sites do not send. */
    @Test
    void theAddressThatIsOpenedShowsThePage() throws IOException {
        browser.manage().deleteAllCookies(); // those of the page that is shown
        browser.get(address());
        assertThat(browser.findElement(By.tagName("h1")).getText()).contains("does not know this browser");
        browser.get(server.openedAddress());
        browser.until("document.querySelectorAll('.tray .tile img').length === 8");
        assertThat(browser.getCurrentUrl()).doesNotContain("opened");
    }

    @Test
    void aHistoryOfOthersIsAskedAbout() throws IOException {
        browser.get("about:blank");
        server.close();
        user = new StateFolder(folder.resolve("other"));
        start(0);
        browser.get(server.address());
        String alert = "document.querySelector('[role=alert]').textContent";
        browser.until(alert + ".includes('or by somebody else')");
        for (int width : new int[] {390, 1400}) {
            browser.resize(width);
            browser.assertFits("question at " + width);
            browser.photograph("question-" + width, false);
        }
        browser.resetSize();
        click("Continue");
        browser.until(alert + " === ''");
        browser.executeScript("document.querySelector('.tray .tile').click()");
        press("1");
        untilPictures("pizza", 15);
    }

    @Test
    void aBrowserThatIsNotLetInIsToldInWordsHowToGetIn() throws IOException {
        browser.manage().deleteAllCookies();
        browser.get(address());
        String text = browser.findElement(By.tagName("body")).getText();
        assertThat(text).startsWith("The studio does not know this browser.").contains("coop studio FOLDER");
        assertThat(browser.js("getComputedStyle(document.querySelector('pre')).borderRadius"))
                .isEqualTo("12px");
        browser.photograph("locked", false);
        Object script =
                browser.executeAsyncScript("fetch('/api/state').then(answer => answer.json()).then(arguments[0])");
        assertThat(script.toString()).contains("type coop studio FOLDER in a terminal");
    }

    @Test
    void allKeysAreListed() {
        Set<String> known =
                new TreeSet<>(Set.of("Arrows", "Home", "End", "Space", "Enter", "Ctrl A", "Ctrl Z", "1 to 9"));
        for (String screen : List.of("board", "board/watch", "sort", "learn", "mistakes", "clean", "history")) {
            show(screen);
            browser.until("document.querySelector('.skeleton') === null");
            String ready = Map.of("sort", ".answer", "mistakes", ".case.now").getOrDefault(screen, "h1");
            browser.until("document.querySelector('%s') !== null".formatted(ready));
            Object keys = browser.executeAsyncScript(
                    """
                    import("/studio.js").then((page) => arguments[0](
                        Object.entries(page.keys(document.body)).filter(([, todo]) => todo).map(([key]) => key)));
                    """);
            ((List<?>) keys).forEach(key -> known.add(named((String) key)));
        }
        assertThat(known).contains("M", "L", "F2", "X", "Del", "/", "0", "N", "U", "?", "V", "Esc");
        press("?");
        browser.until("document.querySelector('dialog kbd') !== null");
        Object listed = browser.js("[...document.querySelectorAll('dialog kbd')].map(e => e.textContent).join(', ')");
        assertThat(List.of(listed.toString().split(", "))).containsAll(known);
    }

    private static String named(String key) {
        return key.matches("[1-9]")
                ? "1 to 9"
                : key.startsWith("Arrow")
                        ? "Arrows"
                        : Map.of("Delete", "Del", "Escape", "Esc", "Backspace", "⌫")
                                .getOrDefault(key, key.length() == 1 ? key.toUpperCase(Locale.ROOT) : key);
    }

    @Test
    void whatIsSaidOfAPictureThatCannotBeReadEndsWithIt() throws IOException {
        browser.until("fetch('/api/state').then(a => a.json()).then(s => window.fitted = s.fitted) && window.fitted");
        show("try");
        dropFile(".try", "no picture".getBytes(UTF_8), "no.jpg");
        browser.until(
                "document.querySelector('.try [role=alert]')?.textContent.startsWith('It is not a JPEG') === true");
        assertThat(browser.findElement(By.cssSelector(".try")).getText()).doesNotContain("Looking");
        dropFile(".try", unseen(), "unseen.jpg");
        browser.until("document.querySelector('.best h2') !== null");
        assertThat(browser.js("document.querySelector('.try [role=alert]')")).isNull();
        dropFile(".try", HeicConverterTest.HEIC, "telephone.heic");
        browser.until("document.querySelector('.try [role=alert]') !== null");
        assertThat(browser.findElement(By.cssSelector(".try")).getText())
                .contains("It is in the format HEIC")
                .contains("macOS: Preview; Linux: heif-convert; Windows: Photos")
                .doesNotContain("Convert with");
    }

    @Test
    void picturesOfATelephoneAreConvertedByAProgramOfThisMachine() throws IOException {
        stop();
        Files.write(photos.resolve("telephone.heic"), HeicConverterTest.HEIC);
        Files.writeString(photos.resolve("text.jpg"), "no picture");
        HeicConverterTest.program(folder, "heif-convert", unseen());
        start(0, folder.toString());
        browser.get(server.address());
        show("board");
        browser.until("document.querySelector('[aria-label=Unreadable] b')?.textContent === '2'");
        browser.until("document.querySelector('.tray b').textContent === '8'");
        browser.until("document.querySelector('.large.primary').textContent.startsWith('Sort 8 pictures')");
        browser.until("document.querySelectorAll('.tray .tile').length === 8");
        byte[] other = Arrays.copyOf(HeicConverterTest.HEIC, 99);
        dropFile(".card:nth-child(2)", other, "other.heic");
        browser.until("document.querySelector('[role=alert]').textContent.includes('It is in the format HEIC')");
        click("Convert with heif-convert");
        untilPictures("watch", 11);
        untilSaid("Added other.jpg to watch.");
        Files.write(
                folder.resolve("answer.png"),
                nearlyTheSame(files(photos.resolve("pizza")).get(0)));
        show("clean");
        click("Tiny, blurred, unreadable 2");
        browser.until("document.querySelector('.cards b') !== null");
        browser.photograph("unreadable", false);
        click("Convert with heif-convert");
        browser.until("document.querySelector('[role=status]').textContent.startsWith('Converted telephone.heic.')");
        assertThat(photos.resolve("telephone.jpg")).exists();
        assertThat(photos.resolve("telephone.heic")).doesNotExist();
        show("board");
        browser.until("document.querySelector('[aria-label=Unreadable] b')?.textContent === '1'");
        press("u");
        untilSaid("Undone: Converted telephone.heic.");
        browser.until("document.querySelector('[aria-label=Unreadable] b')?.textContent === '2'");
        assertThat(photos.resolve("telephone.heic")).exists();
    }

    @Test
    void copiesAndUnreadableFilesAreShown() throws IOException {
        Files.writeString(photos.resolve("watch/<i>.jpg"), "no picture");
        byte[] near = nearlyTheSame(files(photos.resolve("watch")).get(3));
        Path copied = Files.write(photos.resolve("watch/near.png"), Arrays.copyOf(near, near.length / 2));
        show("clean");
        click("Tiny, blurred, unreadable 2");
        for (String unreadable : List.of("watch/<i>.jpg", "watch/near.png")) {
            browser.until(
                    "[...document.querySelectorAll('main b')].some(e => e.textContent === '%s')".formatted(unreadable));
        }
        Files.write(copied, near);
        click("Copies 1");
        browser.until("document.querySelectorAll('.copy').length === 2");
        click("Keep one");
        untilPictures("watch", 11);
        assertThat(copied).doesNotExist(); // the smaller one
    }

    @Test
    void copiesAreDecidedByKeyboardAlone() throws IOException {
        Path first = files(photos.resolve("watch")).get(3);
        Path second = files(photos.resolve("pizza")).get(2);
        Files.write(photos.resolve("watch/near.png"), nearlyTheSame(first));
        Files.copy(second, photos.resolve("pizza/again.jpg"));
        show("clean");
        click("Copies 2");
        browser.until("document.querySelector('h1').textContent === '2 groups of copies.'");
        assertThat(browser.findElement(By.cssSelector("main")).getText())
                .contains("Near copy, mirrored")
                .contains("1 group, always in one class");
        Object whole =
                browser.js("document.querySelector('.copies[aria-label^=Near] [aria-checked=true]').textContent");
        assertThat((String) whole).doesNotContain("near.png");
        for (int width : new int[] {390, 1400}) {
            browser.resize(width);
            browser.assertFits("copies at " + width);
            browser.photograph("copies-" + width, true);
        }
        browser.resetSize();
        while (browser.js("document.activeElement.closest('.copies[aria-label^=Near]')") == null) {
            press(Keys.ARROW_DOWN);
            browser.until("document.activeElement.matches('.copy')");
        }
        String ticked = "document.querySelector('.copies[aria-label^=Near] [aria-checked=true]').textContent";
        press(Keys.ARROW_RIGHT);
        browser.until(ticked + ".includes('near.png')");
        browser.until("document.activeElement.textContent.includes('near.png')");
        press(Keys.ENTER);
        untilPictures("watch", 10);
        untilSaid("Removed 1 copy.");
        assertThat(first).doesNotExist();
        browser.until("document.activeElement.closest('.copies[aria-label^=Exact]') !== null");
        press("b");
        untilSaid("Kept both copies.");
        browser.until("document.querySelectorAll('.copy').length === 0");
        press("u");
        untilSaid("Undone: Kept both copies.");
        browser.until("document.querySelectorAll('.copy').length === 2");
        press("u");
        untilPictures("watch", 11);
        assertThat(first).exists();
        browser.until("document.querySelectorAll('.copy').length === 4");
        press("n");
        untilPictures("pizza", 14);
    }

    /** Number of pictures that are found, drawn or not. */
    private static final String FOUND =
            "[...document.querySelectorAll('.found .mosaic')].reduce((n, e) => n + Number(e.firstChild.ariaSetSize), 0)";

    @Test
    void picturesAreFoundByWordsAndByOtherPicturesByKeyboardAlone() throws IOException {
        browser.until("fetch('/api/state').then(a => a.json()).then(s => window.fitted = s.fitted) && window.fitted");
        press("s");
        browser.until("document.activeElement.name === 'search'");
        press("watch -drawing", Keys.ENTER);
        browser.until("document.querySelector('h1').textContent === 'Nearest to “watch”, away from “drawing”.'");
        browser.until(FOUND + " === 32");
        String text = browser.findElement(By.tagName("main")).getText();
        assertThat(text)
                .contains("All 32 pictures in order. Something is always nearest, even if nothing fits.")
                .contains("not: drawing")
                .contains("8 pictures, nearest first")
                .contains("24 pictures")
                .contains("Order by");
        for (String scheme : List.of("light", "dark")) {
            browser.prefer(scheme);
            for (int width : new int[] {390, 1400}) {
                browser.resize(width);
                browser.assertFits("search at " + width);
                browser.photograph("search-words-" + width + "-" + scheme, false);
            }
        }
        browser.prefer("light");
        browser.resetSize();
        press(Keys.ARROW_DOWN);
        browser.until("document.activeElement.matches('.found .tile')");
        press("o");
        browser.until(
                "document.querySelector('[aria-label=\"Order by\"] [aria-pressed=true]').textContent.startsWith('watch')");
        press(Keys.SPACE);
        browser.until("document.querySelectorAll('[aria-selected=true]').length === 1");
        press(Keys.ARROW_RIGHT);
        browser.until("document.activeElement.ariaPosInSet !== '1'");
        press(Keys.SPACE);
        browser.until("document.querySelectorAll('[aria-selected=true]').length === 2");
        press("+");
        browser.until("document.querySelector('h1').textContent === 'Like 2 pictures.'");
        browser.until(FOUND + " === 32");
        assertThat(browser.js("document.querySelector('[aria-label=\"Order by\"]')"))
                .isNull(); // no words, no class
        browser.executeScript("[...document.querySelectorAll('.found .tile')].at(-1).focus()");
        press("-");
        browser.until("document.querySelector('h1').textContent === 'Like 2 pictures, not like 1.'");
        browser.photograph("search-pictures", false);
        dropFile(".search", unseen(), "unseen.jpg");
        browser.until("document.querySelector('h1').textContent === 'Like 3 pictures, not like 1.'");
        browser.until(FOUND + " === 32");
        browser.executeScript("document.querySelector('.found .tile').focus()");
        press(Keys.SPACE, "c");
        browser.until("document.activeElement.matches('dialog input')");
        press("clock", Keys.ENTER);
        untilPictures("clock", 1);
        press(Keys.ESCAPE);
        browser.until("document.querySelectorAll('.card').length === 3");
        assertThat(pictures("")).isEqualTo(7);
    }

    /** Number of pictures beside the map, drawn or not. */
    private static final String LISTED = "Number(document.querySelector('.pile .tile')?.ariaSetSize ?? 0)";

    @Test
    void theMapSelectsByLassoAndByKeyboardAlone() throws IOException {
        browser.resize(1400);
        press("v");
        browser.until("document.querySelector('h1').textContent === 'Map of 32 pictures.'");
        browser.until(LISTED + " === 8"); // the unsorted ones
        browser.until("document.querySelector('canvas') !== null && document.querySelector('.map svg') !== null");
        String around =
                """
                const canvas = document.querySelector("canvas");
                const {left, top, width, height} = canvas.getBoundingClientRect();
                const at = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type,
                    {clientX: left + x * width, clientY: top + y * height, pointerId: 1, bubbles: true}));
                canvas.setPointerCapture = () => {};
                at("pointerdown", 0.01, 0.01);
                [[0.99, 0.01], [0.99, 0.99], [0.5, 0.99], [0.01, 0.99]].forEach(([x, y]) => at("pointermove", x, y));
                at("pointerup", 0.01, 0.99);
                """;
        browser.executeScript(around);
        browser.until("document.querySelector('.dock b').textContent === '8 selected'");
        click("All 32");
        browser.until("document.querySelector('.dock b').textContent === '32 selected'");
        for (String scheme : List.of("light", "dark")) {
            browser.prefer(scheme);
            browser.photograph("map-" + scheme, false);
        }
        browser.prefer("light");
        click("Unsorted 8");
        press(Keys.ESCAPE);
        browser.until("document.querySelector('.dock b').textContent === 'Nothing selected'");
        browser.executeScript("document.querySelector('.pile .tile').focus()");
        press("+");
        browser.until("document.querySelector('.dock b').textContent === '2 selected'");
        press("+");
        browser.until("document.querySelector('.dock b').textContent === '3 selected'");
        browser.until(LISTED + " === 3");
        press("-");
        browser.until("document.querySelector('.dock b').textContent === '2 selected'");
        press("c");
        browser.until("document.activeElement.matches('dialog input')");
        press("clock", Keys.ENTER);
        untilPictures("clock", 2);
        browser.resize(390);
        browser.until("document.querySelector('canvas') === null"); // the list alone
        browser.assertFits("map at 390");
        browser.photograph("map-390", false);
        browser.resetSize();
        press("v");
        browser.until("document.querySelectorAll('.card').length === 3");
    }

    @Test
    void aMapHasSixteenPicturesOrMore() throws IOException {
        for (Path file : files(photos.resolve("pizza"))) {
            Files.delete(file);
        }
        for (Path file : files(photos).subList(0, 4)) {
            Files.delete(file);
        }
        browser.until("document.querySelector('.tray b').textContent === '4'");
        press("v");
        browser.until("document.querySelector('h2')?.textContent === 'From 16 pictures on.'");
    }

    /** Returns the picture at half its size, mirrored. */
    private static byte[] nearlyTheSame(Path picture) throws IOException {
        BufferedImage whole = ImageIO.read(picture.toFile());
        int width = whole.getWidth() / 2;
        int height = whole.getHeight() / 2;
        BufferedImage half = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        half.createGraphics()
                .drawImage(
                        whole.getScaledInstance(width, height, Image.SCALE_AREA_AVERAGING),
                        width,
                        0,
                        -width,
                        height,
                        null);
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        ImageIO.write(half, "png", copy);
        return copy.toByteArray();
    }

    @Test
    void aSecondTabSeesTheChangesAndBothOutliveTheStudio() throws IOException {
        String here = browser.getWindowHandle();
        int port = server.port();
        browser.switchTo().newWindow(WindowType.TAB);
        browser.get(address());
        browser.until("document.querySelectorAll('.tray .tile img').length === 8");
        String other = browser.getWindowHandle();
        browser.switchTo().window(here);
        browser.executeScript("document.querySelector('.tray .tile').click()");
        press("1");
        untilPictures("pizza", 15);
        browser.switchTo().window(other);
        browser.until("document.querySelector('.card b').textContent === '15'");
        server.close();
        browser.until("document.querySelector('[role=alert]').textContent.startsWith('The studio has stopped.')");
        start(port);
        browser.get(server.address());
        browser.switchTo().window(here);
        browser.until("document.querySelector('[role=alert]').textContent === ''");
        press("u");
        untilPictures("pizza", 14);
        browser.switchTo().window(other).close();
        browser.switchTo().window(here);
    }

    @Test
    void everyScreenFitsAPhoneAndADesktopInBothSchemesAndDirections() throws IOException {
        Files.writeString(photos.resolve("text.jpg"), "no picture");
        Files.write(
                photos.resolve("watch/z.png"),
                nearlyTheSame(files(photos.resolve("watch")).get(3)));
        browser.executeAsyncScript(
                """
                const done = arguments[0];
                const removed = ([one]) => fetch("/api/remove", {method: "POST", body: JSON.stringify({pictures: [one.id]})});
                fetch("/api/pictures?class=watch").then((answer) => answer.json()).then(removed).then(done);
                """);
        browser.until("document.querySelector('[aria-label=Unreadable]') !== null");
        browser.executeScript(axe());
        for (String scheme : List.of("light", "dark")) {
            browser.prefer(scheme);
            for (int width : scheme.equals("dark") ? new int[] {390, 1400} : new int[] {390, 900, 1400}) {
                browser.resize(width);
                browser.executeScript("document.documentElement.dir = arguments[0]", width == 900 ? "rtl" : "ltr");
                for (String screen : SCREENS) {
                    show(screen);
                    browser.until("document.querySelector('.skeleton') === null");
                    String tab = "document.querySelector('[aria-current]').getBoundingClientRect()";
                    assertThat(browser.js("%s.left >= 0 && %s.right <= innerWidth".formatted(tab, tab)))
                            .as("tab of " + screen + " at " + width)
                            .isEqualTo(true);
                    assertLooksRight(screen.replace('/', '-'), width, scheme);
                }
                show("sort");
                browser.until("document.querySelectorAll('.answer').length === 2");
                for (String view : List.of(".asked", ".groups", ".answer")) {
                    press("v");
                    browser.until("document.querySelector('%s') !== null".formatted(view));
                    assertLooksRight("view" + view, width, scheme);
                }
                show("clean");
                click("Copies 1");
                assertLooksRight("copies", width, scheme);
                show("board");
                press("v");
                browser.until(LISTED + " > 0");
                assertLooksRight("map", width, scheme);
                press("v", "s");
                browser.until("document.activeElement.name === 'search'");
                press("watch -drawing", Keys.ENTER);
                browser.until(FOUND + " > 0");
                assertLooksRight("search", width, scheme);
                press(Keys.ESCAPE, Keys.ESCAPE); // out of the field as well
            }
        }
        press("?");
        browser.until("document.querySelector('dialog kbd') !== null");
        assertThat(violations()).as("all keys").isEqualTo(List.of());
        browser.photograph("keys", false);
        browser.resetSize();
        browser.assertLoadsOwnFilesAlone();
    }

    private static void assertLooksRight(String what, int width, String scheme) throws IOException {
        browser.assertFits(what + " at " + width);
        if (width != 900) {
            assertThat(violations()).as(what + " at " + width + ", " + scheme).isEqualTo(List.of());
        }
        browser.photograph(what + "-" + width + "-" + scheme, false);
    }

    private static void assertLooksRight(String what) throws IOException {
        browser.executeScript(axe());
        for (int width : new int[] {390, 1400}) {
            browser.resize(width);
            for (String scheme : List.of("light", "dark")) {
                browser.prefer(scheme);
                assertLooksRight(what, width, scheme);
            }
        }
        browser.prefer("light");
        browser.resetSize();
    }

    static String axe() throws IOException {
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
}
