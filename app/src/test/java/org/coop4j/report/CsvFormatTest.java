package org.coop4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.ResultTable.Origin;
import org.junit.jupiter.api.Test;

class CsvFormatTest {

    private static ResultTable table() {
        return new ResultTable("t", "t", "")
                .hidden("model")
                .means("accuracy", "accuracy")
                .numbers("n", "seeds", "n")
                .numbers("p", "p_paired")
                .numbers("interval")
                .row(
                        Cell.words("id", "Title"),
                        Cell.mean(SeedSummary.of(62, 63, 64)),
                        Cell.seeds(List.of(1L, 2L, 3L)),
                        Cell.probability(0.0001234),
                        Cell.NONE)
                .row(
                        Cell.words("-one"),
                        Cell.mean(SeedSummary.of(-62)),
                        Cell.seeds(List.of(1L)),
                        Cell.NONE,
                        Cell.NONE)
                .row(
                        Origin.PUBLISHED,
                        List.of(Cell.words("paper"), Cell.NONE, Cell.NONE, Cell.NONE, Cell.NONE));
    }

    @Test
    void eachKeyIsAFieldAndPublishedRowsStandElsewhere() {
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
        ArrayNode rows = JsonFormat.rows(table());

        assertThat(rows).hasSize(2);
        assertThat(rows.get(0).path("seeds").toString()).isEqualTo("[1,2,3]");
        assertThat(rows.get(1).toString())
                .isEqualTo("{\"model\":\"-one\",\"accuracy\":-62.0,\"seeds\":[1],\"n\":1}");
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
