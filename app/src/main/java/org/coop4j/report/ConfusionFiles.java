package org.coop4j.report;

import static org.coop4j.console.Table.Kind.HEAT;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.console.Cell;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Table;
import org.coop4j.eval.Evaluation.ConfusionMatrix;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.Section;

/**
 * A confusion matrix as a table, a file and a page: rows are true classes, columns predictions.
 *
 * @param names of the classes, by label
 */
public record ConfusionFiles(ConfusionMatrix matrix, List<String> names) {

    /** Returns the counts as a table, the true class in the first column. */
    public Table<?> table(String caption) {
        int[] labels = matrix.labels();
        double[][] shares = matrix.normalised();
        Table<Integer> table = new Table<Integer>(caption)
                .words("true class ↓ predicted as →", row -> names.get(labels[row]), "true \\ predicted");
        for (int column = 0; column < labels.length; column++) {
            int predicted = column;
            table.column(
                    names.get(labels[column]),
                    HEAT,
                    row -> Cell.of(
                            List.of(matrix.count(row, predicted), shares[row][predicted]),
                            decimals -> shares[row][predicted] == 0 ? "" : "" + matrix.count(row, predicted)),
                    names.get(labels[column]));
        }
        return table.rows(IntStream.range(0, labels.length).boxed().toList());
    }

    /** Writes counts as comma-separated values. */
    public void writeCsv(Path file) throws IOException {
        AtomicFile.write(file, CsvFormat.text(table("")));
    }

    /** Writes a page on which a darker cell is a larger share of the true class. */
    public void writePage(Path file) throws IOException {
        Section section =
                new Section("Test images by true class").table(table("Rows are true classes, columns predicted"));
        AtomicFile.write(file, new HtmlPage("Confusion matrix", "").add(section).html());
    }
}
