package org.coop4j.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class CsvFormatTest {

    private record Line(String model, SeedSummary accuracy, List<Long> seeds, Cell p) {}

    private static Table<Line> table() {
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
        assertThat(CsvFormat.text(table()))
                .isEqualTo(
                        """
                        model,accuracy,accuracy_sd,accuracy_ci95,seeds,n,p_paired
                        id,63.0000,1.0000,2.4841,"1, 2, 3",3,0.000123
                        '-one,-62.0000,,,1,1,
                        """);
    }

    @Test
    void jsonHasTheSameKeysAndLeavesOutWhatIsUnknown() {
        ArrayNode rows = table().json();

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
}
