package org.coop4j.report;

import static org.coop4j.console.Table.Kind.HEAT;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.FontRenderContext;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.SafeText;
import org.coop4j.console.Cell;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Table;
import org.coop4j.eval.Evaluation.ConfusionMatrix;
import org.coop4j.page.Thumbnails;

/**
 * A confusion matrix as a table and as a picture: rows are true classes, columns predictions.
 *
 * @param names of the classes, by label
 */
public record ConfusionFiles(ConfusionMatrix matrix, List<String> names) {

    private static final int PICTURE = 640;
    private static final int LEAST_CELL = 3;

    /** Smallest cell that leaves room for a class name next to it. */
    private static final int NAMED_CELL = 11;

    /** Most classes whose names are drawn. */
    private static final int MOST_NAMED = 200;

    /** Most characters of a name that are drawn. */
    private static final int LONGEST_NAME = 60;

    private static final int LARGEST_CELL = 48;
    private static final int MARGIN = 12;
    private static final Color INK = new Color(0x1f2430);
    private static final int FULL = 0x1b5e9b;

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

    /** Draws the row-normalised matrix; a darker cell is a larger share of the true class. */
    public void writePng(Path file) throws IOException {
        AtomicFile.write(file, Thumbnails.encoded(draw(), "png"));
    }

    private BufferedImage draw() {
        int n = matrix.size();
        boolean named = n <= MOST_NAMED;
        int cell = Math.max(named ? NAMED_CELL : LEAST_CELL, Math.min(LARGEST_CELL, PICTURE / n));
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(9, Math.min(14, cell - 2)));
        FontRenderContext letters = new FontRenderContext(null, true, false);
        List<String> drawn = IntStream.of(matrix.labels())
                .mapToObj(label -> named ? SafeText.shortened(names.get(label), LONGEST_NAME) : "")
                .toList();
        double widest = drawn.stream()
                .mapToDouble(name -> font.getStringBounds(name, letters).getWidth())
                .max()
                .orElse(0);
        int start = MARGIN + (named ? (int) Math.ceil(widest) + MARGIN : 0);
        int side = start + cell * n + MARGIN;
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, side, side);
        g.setFont(font);
        double[][] shares = matrix.normalised();
        for (int row = 0; row < n; row++) {
            int y = start + row * cell;
            for (int column = 0; column < n; column++) {
                cell(g, start + column * cell, y, cell, shares[row][column]);
            }
            g.setColor(INK);
            String name = drawn.get(row);
            int baseLine = baseLine(g, y, cell);
            g.drawString(name, start - MARGIN / 2 - g.getFontMetrics().stringWidth(name), baseLine);
            g.rotate(-Math.PI / 2);
            g.drawString(name, MARGIN / 2 - start, baseLine);
            g.rotate(Math.PI / 2);
        }
        g.drawRect(start - 1, start - 1, cell * n + 1, cell * n + 1);
        g.dispose();
        return image;
    }

    private static int baseLine(Graphics2D g, int y, int cell) {
        return y + (cell + g.getFontMetrics().getAscent()) / 2 - 2;
    }

    private static void cell(Graphics2D g, int x, int y, int cell, double share) {
        g.setColor(new Color(FULL | Math.round(255 * (float) share) << 24, true));
        g.fillRect(x, y, cell, cell);
        FontMetrics metrics = g.getFontMetrics();
        if (share >= 0.005 && metrics.stringWidth("100") + 2 < cell) {
            String percent = String.format(Locale.ROOT, "%.0f", 100 * share);
            g.setColor(share > 0.5 ? Color.WHITE : INK);
            g.drawString(percent, x + (cell - metrics.stringWidth(percent)) / 2, baseLine(g, y, cell));
        }
    }
}
