package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.predict.Prediction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;

/**
 * The page in headless Chromium. With the system property {@code coop.screenshots}, screenshots are written to that
 * folder.
 */
@Tag("browser")
class PageTest {

    private static final Path PICTURE = TestService.PICTURES.resolve("butterfly-image_0007.png");
    private static final Duration LONGEST = Duration.ofMinutes(10);

    @TempDir
    private static Path folder;

    private static TestService service;
    private static TestService locked;
    private static ChromeDriver browser;

    @BeforeAll
    static void start() throws IOException {
        service = TestService.start(folder, EncodingLimits.standard(), TestService.onLoopback());
        locked = TestService.start(
                folder,
                EncodingLimits.standard(),
                TestService.locked(Optional.empty(), TestService.limits()),
                Optional.empty(),
                Optional.of(1.0),
                new ManualClock());
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(
                "--headless=new",
                "--no-sandbox", // of a browser that shows nothing but this page
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--user-data-dir=" + folder.resolve("browser"));
        browser = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(Path.of("/usr/bin/chromedriver").toFile())
                        .usingAnyFreePort()
                        .build(),
                options);
    }

    @AfterAll
    static void end() throws IOException {
        browser.quit();
        locked.close();
        service.close();
    }

    @BeforeEach
    void open() {
        browser.get(service.uri("/").toString());
        until("document.querySelector('#try').hidden === false");
    }

    private static Object js(String expression, Object... arguments) {
        return browser.executeScript("return " + expression, arguments);
    }

    private static void until(String condition) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!Boolean.TRUE.equals(js(condition))) {
            assertThat(System.nanoTime()).as("never: " + condition).isLessThan(end);
            LockSupport.parkNanos(20_000_000);
        }
    }

    private static String text(String id) {
        return browser.findElement(By.id(id)).getText();
    }

    private static List<WebElement> ranking() {
        return browser.findElements(By.cssSelector("#ranking li:not([hidden])"));
    }

    /** Checks the ranking that the page shows for a picture. */
    private static void assertShowsRanking(Path picture) throws IOException {
        until("document.querySelector('#ranking li') !== null");
        List<Prediction> expected = service.images().classify(picture);
        assertThat(text("verdict")).startsWith(expected.get(0).label() + ", ").endsWith(" %");
        List<WebElement> shown = ranking();
        assertThat(shown).hasSize(5);
        for (int i = 0; i < shown.size(); i++) {
            assertThat(shown.get(i).getText())
                    .startsWith(expected.get(i).label())
                    .endsWith(" %");
        }
        assertThat(browser.findElement(By.id("picture")).getSize().getWidth()).isPositive();
        assertThat(js("document.querySelector('#picture').naturalWidth > 0")).isEqualTo(true);
        assertThat(text("problem")).isEmpty();
    }

    private static void choose(Path file) {
        browser.findElement(By.id("file"))
                .sendKeys(file.toAbsolutePath().normalize().toString());
    }

    /** Gives the page a picture file, as a user does by drag and drop or paste. */
    private static void give(String event, Path file, String type) throws IOException {
        browser.executeScript(
                """
                const bytes = Uint8Array.from(atob(arguments[1]), c => c.charCodeAt(0));
                const data = new DataTransfer();
                data.items.add(new File([bytes], "given.png", {type: arguments[2]}));
                const target = document.querySelector("#drop");
                target.dispatchEvent(arguments[0] === "paste"
                    ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true})
                    : new DragEvent(arguments[0], {dataTransfer: data, bubbles: true,
                        cancelable: true}));
                """,
                event,
                Base64.getEncoder().encodeToString(Files.readAllBytes(file)),
                type);
    }

    @Test
    void thePageSaysWhatIsServed() {
        assertThat(browser.getTitle()).contains("coop4j");
        assertThat(text("lead")).isEqualTo("things recognises 6 classes.");
        assertThat(text("facts")).contains(service.classifier.save().method().title());
        assertThat(browser.findElements(By.cssSelector("#classes li")))
                .map(WebElement::getText)
                .isEqualTo(TestService.CLASSES);
        assertThat(text("curl")).contains("--data-binary @photo.jpg").contains("/predictions/things");
        assertThat(text("verdict")).isEqualTo("No picture yet.");
    }

    @Test
    void aDroppedPictureIsClassified() throws IOException {
        give("dragover", PICTURE, "image/png");
        assertThat(js("document.querySelector('#drop').classList.contains('over')"))
                .isEqualTo(true);
        give("drop", PICTURE, "image/png");
        assertShowsRanking(PICTURE);
        assertThat(js("document.querySelector('#drop').classList.contains('over')"))
                .isEqualTo(false);
    }

    @Test
    void aPastedPictureIsClassified() throws IOException {
        give("paste", PICTURE, "image/png");
        assertShowsRanking(PICTURE);
    }

    @Test
    void aChosenFileIsClassifiedAndAllClassesCanBeShownByKeyboard() throws IOException {
        choose(PICTURE);
        assertShowsRanking(PICTURE);
        WebElement more = browser.findElement(By.id("more"));
        assertThat(more.getText()).isEqualTo("Show all 6 classes");
        more.sendKeys(Keys.ENTER);
        assertThat(ranking()).hasSize(6);
        assertThat(more.getDomAttribute("aria-expanded")).isEqualTo("true");
        more.sendKeys(Keys.SPACE);
        assertThat(ranking()).hasSize(5);
    }

    @Test
    void whatIsNoPictureIsSaidInTheServicesWords() throws IOException {
        Path text = Files.writeString(folder.resolve("text.png"), "this is no picture");
        choose(text);
        until("document.querySelector('#problem').hidden === false");
        assertThat(text("problem")).contains("JPEG", "TIFF");
        until("document.querySelector('#picture').hidden && !document.querySelector('#hint').hidden");
        assertThat(text("verdict")).isEqualTo("No result.");
        choose(PICTURE);
        until("document.querySelector('#problem').hidden === true");
        assertShowsRanking(PICTURE);
    }

    @Test
    void aTokenIsAskedForAndAWrongOneIsSaid() {
        browser.get(locked.uri("/").toString());
        until("document.querySelector('#unlock').hidden === false");
        assertThat(js("document.activeElement.id")).isEqualTo("token");
        browser.findElement(By.id("token")).sendKeys("wrong", Keys.ENTER);
        until("document.querySelector('#lead').textContent.includes('Bearer')");
        browser.findElement(By.id("token")).clear();
        browser.findElement(By.id("token")).sendKeys("correct-horse", Keys.ENTER);
        until("document.querySelector('#try').hidden === false");
        choose(PICTURE);
        until("document.querySelector('#ranking li') !== null");
        assertThat(text("curl")).contains("Authorization: Bearer TOKEN");
        assertThat(text("verdict")).startsWith("Not sure. Perhaps "); // below the threshold of 1
    }

    @Test
    void everyControlHasANameAndIsReachedByTab() {
        assertThat(
                        js(
                                """
                                [...document.querySelectorAll('button,select,input,a')]
                                    .filter(e => e.checkVisibility() && !(e.textContent.trim() || e.labels && e.labels[0]
                                        && e.labels[0].textContent.trim())).length\
                                """))
                .isEqualTo(0L);
        WebElement body = browser.findElement(By.tagName("body"));
        body.sendKeys(Keys.TAB);
        assertThat(js("document.activeElement.id")).isEqualTo("file");
        assertThat(js("document.documentElement.lang")).isEqualTo("en");
        assertThat(js("document.querySelectorAll('h1').length")).isEqualTo(1L);
    }

    @Test
    void nothingIsLoadedFromElsewhereAndNothingFails() throws IOException {
        choose(PICTURE);
        assertShowsRanking(PICTURE);
        assertThat(
                        js(
                                """
                                performance.getEntriesByType('resource')
                                    .filter(e => !e.name.startsWith(location.origin)
                                        && !e.name.startsWith('blob:')).length\
                                """))
                .isEqualTo(0L);
        assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
                .map(LogEntry::getMessage)
                .noneMatch(message -> message.contains("Content Security Policy"));
    }

    @Test
    void itFitsAPhoneAndADesktopInLightAndDark() throws IOException {
        for (String scheme : List.of("light", "dark")) {
            browser.executeCdpCommand(
                    "Emulation.setEmulatedMedia",
                    Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
            for (int width : new int[] {390, 1280}) {
                boolean phone = width < 500;
                browser.executeCdpCommand("Emulation.setTouchEmulationEnabled", Map.of("enabled", phone));
                browser.executeCdpCommand(
                        "Emulation.setDeviceMetricsOverride",
                        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", phone));
                open();
                assertThat(browser.findElement(By.cssSelector(".camera")).isDisplayed())
                        .isEqualTo(phone);
                photograph("empty-" + width + "-" + scheme);
                choose(PICTURE);
                assertShowsRanking(PICTURE);
                assertThat(js("document.documentElement.scrollWidth <= innerWidth"))
                        .as("no sideways scrolling at " + width)
                        .isEqualTo(true);
                photograph("result-" + width + "-" + scheme);
            }
        }
        browser.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
        browser.executeCdpCommand("Emulation.setTouchEmulationEnabled", Map.of("enabled", false));
    }

    private static void photograph(String name) throws IOException {
        String target = System.getProperty("coop.screenshots");
        if (target != null) {
            Object png = browser.executeCdpCommand("Page.captureScreenshot", Map.of("captureBeyondViewport", true))
                    .get("data");
            Files.createDirectories(Path.of(target));
            Files.write(Path.of(target, name + ".png"), Base64.getDecoder().decode(png.toString()));
        }
    }
}
