package org.coop4j.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TableTest {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Console console = new Console(out, OutputStream.nullOutputStream(), false, 80);

    private record Animal(String name, int count, double share, Optional<String> note) {}

    private static Table<Animal> table() {
        return new Table<Animal>()
                .text("name", Animal::name)
                .count("count", Animal::count)
                .share("share", Animal::share)
                .data("note", Animal::note);
    }

    private final List<Animal> animals = List.of(
            new Animal("cat", 1234, 0.25, Optional.of("a \"big\" one, grey")),
            new Animal("dog", 5, 0.5, Optional.empty()));

    private String printed() {
        console.flush();
        return out.toString(UTF_8);
    }

    @Test
    void peopleSeeATable() {
        table().rows(animals).print(Table.Format.TABLE, console);
        assertThat(printed())
                .isEqualTo(
                        """
                        NAME  COUNT   SHARE
                        cat   1,234  25.0 %
                        dog       5  50.0 %
                        """);
    }

    private String printed(Table<Animal> table, int width) {
        Console terminal = new Console(out, true, OutputStream.nullOutputStream(), false, width);
        table.print(Table.Format.TABLE, terminal);
        terminal.flush();
        return out.toString(UTF_8);
    }

    @Test
    void aNarrowTerminalLeavesOutOptionalColumns() {
        Table<Animal> table = new Table<Animal>()
                .text("name", Animal::name)
                .count("count", Animal::count)
                .optional()
                .share("share", Animal::share)
                .count("legs", animal -> 4)
                .optional();
        assertThat(printed(table.rows(animals), 21))
                .isEqualTo(
                        """
                        NAME  COUNT   SHARE
                        cat   1,234  25.0 %
                        dog       5  50.0 %
                        """);
        out.reset();
        assertThat(printed(table, 14)).startsWith("NAME   SHARE\ncat   25.0 %\n");
    }

    @Test
    void aNarrowTerminalBreaksWordsThatAreTooLongForARow() {
        Animal animal = new Animal("a very long name of a cat", 4, 0.25, Optional.empty());
        assertThat(printed(table().rows(List.of(animal)), 30))
                .isEqualTo(
                        """
                        NAME           COUNT   SHARE
                        a very long        4  25.0 %
                        name of a cat
                        """);
    }

    @Test
    void csvHasPlainNumbersAndQuotesWhatNeedsIt() {
        Animal formula = new Animal("=SUM(A1)", -1, 1, Optional.of("a rather long text that CSV need not quote"));
        table().rows(animals).row(formula).print(Table.Format.CSV, console);
        assertThat(printed())
                .isEqualTo(
                        """
                        name,count,share,note
                        cat,1234,0.25,"a ""big"" one, grey"
                        dog,5,0.5,
                        '=SUM(A1),-1,1.0,a rather long text that CSV need not quote
                        """);
    }

    @Test
    void jsonIsAnArrayWithoutWhatIsUnknown() {
        table().rows(animals).print(Table.Format.JSON, console);
        assertThat(printed())
                .isEqualTo(
                        """
                        [ {
                          "name" : "cat",
                          "count" : 1234,
                          "share" : 0.25,
                          "note" : "a \\"big\\" one, grey"
                        }, {
                          "name" : "dog",
                          "count" : 5,
                          "share" : 0.5
                        } ]
                        """);
    }

    @Test
    void jsonLinesAreAnObjectALine() {
        table().rows(animals).print(Table.Format.JSON_LINES, console);
        assertThat(printed().lines().skip(1)).containsExactly("{\"name\":\"dog\",\"count\":5,\"share\":0.5}");
    }

    @Test
    void withoutRowsProgramsStillGetTheirFrame() {
        table().rows(List.of()).print(Table.Format.CSV, console);
        table().rows(List.of()).print(Table.Format.JSON, console);
        table().rows(List.of()).print(Table.Format.JSON_LINES, console);
        assertThat(printed()).isEqualTo("name,count,share,note\n[ ]\n");
    }

    @Test
    void aColumnMayBeInSomeFormatsAlone() {
        Table<Animal> few = new Table<Animal>()
                .text("image", Animal::name)
                .in(Table.Format.TABLE, Table.Format.CSV)
                .data("file", Animal::name)
                .in(Table.Format.JSON);
        few.rows(animals).print(Table.Format.CSV, console);
        few.print(Table.Format.TABLE, console);
        assertThat(printed()).isEqualTo("image\ncat\ndog\nIMAGE\ncat\ndog\n");
        assertThat(few.json()).hasToString("[{\"file\":\"cat\"},{\"file\":\"dog\"}]");
    }

    /** What a table can do only when it knows all that a column may hold. */
    @ParameterizedTest
    @EnumSource(Table.Format.class)
    void rowsArePrintedAsTheyCome(Table.Format format) {
        Table<Animal> known = new Table<Animal>()
                .text("name", Animal::name)
                .among(List.of("cat", "dog", "elephant"))
                .share("share", Animal::share);
        try (Table<Animal>.Printer printer = known.printer(format, console)) {
            printer.print(animals.get(0));
            assertThat(out.toString(UTF_8)).contains("cat", "25").doesNotContain("dog");
            printer.print(animals.get(1));
            assertThat(out.toString(UTF_8)).contains("dog");
        }
        String live = printed();
        out.reset();
        known.rows(animals).print(format, console);
        assertThat(live.replaceAll(" +", " ")).isEqualTo(printed().replaceAll(" +", " "));
    }

    @Test
    void controlCharactersReachNoTerminal() {
        List<Animal> hostile = List.of(new Animal("\u001b[31mred", 1, 1, Optional.of("\u0007")));
        for (Table.Format format : Table.Format.values()) {
            table().rows(hostile).print(format, console);
        }
        assertThat(printed()).contains("\\x1b[31mred").doesNotContain("\u001b", "\u0007");
    }

    private record Line(String model, SeedSummary accuracy, List<Long> seeds, Cell p) {}

    private static Table<Line> lines() {
        return new Table<Line>("t", "t", "")
                .data("model", line -> Cell.words(line.model, "Title"))
                .means("accuracy", line -> Cell.mean(line.accuracy), "accuracy")
                .numbers("n", line -> Cell.of(List.of(line.seeds, line.seeds.size()), d -> ""), "seeds", "n")
                .numbers("p", Line::p, "p_paired")
                .numbers("interval", line -> Cell.NONE)
                .row(new Line("id", SeedSummary.of(62, 63, 64), List.of(1L, 2L, 3L), Cell.probability(0.0001234)))
                .row(new Line("-one", SeedSummary.of(-62), List.of(1L), Cell.NONE));
    }

    @Test
    void eachKeyIsAField() {
        assertThat(CsvFormat.text(lines()))
                .isEqualTo(
                        """
                        model,accuracy,accuracy_sd,accuracy_ci95,seeds,n,p_paired
                        id,63.0000,1.0000,2.4841,"1, 2, 3",3,0.000123
                        '-one,-62.0000,,,1,1,
                        """);
    }

    @Test
    void jsonHasTheSameKeysAndLeavesOutWhatIsUnknown() {
        ArrayNode rows = lines().json();

        assertThat(rows).hasSize(2);
        assertThat(rows.get(0).path("seeds").toString()).isEqualTo("[1,2,3]");
        assertThat(rows.get(1).toString())
                .matches("\\{\"model\":\"-one\",\"accuracy\":-62(\\.0+)?,\"seeds\":\\[1],\"n\":1}");
    }

    @Test
    void formulasBecomeTextAndNumbersStay() {
        assertThat(CsvFormat.record(List.of("=SUM(A1)", "+1+1", "-2+3", "@x", "\t=1", "--", "+")))
                .isEqualTo("'=SUM(A1),'+1+1,'-2+3,'@x,'\t=1,'--,'+\n");
        assertThat(CsvFormat.record(List.of("-1.5", "+3", "-1e-05", "a=b", "", "1-2")))
                .isEqualTo("-1.5,+3,-1e-05,a=b,,1-2\n");
    }

    @Test
    void fieldsAreQuotedAndControlsWrittenOut() {
        assertThat(CsvFormat.record(List.of("a,b", "say \"x\"", "two\nlines", "=\"a\"")))
                .isEqualTo("\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\"'=\"\"a\"\"\"\n");
        assertThat(CsvFormat.record(List.of("\u001b[31mred", "\u202egnp", "a\rb")))
                .isEqualTo("\\x1b[31mred,\\u202egnp,a\\x0db\n");
    }

    /** scipy.stats.t.ppf(0.975, 2) · numpy.std(ddof=1) / √3, SciPy 1.15. */
    @Test
    void studentsIntervalIsScipys() {
        SeedSummary summary = SeedSummary.of(91.81, 92.01, 92.17);
        assertThat(summary.mean()).isEqualTo(91.9967, within(5e-5)); // the reference's
        assertThat(summary.sampleSd()).isEqualTo(0.1803699901129156, within(1e-9));
        assertThat(summary.studentCi95()).isEqualTo(0.44806389450197526, within(1e-9));
    }

    /** Of 92 and 98, t · sd / √n is 38.1; of 88, 97 and 99 it is 14.5. */
    @Test
    void intervalsOfPercentagesStayWithinThemAndNeedThreeSeeds() {
        assertThat(SeedSummary.of(50).percentInterval()).isEmpty();
        assertThat(SeedSummary.of(92, 98).percentInterval()).isEmpty();
        Interval high = SeedSummary.of(88, 97, 99).percentInterval().orElseThrow();
        assertThat(high.low()).isEqualTo(80.1106, within(1e-3));
        assertThat(high.high()).isEqualTo(100);
        assertThat(SeedSummary.of(0, 1, 3).percentInterval().orElseThrow().low())
                .isZero();
    }

    @Test
    void emptyOrNonFiniteValuesAreRefused() {
        assertThrown(SeedSummary::of, "no values");
        assertThrown(() -> SeedSummary.of(1, Double.NaN), "NaN");
    }

    @Test
    void oneSeedHasNoSpread() {
        assertThat(SeedSummary.of(62, 63, 64).meanSd(1)).isEqualTo("63.0 ± 1.0");
        assertThat(SeedSummary.of(62).meanSd(1)).isEqualTo("62.0");
        assertThat(SeedSummary.of(62)).isEqualTo(new SeedSummary(1, 62, Double.NaN));
        assertThat(SeedSummary.of(62).studentCi95()).isNaN();
        assertThat(SeedSummary.of(62).interval(1)).isEqualTo("–");
        assertThat(SeedSummary.of(62, 99).interval(1)).isEqualTo("–");
        // t of 2 degrees of freedom is 4.3027.
        assertThat(SeedSummary.of(62, 63, 64).interval(1)).isEqualTo("60.5 – 65.5");
    }
}
