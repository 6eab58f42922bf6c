package org.coop4j.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;

/** Headless Chromium. With the system property {@code coop.screenshots}, screenshots are written to that folder. */
public final class TestBrowser extends ChromeDriver {

    private static final Duration LONGEST = Duration.ofMinutes(10);

    /**
     * @param profile folder for the browser's own files
     */
    public TestBrowser(Path profile) {
        super(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(Path.of("/usr/bin/chromedriver").toFile())
                        .usingAnyFreePort()
                        .build(),
                new ChromeOptions()
                        .setBinary("/usr/bin/chromium")
                        .addArguments(
                                "--headless=new",
                                "--no-sandbox", // of a browser that shows nothing but the tested page
                                "--disable-gpu",
                                "--disable-dev-shm-usage",
                                "--disable-background-networking",
                                "--user-data-dir=" + profile));
    }

    /** Returns the value of a JavaScript expression. */
    public Object js(String expression, Object... arguments) {
        return executeScript("return " + expression, arguments);
    }

    /** Waits until a JavaScript expression is true. */
    public void until(String condition) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!Boolean.TRUE.equals(js(condition))) {
            if (System.nanoTime() > end) {
                fail("never: %s on %s", condition, js("document.body.innerText.slice(0, 500)"));
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** Gives an element a file, as a user does by drag and drop or paste; events are their names. */
    public void give(String element, byte[] content, String name, String type, String... events) {
        executeScript(
                """
                const bytes = Uint8Array.from(atob(arguments[1]), c => c.charCodeAt(0));
                const data = new DataTransfer();
                data.items.add(new File([bytes], arguments[2], {type: arguments[3]}));
                for (const event of arguments[4]) {
                    document.querySelector(arguments[0]).dispatchEvent(event === "paste"
                        ? new ClipboardEvent(event, {clipboardData: data, bubbles: true})
                        : new DragEvent(event, {dataTransfer: data, bubbles: true, cancelable: true}));
                }
                """,
                element,
                Base64.getEncoder().encodeToString(content),
                name,
                type,
                List.of(events));
    }

    /** Shows pages in the colours of a scheme, light or dark. */
    public void prefer(String scheme) {
        executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Shows pages on a screen of this width: below 500 pixels that of a phone. */
    public void resize(int width) {
        executeCdpCommand("Emulation.setTouchEmulationEnabled", Map.of("enabled", width < 500));
        executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 500));
    }

    /** Shows pages on the screen that the browser began with. */
    public void resetSize() {
        executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
        executeCdpCommand("Emulation.setTouchEmulationEnabled", Map.of("enabled", false));
    }

    /** Checks that the page fits its screen in width. */
    public void assertFits(String description) {
        assertThat(js("document.documentElement.scrollWidth <= innerWidth"))
                .as("no sideways scrolling of " + description)
                .isEqualTo(true);
    }

    /** Checks that the page loaded nothing from elsewhere, and that its content policy forbade nothing. */
    public void assertLoadsOwnFilesAlone() {
        assertThat(
                        js(
                                """
                                performance.getEntriesByType('resource')
                                    .filter(e => !e.name.startsWith(location.origin) && !e.name.startsWith('blob:')).length\
                                """))
                .as("requests to elsewhere")
                .isEqualTo(0L);
        assertThat(manage().logs().get(LogType.BROWSER).getAll())
                .map(LogEntry::getMessage)
                .noneMatch(message -> message.contains("Content Security Policy"));
    }

    /**
     * Writes a screenshot if they are wanted.
     *
     * @param whole true for the whole page, else what the screen shows
     */
    public void photograph(String name, boolean whole) throws IOException {
        String target = System.getProperty("coop.screenshots");
        if (target != null) {
            Object png = executeCdpCommand("Page.captureScreenshot", Map.of("captureBeyondViewport", whole))
                    .get("data");
            Files.createDirectories(Path.of(target));
            Files.write(Path.of(target, name + ".png"), Base64.getDecoder().decode(png.toString()));
        }
    }
}
