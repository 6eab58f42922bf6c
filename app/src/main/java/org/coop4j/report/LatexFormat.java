package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.coop4j.base.SafeText;
import org.coop4j.report.ResultTable.Column;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.report.ResultTable.Row;

/** A LaTeX table with the rules of booktabs; texts are escaped. */
final class LatexFormat {

    private static final String UNKNOWN = "--";

    private LatexFormat() {}

    /**
     * The whole table.
     *
     * @param model the model's name, for the caption
     */
    static String text(ResultTable table, String model) {
        List<Integer> shown = table.shown();
        StringBuilder body = new StringBuilder();
        StringBuilder alignment = new StringBuilder();
        List<String> header = new ArrayList<>();
        for (int i : shown) {
            Column column = table.columns().get(i);
            alignment.append(column.isNumeric() ? 'r' : 'l');
            header.add(heading(column));
        }
        body.append(line(header)).append("    \\midrule\n");
        for (int r = 0; r < table.rows().size(); r++) {
            Row row = table.rows().get(r);
            if (table.isSetOff(r, shown.get(0))) {
                body.append("    \\midrule\n");
            }
            body.append(line(shown.stream().map(i -> cell(table, row, i)).toList()));
        }
        String note = table.note().isEmpty() ? "" : " " + capitalised(table.note()) + ".";
        return """
        %% Made by coop report. Needs \\usepackage{booktabs}.
        \\begin{table}
          \\centering
          \\small
          \\caption{%s}
          \\label{tab:%s}
          \\begin{tabular}{%s}
            \\toprule
        %s    \\bottomrule
          \\end{tabular}
        \\end{table}
        """
                .formatted(
                        escape(table.title() + " (" + model + ")." + note),
                        table.name(),
                        alignment,
                        body);
    }

    private static String capitalised(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    private static String line(List<String> cells) {
        return "    " + String.join(" & ", cells) + " \\\\\n";
    }

    /** The titles of methods stand in several short lines. */
    private static String heading(Column column) {
        List<String> lines =
                capitalised(column.heading())
                        .replace(" (", "\n(")
                        .replace(", ", ",\n")
                        .lines()
                        .toList();
        String text = String.join("\\\\", lines.stream().map(LatexFormat::escape).toList());
        return lines.size() == 1
                ? text
                : "\\shortstack[" + (column.isNumeric() ? "r" : "l") + "]{" + text + "}";
    }

    private static String cell(ResultTable table, Row row, int column) {
        Cell cell = row.cells().get(column);
        if (cell.isEmpty()) {
            return table.columns().get(column).isNumeric() ? UNKNOWN : "";
        }
        String text = cell.text().apply(table.decimals());
        int sd = text.indexOf(" ± ");
        return sd < 0
                ? styled(text, row, cell)
                : styled(text.substring(0, sd), row, cell)
                        + "$_{\\pm"
                        + text.substring(sd + " ± ".length())
                        + "}$";
    }

    private static String styled(String text, Row row, Cell cell) {
        String escaped = escape(text);
        if (row.origin() == Origin.PUBLISHED || cell.style() == Cell.Style.PUBLISHED) {
            return "\\textit{" + escaped + "}";
        }
        return cell.style() == Cell.Style.BEST ? "\\textbf{" + escaped + "}" : escaped;
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
                                                    SafeText.isHarmful(c)
                                                            ? " "
                                                            : Character.toString(c);
                                        }));
        return safe.toString();
    }
}
