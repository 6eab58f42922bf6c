package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.page.TestBrowser;
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

/** The page in a browser. */
@Tag("browser")
class PageTest {

    private static final Path PICTURE = TestService.PICTURES.resolve("butterfly-image_0007.png");

    @TempDir
    private static Path folder;

    private static TestService service;
    private static TestService locked;
    private static TestBrowser browser;

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
        browser = new TestBrowser(folder.resolve("browser"));
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
        browser.until("document.querySelector('#try').hidden === false");
    }

    private static String text(String id) {
        return browser.findElement(By.id(id)).getText();
    }

    private static List<WebElement> ranking() {
        return browser.findElements(By.cssSelector("#ranking li:not([hidden])"));
    }

    /** Checks the ranking that the page shows for a picture. */
    private static void assertShowsRanking(Path picture) throws IOException {
        browser.until("document.querySelector('#ranking li') !== null");
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
        assertThat(browser.js("document.querySelector('#picture').naturalWidth > 0"))
                .isEqualTo(true);
        assertThat(text("problem")).isEmpty();
    }

    private static void choose(Path file) {
        browser.findElement(By.id("file"))
                .sendKeys(file.toAbsolutePath().normalize().toString());
    }

    private static void give(String event, Path picture) throws IOException {
        browser.give("#drop", Files.readAllBytes(picture), "given.png", "image/png", event);
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
        give("dragover", PICTURE);
        assertThat(browser.js("document.querySelector('#drop').classList.contains('over')"))
                .isEqualTo(true);
        give("drop", PICTURE);
        assertShowsRanking(PICTURE);
        assertThat(browser.js("document.querySelector('#drop').classList.contains('over')"))
                .isEqualTo(false);
    }

    @Test
    void aPastedPictureIsClassified() throws IOException {
        give("paste", PICTURE);
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
        browser.until("document.querySelector('#problem').hidden === false");
        assertThat(text("problem")).contains("JPEG", "TIFF");
        browser.until("document.querySelector('#picture').hidden && !document.querySelector('#hint').hidden");
        assertThat(text("verdict")).isEqualTo("No result.");
        choose(PICTURE);
        browser.until("document.querySelector('#problem').hidden === true");
        assertShowsRanking(PICTURE);
    }

    @Test
    void aTokenIsAskedForAndAWrongOneIsSaid() {
        browser.get(locked.uri("/").toString());
        browser.until("document.querySelector('#unlock').hidden === false");
        assertThat(browser.js("document.activeElement.id")).isEqualTo("token");
        browser.findElement(By.id("token")).sendKeys("wrong", Keys.ENTER);
        browser.until("document.querySelector('#lead').textContent.includes('Bearer')");
        browser.findElement(By.id("token")).clear();
        browser.findElement(By.id("token")).sendKeys("correct-horse", Keys.ENTER);
        browser.until("document.querySelector('#try').hidden === false");
        choose(PICTURE);
        browser.until("document.querySelector('#ranking li') !== null");
        assertThat(text("curl")).contains("Authorization: Bearer TOKEN");
        assertThat(text("verdict")).startsWith("Not sure. Perhaps "); // below the threshold of 1
    }

    @Test
    void everyControlHasANameAndIsReachedByTab() {
        assertThat(
                        browser.js(
                                """
                                [...document.querySelectorAll('button,select,input,a')]
                                    .filter(e => e.checkVisibility() && !(e.textContent.trim() || e.labels && e.labels[0]
                                        && e.labels[0].textContent.trim())).length\
                                """))
                .isEqualTo(0L);
        WebElement body = browser.findElement(By.tagName("body"));
        body.sendKeys(Keys.TAB);
        assertThat(browser.js("document.activeElement.id")).isEqualTo("file");
        assertThat(browser.js("document.documentElement.lang")).isEqualTo("en");
        assertThat(browser.js("document.querySelectorAll('h1').length")).isEqualTo(1L);
    }

    @Test
    void nothingIsLoadedFromElsewhereAndNothingFails() throws IOException {
        choose(PICTURE);
        assertShowsRanking(PICTURE);
        browser.assertLoadsOwnFilesAlone();
    }

    @Test
    void itFitsAPhoneAndADesktopInLightAndDark() throws IOException {
        for (String scheme : List.of("light", "dark")) {
            browser.prefer(scheme);
            for (int width : new int[] {390, 1280}) {
                browser.resize(width);
                open();
                assertThat(browser.findElement(By.cssSelector(".camera")).isDisplayed())
                        .isEqualTo(width < 500);
                browser.photograph("empty-" + width + "-" + scheme, true);
                choose(PICTURE);
                assertShowsRanking(PICTURE);
                browser.assertFits("the page at " + width);
                browser.photograph("result-" + width + "-" + scheme, true);
            }
        }
        browser.resetSize();
    }
}
