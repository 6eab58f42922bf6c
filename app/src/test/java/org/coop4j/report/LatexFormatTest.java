package org.coop4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.ResultTable.Origin;
import org.junit.jupiter.api.Test;

class LatexFormatTest {

    @Test
    void whatLatexReadsAsCommandsIsEscaped() {
        assertThat(LatexFormat.escape("50 % of a_b & c#1 {x} $y$"))
                .isEqualTo("50 \\% of a\\_b \\& c\\#1 \\{x\\} \\$y\\$");
        assertThat(LatexFormat.escape("\\input{/etc/passwd}"))
                .isEqualTo("\\textbackslash{}input\\{/etc/passwd\\}");
        assertThat(LatexFormat.escape("a^b~c<d>e|f"))
                .isEqualTo(
                        "a\\textasciicircum{}b\\textasciitilde{}c\\textless{}d\\textgreater{}e"
                                + "\\textbar{}f");
    }

    @Test
    void bracketsAndStarsAreNoOptionsOfTheRowBefore() {
        // "\\ [x]" would be read as a distance, "\\ *" as a starred line break.
        assertThat(LatexFormat.escape("[x]*")).isEqualTo("{[}x{]}{*}");
    }

    @Test
    void lineBreaksDoNotEndACommentOrAParagraph() {
        assertThat(LatexFormat.escape("a\n\n\\b\u0007")).isEqualTo("a  \\textbackslash{}b ");
    }

    @Test
    void otherScriptsStay() {
        assertThat(LatexFormat.escape("Käse 日本 🐱")).isEqualTo("Käse 日本 🐱");
    }

    @Test
    void numbersHaveTheirSpreadAndTheBestIsBold() {
        ResultTable table =
                new ResultTable("x", "Accuracy (%)", "more")
                        .words("dataset")
                        .numbers("CoOp (M = 4)")
                        .numbers("one seed")
                        .numbers("gain")
                        .numbers("empty")
                        .row(
                                Cell.words("DTD"),
                                Cell.mean(new SeedSummary(3, 63.579, 0.907)).best(true),
                                Cell.mean(SeedSummary.of(63.579)),
                                Cell.points(-1.5),
                                Cell.NONE)
                        .row(
                                Origin.PUBLISHED,
                                List.of(
                                        Cell.words("EuroSAT"),
                                        Cell.number(1),
                                        Cell.NONE,
                                        Cell.NONE,
                                        Cell.NONE));

        assertThat(LatexFormat.text(table, "RN50"))
                .contains(
                        "\\caption{Accuracy (\\%) (RN50). More.}",
                        "\\label{tab:x}",
                        "\\begin{tabular}{lrrr}",
                        "\\toprule",
                        "Dataset & \\shortstack[r]{CoOp\\\\(M = 4)} & One seed & Gain \\\\",
                        "\\midrule",
                        "DTD & \\textbf{63.58}$_{\\pm0.91}$ & 63.58 & $-$1.50 \\\\",
                        "\\textit{EuroSAT} & \\textit{1.00} & -- & -- \\\\",
                        "\\bottomrule");
    }
}
