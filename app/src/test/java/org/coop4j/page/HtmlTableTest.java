package org.coop4j.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Kind;
import org.junit.jupiter.api.Test;

class HtmlTableTest {

    private static String html(Table<?> table) {
        return HtmlTable.of(table).toString();
    }

    @Test
    void namesRowsAndColumnsAndSetsNumbersRight() {
        Table<Double> table = new Table<Double>("t", "Accuracy", "in %")
                .words("dataset", mean -> Cell.words("d", "DTD"), "dataset")
                .numbers("mean", mean -> Cell.number(mean).in(Cell.Style.PUBLISHED))
                .column("reason", Kind.SENTENCES, mean -> Cell.words("why").withNote("below"))
                .row(63.6);

        assertThat(html(table))
                .contains("<caption><span>Accuracy: in %</span></caption>")
                .contains("<th scope=\"col\" class=\"num\"><span>mean</span></th>")
                .contains("<tr><th scope=\"row\" data-dataset=\"d\">DTD</th>")
                .contains("<td class=\"num published\">63.6</td>")
                .contains("<td class=\"text\">why<small>below</small></td>");
    }

    @Test
    void columnsForProgramsOrWithoutContentAreNotShown() {
        Table<String> table = new Table<String>("t", "t", "")
                .data("hidden", text -> "secret")
                .words("a", text -> text)
                .numbers("nothing", text -> Cell.NONE)
                .row("1");

        assertThat(html(table)).doesNotContain("secret", "nothing");
    }

    private static Table<String> words() {
        return new Table<String>("t", "t", "").words("a", text -> text);
    }

    @Test
    void manyRowsScrollBelowTheirHeader() {
        Table<String> table = words();
        for (int i = 0; i < 21; i++) {
            table.row("x");
        }
        assertThat(html(table)).contains("class=\"scroll tall\"");
    }

    @Test
    void averagesAndGroupsAreSetOff() {
        Table<String> table = words().grouped().averages(List.of("average")).rows(List.of("x", "x", "y"));

        assertThat(html(table))
                .containsSubsequence(
                        "<tr class=\"total\">",
                        "<tr class=\"off\"><th scope=\"row\">x",
                        "<tr><th scope=\"row\">x",
                        "<tr class=\"off\"><th scope=\"row\">y");
    }

    @Test
    void gainsPointRightAndLossesLeft() {
        Table<Integer> table = new Table<Integer>("t", "t", "")
                .decimals(1)
                .column("gain", Kind.BARS, Cell::points)
                .rows(List.of(3, -6));

        assertThat(html(table))
                .contains("class=\"gain\" style=\"left:50%;width:25%\"></span></span>")
                .contains("<span class=\"value better\">+3.0</span>")
                .contains("class=\"loss\" style=\"right:50%;width:50%\"></span></span>")
                .contains("<span class=\"value worse\">−6.0</span>");
    }
}
