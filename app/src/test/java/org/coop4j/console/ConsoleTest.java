package org.coop4j.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.coop4j.base.JavaChild;
import org.coop4j.base.Progress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ConsoleTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Duration time = Duration.ZERO;

    private Console console(boolean terminal) {
        return new Console(OutputStream.nullOutputStream(), err, terminal, 80);
    }

    private String shown() {
        return err.toString(UTF_8);
    }

    @Test
    void notesArePrintedAboveTheStatusLine() {
        Console console = console(true);
        console.status("50 %");
        console.warn("image x is damaged");
        assertThat(shown()).isEqualTo("\r\u001b[K50 %\r\u001b[Kcoop: image x is damaged\n50 %");
    }

    @Test
    void aTerminalBreaksLinesBetweenWords() {
        String words = "word ".repeat(30).strip();
        console(true).note(words);
        assertThat(shown().lines()).hasSize(2).allMatch(line -> line.length() <= 80 && line.matches("(word ?)+"));
        err.reset();
        console(false).note(words);
        assertThat(shown()).isEqualTo(words + "\n");
    }

    /** Both streams are the terminal. */
    @Test
    void rowsAreOnTheScreenBeforeTheStatusLineIsDrawnBelowThem() {
        Console console = new Console(err, err, true, 80);
        console.status("50 %");
        for (int row = 1; row <= 2; row++) {
            String line = "row " + row;
            console.above(() -> console.out().println(line));
        }
        assertThat(shown()).isEqualTo("\r\u001b[K50 %\r\u001b[Krow 1\n50 %\r\u001b[Krow 2\n50 %");
    }

    @Test
    void aTextIsCutByTheColumnsThatItTakes() {
        assertThat(AlignedLines.cut("東京 abc", 5)).isEqualTo("東京 ");
        assertThat(AlignedLines.cut("東京 abc", 3)).isEqualTo("東");
        assertThat(AlignedLines.cut("abc", 3)).isEqualTo("abc");
    }

    @Test
    void quietKeepsProblemsAndDropsTheRest() {
        Console console = console(false);
        console.quiet(true);
        console.note("written");
        console.warn("damaged");
        assertThat(shown()).isEqualTo("coop: damaged\n");
    }

    /** A task of 40 images by a clock that the test sets. */
    private TaskDisplay task(boolean terminal, Progress.Unit unit, long total) {
        return new TaskDisplay(console(terminal), "encoding", total, unit, () -> time.toNanos());
    }

    @Test
    void aTaskOfAMomentShowsNothing() {
        for (boolean terminal : new boolean[] {true, false}) {
            try (Progress.Task task = task(terminal, Progress.Unit.IMAGES, 2)) {
                task.advance(1);
                task.detail("loss 1.2");
                time = time.plusMillis(500);
                task.advance(1);
            }
        }
        assertThat(shown()).isEmpty();
    }

    @Test
    void aLongTaskShowsABarWithRateAndTimeLeft() {
        try (Progress.Task task = task(true, Progress.Unit.IMAGES, 40)) {
            time = time.plusSeconds(2);
            task.advance(5);
            time = time.plusMillis(100);
            task.advance(1);
            time = time.plusMillis(1900);
            task.advanceTo(10);
            time = time.plusSeconds(1);
            task.detail("loss 1.25");
        }
        assertThat(shown().split("\r\u001b\\[K", -1)).hasSize(5).allMatch(line -> line.length() < 80);
        assertThat(shown())
                .contains(
                        "encoding ",
                        "12 %, 5 of 40 images, 2.50 images/s, 14 s left",
                        "25 %, 10 of 40 images, 2.50 images/s, 12 s left",
                        "2.00 images/s, 15 s left, loss 1.25")
                .endsWith("\r\u001b[K");
    }

    @Test
    void inALogATaskIsALineNowAndThenAndOneAtTheEnd() {
        try (Progress.Task task = task(false, Progress.Unit.BYTES, 480_000_000)) {
            for (int second = 1; second <= 24; second++) {
                time = time.plusSeconds(1);
                task.advanceTo(second * 10_000_000L);
            }
        }
        assertThat(shown())
                .isEqualTo(
                        """
                        encoding: 20 %, 100 of 480 MB, 10.0 MB/s, 38 s left
                        encoding: 41 %, 200 of 480 MB, 10.0 MB/s, 28 s left
                        encoding: 240 MB in 24 s (10.0 MB/s)
                        """);
    }

    @Test
    void ofAnEstimateOnlyTheShareIsShown() {
        try (Progress.Task task = task(false, Progress.Unit.WORK, 4)) {
            time = time.plusSeconds(20);
            task.total(5);
            task.advance(1);
        }
        assertThat(shown()).isEqualTo("encoding: 20 %, 1 min 20 s left\nencoding: 20 s\n");
    }

    @Test
    void anEmptyTaskHasAPosition() {
        assertThat(task(false, Progress.Unit.IMAGES, 0).position()).isEqualTo("0 %, 0 of 0 images");
    }

    @Test
    void theTerminalsWidthHasBounds() {
        assertThat(Console.width("")).isEqualTo(80);
        assertThat(Console.width("wide")).isEqualTo(80);
        assertThat(Console.width("10")).isEqualTo(40);
        assertThat(Console.width("132")).isEqualTo(132);
    }

    @Test
    void aDumbTerminalHasNoCursor() {
        assertThat(Console.understandsCursor(Map.of("TERM", "dumb"))).isFalse();
        assertThat(Console.understandsCursor(Map.of("TERM", "xterm"))).isTrue();
    }

    @Test
    void columnsAlignAlsoWithWideCharacters() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Console console = new Console(out, err, false, 80);
        new AlignedLines(Table.Kind.WORDS, Table.Kind.NUMBERS)
                .row("東京", "1")
                .row("Kyōto", "12")
                .print(console);
        console.flush();
        assertThat(out.toString(UTF_8)).isEqualTo("東京    1\nKyōto  12\n");
    }

    @Test
    void jsonStaysTheSameDocumentWithoutWhatSteersATerminal() {
        String value = "\u007f\u009b\u202e\u2028\u001b Käse 🐱";
        String json = Json.text(Json.object().put("value", value), true);

        assertThat(json).contains("Käse 🐱").doesNotContain("\u202e", "\u2028", "\u007f", "\u009b", "\u001b");
        assertThat(Json.parse(json).path("value").asText()).isEqualTo(value);
    }

    /** Waits for its end, with or without having closed what it opened. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws InterruptedException {
            Interrupt interrupt = new Interrupt(Console.system(), Interrupt.RESUME);
            if (arguments[0].equals("close")) {
                interrupt.close();
            }
            System.out.println("ready");
            Thread.sleep(600_000);
        }
    }

    private static String errorOfInterrupted(String argument) throws IOException {
        Process child = JavaChild.of(Child.class, List.of(), argument).start();
        assertThat(child.getInputStream().read()).isEqualTo('r');
        child.toHandle().destroy(); // Process.destroy would close the streams
        return new String(child.getErrorStream().readAllBytes(), UTF_8);
    }

    @Test
    @Timeout(600)
    void anInterruptedProcessSaysHowToGoOn() throws IOException {
        assertThat(errorOfInterrupted("open")).isEqualTo("coop: " + Interrupt.RESUME + "\n");
        assertThat(errorOfInterrupted("close")).isEmpty();
    }
}
