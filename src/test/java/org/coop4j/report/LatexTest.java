package org.coop4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LatexTest {

    @Test
    void whatLatexReadsAsCommandsIsEscaped() {
        assertThat(Latex.escape("50 % of a_b & c#1 {x} $y$"))
                .isEqualTo("50 \\% of a\\_b \\& c\\#1 \\{x\\} \\$y\\$");
        assertThat(Latex.escape("\\input{/etc/passwd}"))
                .isEqualTo("\\textbackslash{}input\\{/etc/passwd\\}");
        assertThat(Latex.escape("a^b~c<d>e|f"))
                .isEqualTo(
                        "a\\textasciicircum{}b\\textasciitilde{}c\\textless{}d\\textgreater{}e"
                                + "\\textbar{}f");
    }

    @Test
    void bracketsAndStarsAreNoOptionsOfTheRowBefore() {
        // "\\ [x]" would be read as a distance, "\\ *" as a starred line break.
        assertThat(Latex.escape("[x]*")).isEqualTo("{[}x{]}{*}");
    }

    @Test
    void lineBreaksDoNotEndACommentOrAParagraph() {
        assertThat(Latex.escape("a\n\n\\b\u0007")).isEqualTo("a  \\textbackslash{}b ");
    }

    @Test
    void otherScriptsStay() {
        assertThat(Latex.escape("Käse 日本 🐱")).isEqualTo("Käse 日本 🐱");
    }

    @Test
    void numbersHaveTheirSpreadAndTheBestIsBold() {
        assertThat(Latex.plusMinus(63.579, 0.907, true)).isEqualTo("\\textbf{63.58}$_{\\pm0.91}$");
        assertThat(Latex.plusMinus(63.579, Double.NaN, false)).isEqualTo("63.58");
        assertThat(Latex.number(Double.NaN, true)).isEqualTo("--");
        assertThat(Latex.number(-1.5, false)).isEqualTo("$-$1.50");
    }

    @Test
    void tablesHaveTheRulesOfBooktabsAndAsManyCellsAsColumns() {
        String text =
                new Latex("Accuracy (%)", "x")
                        .header(1, List.of("Dataset", "CoOp\n(M = 4)"))
                        .add(List.of("DTD", "63.58"))
                        .text();

        assertThat(text)
                .contains(
                        "\\caption{Accuracy (\\%)}",
                        "\\begin{tabular}{lr}",
                        "\\toprule",
                        "Dataset & \\shortstack[r]{CoOp\\\\(M = 4)} \\\\",
                        "\\midrule",
                        "DTD & 63.58 \\\\",
                        "\\bottomrule");
    }
}
