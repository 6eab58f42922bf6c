package org.coop4j.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ConsoleTest {

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Console console(boolean terminal) {
        return new Console(OutputStream.nullOutputStream(), err, terminal, 80);
    }

    private String shown() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void notesArePrintedAboveTheStatusLine() {
        Console console = console(true);
        console.status("50 %");
        console.note("coop: image x is damaged");
        assertThat(shown()).isEqualTo("\r\u001b[K50 %\r\u001b[Kcoop: image x is damaged\n50 %");
    }

    @Test
    void theBoardStandsAboveTheStatusLineAndBelowNotes() {
        Console console = console(true);
        console.board(List.of("first", "x".repeat(100)));
        console.status("50 %");
        console.note("note");
        console.board(List.of("new"));
        console.board(List.of());
        String clear = "\r\u001b[K";
        String clearTwo = clear + ("\u001b[1A" + clear).repeat(2);
        String board = "first\n" + "x".repeat(79) + "\n";
        assertThat(shown())
                .isEqualTo(
                        board
                                + (clear + "50 %")
                                + (clearTwo + "note\n" + board + "50 %")
                                + (clearTwo + "new\n50 %")
                                + (clear + "\u001b[1A" + clear + "50 %"));
    }

    @Test
    void aTextIsCutByTheColumnsThatItTakes() {
        assertThat(Table.cut("東京 abc", 5)).isEqualTo("東京 ");
        assertThat(Table.cut("東京 abc", 3)).isEqualTo("東");
        assertThat(Table.cut("abc", 3)).isEqualTo("abc");
    }

    @Test
    void ofAnEstimateOnlyTheShareIsShown() {
        ProgressClock clock = new ProgressClock(Progress.Unit.WORK);
        clock.update(1, 4);
        assertThat(clock.position()).matches("25 %, .* left");
        assertThat(clock.summary()).matches("[\\d.]+ s");
    }

    @Test
    void quietKeepsProblemsAndDropsTheRest() {
        Console console = console(false);
        console.quiet(true);
        console.info("written");
        console.note("coop: damaged");
        assertThat(shown()).isEqualTo("coop: damaged\n");
    }

    @Test
    void aTaskOfAMomentShowsNothing() {
        for (boolean terminal : new boolean[] {true, false}) {
            try (Progress progress =
                    Progress.of(console(terminal), "encoding", Progress.Unit.IMAGES)) {
                progress.update(1, 2);
                progress.detail("loss 1.2");
                progress.update(2, 2);
            }
        }
        assertThat(shown()).isEmpty();
    }

    @Test
    @Timeout(20)
    void aLongTaskShowsABarWithRateAndTimeLeft() throws InterruptedException {
        try (Progress progress = Progress.of(console(true), "encoding", Progress.Unit.IMAGES)) {
            Thread.sleep(Progress.PATIENCE.plusMillis(50).toMillis());
            progress.detail("loss 1.25");
            progress.update(10, 40);
            long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (!shown().contains("loss 1.25") && System.nanoTime() < end) {
                Thread.sleep(20);
            }
        }
        assertThat(shown()).contains("encoding ", "25 %, 10 of 40 images, ", " left", "loss 1.25");
        assertThat(shown().split("\r\u001b\\[K", -1)).allMatch(line -> line.length() < 80);
        assertThat(shown()).endsWith("\r\u001b[K");
    }

    @Test
    void theClockTellsPositionAndSummary() {
        ProgressClock clock = new ProgressClock(Progress.Unit.BYTES);
        clock.update(120_000_000, 480_000_000);
        assertThat(clock.position()).startsWith("25 %, 120 of 480 MB, ").endsWith(" left");
        assertThat(clock.summary()).startsWith("120 MB in ").contains(" MB/s");
    }

    @Test
    void anEmptyTaskHasAPosition() {
        assertThat(new ProgressClock(Progress.Unit.IMAGES).position())
                .isEqualTo("0 %, 0 of 0 images");
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
    void numbersReadAsPeopleWriteThem() {
        assertThat(Numbers.bytes(999)).isEqualTo("999 B");
        assertThat(Numbers.bytes(605_116_416)).isEqualTo("605.1 MB");
        assertThat(Numbers.bytes(999_999_999)).isEqualTo("1.0 GB");
        assertThat(Numbers.percent(0.4567)).isEqualTo("45.7 %");
        assertThat(Numbers.count(1, "image")).isEqualTo("1 image");
        assertThat(Numbers.count(2465, "image")).isEqualTo("2,465 images");
        assertThat(Numbers.duration(Duration.ofMillis(4250))).isEqualTo("4.3 s");
        assertThat(Numbers.duration(Duration.ofMillis(9990))).isEqualTo("10 s");
        assertThat(Numbers.duration(Duration.ofSeconds(185))).isEqualTo("3 min 05 s");
        assertThat(Numbers.duration(Duration.ofMinutes(130))).isEqualTo("2 h 10 min");
    }

    @Test
    void columnsAlignAlsoWithWideCharacters() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Console console = new Console(out, err, false, 80);
        new Table(Table.Align.LEFT, Table.Align.RIGHT)
                .row("東京", "1")
                .row("Kyōto", "12")
                .print(console.out());
        console.flush();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("東京    1\nKyōto  12\n");
    }

    @Test
    void controlCharactersAreSpelled() {
        assertThat(Printable.of("a\u001b[31m\nb")).isEqualTo("a\\x1b[31m\\x0ab");
        assertThat(Printable.of("naïve")).isEqualTo("naïve");
    }

    @Test
    void csvQuotesWhatNeedsIt() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Console console = new Console(out, err, false, 80);
        new Csv(console.out(), "a", "b").record("x,y", "say \"hi\"");
        console.flush();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n");
    }
}
