package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A LaTeX table with the rules of booktabs; texts are escaped. */
final class Latex {

    private final String caption;
    private final String label;
    private final List<String> lines = new ArrayList<>();
    private String columns = "";

    /**
     * @param caption plain text
     * @param label letters, digits and hyphens
     */
    Latex(String caption, String label) {
        this.caption = caption;
        this.label = label;
    }

    /**
     * Begins the table.
     *
     * @param words how many columns hold words; the others hold numbers
     * @param headers plain texts; a line feed breaks a line
     */
    Latex header(int words, List<String> headers) {
        columns = "l".repeat(words) + "r".repeat(headers.size() - words);
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < headers.size(); i++) {
            cells.add(stacked(headers.get(i), i < words ? "l" : "r"));
        }
        return add(cells).rule();
    }

    private static String stacked(String header, String alignment) {
        if (header.indexOf('\n') < 0) {
            return escape(header);
        }
        List<String> parts = header.lines().map(Latex::escape).toList();
        return "\\shortstack[" + alignment + "]{" + String.join("\\\\", parts) + "}";
    }

    /** A row of cells that are LaTeX already. */
    Latex add(List<String> cells) {
        lines.add("    " + String.join(" & ", cells) + " \\\\");
        return this;
    }

    Latex rule() {
        lines.add("    \\midrule");
        return this;
    }

    /** The whole table; needs the package booktabs. */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append("% Made by coop report. Needs \\usepackage{booktabs}.\n");
        text.append("\\begin{table}\n  \\centering\n  \\small\n");
        text.append("  \\caption{").append(escape(caption)).append("}\n");
        text.append("  \\label{tab:").append(label).append("}\n");
        text.append("  \\begin{tabular}{").append(columns).append("}\n    \\toprule\n");
        lines.forEach(line -> text.append(line).append('\n'));
        return text.append("    \\bottomrule\n  \\end{tabular}\n\\end{table}\n").toString();
    }

    /** "63.58", in bold if it is the best; a dash if it is unknown. */
    static String number(double value, boolean best) {
        if (!Double.isFinite(value)) {
            return "--";
        }
        String text = String.format(Locale.ROOT, "%.2f", value).replace("-", "$-$");
        return best ? "\\textbf{" + text + "}" : text;
    }

    /** A mean with its standard deviation as a small index; without it for one seed. */
    static String plusMinus(double mean, double sd, boolean best) {
        String text = number(mean, best);
        return Double.isFinite(sd) ? text + String.format(Locale.ROOT, "$_{\\pm%.2f}$", sd) : text;
    }

    /** A number of a paper. */
    static String published(double value) {
        return "\\textit{" + number(value, false) + "}";
    }

    /** Plain text as LaTeX; also what is special only at the beginning of a row. */
    static String escape(String text) {
        StringBuilder safe = new StringBuilder();
        text.codePoints()
                .forEach(
                        c ->
                                safe.append(
                                        switch (c) {
                                            case '\\' -> "\\textbackslash{}";
                                            case '{', '}', '$', '&', '#', '_', '%' ->
                                                    "\\" + (char) c;
                                            case '^' -> "\\textasciicircum{}";
                                            case '~' -> "\\textasciitilde{}";
                                            case '<' -> "\\textless{}";
                                            case '>' -> "\\textgreater{}";
                                            case '|' -> "\\textbar{}";
                                            case '"' -> "''";
                                            case '[', ']', '*' -> "{" + (char) c + "}";
                                            case '±' -> "$\\pm$";
                                            case '−' -> "$-$";
                                            default ->
                                                    Character.isISOControl(c)
                                                            ? " "
                                                            : Character.toString(c);
                                        }));
        return safe.toString();
    }
}
