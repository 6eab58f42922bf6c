package org.coop4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.coop4j.report.ResultTable.Kind;
import org.coop4j.report.ResultTable.Origin;
import org.junit.jupiter.api.Test;

class HtmlFormatTest {

    private static final String HOSTILE = "<img src=x onerror=\"alert('1')\">&";

    private static String html(ResultTable table) {
        return HtmlFormat.table(table).toString();
    }

    @Test
    void namesRowsAndColumnsAndSetsNumbersRight() {
        ResultTable table =
                new ResultTable("t", "Accuracy", "in %")
                        .words("dataset", "dataset")
                        .numbers("mean")
                        .column("reason", Kind.SENTENCES)
                        .row(
                                Cell.words("d", "DTD"),
                                Cell.number(63.6).in(Cell.Style.PUBLISHED),
                                Cell.words("why").withNote("below"));

        assertThat(html(table))
                .contains("<caption>Accuracy: in %</caption>")
                .contains("<th scope=\"col\" class=\"num\">mean</th>")
                .contains("<tr data-dataset=\"d\"><th scope=\"row\">DTD</th>")
                .contains("<td class=\"num published\">63.60</td>")
                .contains("<td class=\"text\">why<small>below</small></td>");
    }

    @Test
    void hostileTextStaysText() {
        ResultTable table =
                new ResultTable("t", HOSTILE, HOSTILE)
                        .words(HOSTILE, "method")
                        .row(Cell.words(HOSTILE).withNote(HOSTILE));

        assertThat(html(table)).doesNotContain("<img").contains("&lt;img src=x");
    }

    @Test
    void columnsWithoutHeadingOrContentAreNotShown() {
        ResultTable table =
                new ResultTable("t", "t", "")
                        .words("", "hidden")
                        .words("a")
                        .numbers("nothing")
                        .row(Cell.words("secret"), Cell.words("1"), Cell.NONE);

        assertThat(html(table)).doesNotContain("secret", "nothing");
    }

    @Test
    void manyRowsScrollBelowTheirHeader() {
        ResultTable table = new ResultTable("t", "t", "").words("a");
        for (int i = 0; i < 21; i++) {
            table.row(Cell.words("x"));
        }
        assertThat(html(table)).contains("class=\"scroll tall\"");
    }

    @Test
    void averagesAndGroupsAreSetOff() {
        ResultTable table =
                new ResultTable("t", "t", "")
                        .grouped()
                        .words("a")
                        .row(Origin.AVERAGE, List.of(Cell.words("average")))
                        .row(Cell.words("x"))
                        .row(Cell.words("x"))
                        .row(Cell.words("y"));

        assertThat(html(table))
                .containsSubsequence(
                        "<tr class=\"total\">",
                        "<tr class=\"off\"><th scope=\"row\">x",
                        "<tr><th scope=\"row\">x",
                        "<tr class=\"off\"><th scope=\"row\">y");
    }

    @Test
    void gainsPointRightAndLossesLeft() {
        ResultTable table =
                new ResultTable("t", "t", "")
                        .decimals(1)
                        .column("gain", Kind.BARS)
                        .row(Cell.points(3))
                        .row(Cell.points(-6));

        assertThat(html(table))
                .contains("class=\"gain\" style=\"left:50%;width:25.0%\"></span></span>")
                .contains("<span class=\"value\">+3.0</span>")
                .contains("class=\"loss\" style=\"right:50%;width:50.0%\"></span></span>")
                .contains("<span class=\"value\">−6.0</span>");
    }

    @Test
    void aRowOfAnotherWidthIsRefused() {
        ResultTable table = new ResultTable("t", "t", "").words("a").words("b");

        assertThatThrownBy(() -> table.row(Cell.words("1")))
                .hasMessageContaining("1 cells")
                .hasMessageContaining("2 columns");
    }
}
