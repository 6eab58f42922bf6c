package org.coop4j.study.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.SafeText;
import org.coop4j.console.CsvFormat;
import org.coop4j.eval.ConfusionMatrix;

/** A confusion matrix as a table and as a picture: rows are true classes, columns predictions. */
public final class ConfusionFiles {

    private static final int PICTURE = 640;
    private static final int LEAST_CELL = 3;

    /** Cells of a size that a class name fits beside. */
    private static final int NAMED_CELL = 11;

    /** With more classes the names are left out. */
    private static final int MOST_NAMED = 200;

    /** Characters of a name that are drawn. */
    private static final int LONGEST_NAME = 60;

    private static final int LARGEST_CELL = 48;
    private static final int MARGIN = 12;
    private static final Color INK = new Color(0x1f2430);
    private static final Color FULL = new Color(0x1b5e9b);

    private ConfusionFiles() {}

    /** Writes counts as comma-separated values, the true class in the first column. */
    public static void writeCsv(Path file, ConfusionMatrix matrix, List<String> names)
            throws IOException {
        int[] labels = matrix.labels();
        StringBuilder text = new StringBuilder();
        List<String> fields = new ArrayList<>(List.of("true \\ predicted"));
        for (int label : labels) {
            fields.add(names.get(label));
        }
        text.append(CsvFormat.record(fields));
        for (int row = 0; row < matrix.size(); row++) {
            fields = new ArrayList<>(List.of(names.get(labels[row])));
            for (int column = 0; column < matrix.size(); column++) {
                fields.add(String.valueOf(matrix.count(row, column)));
            }
            text.append(CsvFormat.record(fields));
        }
        AtomicFile.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Draws the row-normalised matrix; a darker cell is a larger share of the true class. */
    public static void writePng(Path file, ConfusionMatrix matrix, List<String> names)
            throws IOException {
        AtomicFile.write(file, Thumbnails.encoded(draw(matrix, names), "png"));
    }

    private static BufferedImage draw(ConfusionMatrix matrix, List<String> names) {
        int n = matrix.size();
        boolean named = n <= MOST_NAMED;
        int least = named ? NAMED_CELL : LEAST_CELL;
        int cell = Math.max(least, Math.min(LARGEST_CELL, PICTURE / n));
        Font font = new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(9, Math.min(14, cell - 2)));
        List<String> drawn =
                Arrays.stream(matrix.labels())
                        .mapToObj(label -> SafeText.shortened(names.get(label), LONGEST_NAME))
                        .toList();
        int text = named ? widest(drawn, font) + MARGIN : 0;
        int side = cell * n;
        BufferedImage image =
                new BufferedImage(
                        text + side + 2 * MARGIN,
                        text + side + 2 * MARGIN,
                        BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(
                RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, image.getWidth(), image.getHeight());
        g.setFont(font);
        int left = MARGIN + text;
        int top = MARGIN + text;
        double[][] shares = matrix.normalised();
        for (int row = 0; row < n; row++) {
            for (int column = 0; column < n; column++) {
                cell(g, left + column * cell, top + row * cell, cell, shares[row][column]);
            }
            if (!named) {
                continue;
            }
            label(g, drawn.get(row), left - MARGIN / 2, top + row * cell, cell);
            columnLabel(g, drawn.get(row), left + row * cell, top - MARGIN / 2, cell);
        }
        g.setColor(INK);
        g.drawRect(left - 1, top - 1, side + 1, side + 1);
        g.dispose();
        return image;
    }

    private static void cell(Graphics2D g, int x, int y, int cell, double share) {
        g.setColor(
                new Color(
                        mix(FULL.getRed(), share),
                        mix(FULL.getGreen(), share),
                        mix(FULL.getBlue(), share)));
        g.fillRect(x, y, cell, cell);
        String percent = String.format(Locale.ROOT, "%.0f", 100 * share);
        FontMetrics metrics = g.getFontMetrics();
        if (share >= 0.005 && metrics.stringWidth("100") + 2 < cell) {
            g.setColor(share > 0.5 ? Color.WHITE : INK);
            g.drawString(
                    percent,
                    x + (cell - metrics.stringWidth(percent)) / 2,
                    y + (cell + metrics.getAscent()) / 2 - 2);
        }
    }

    private static int mix(int full, double share) {
        return (int) Math.round(255 + (full - 255) * share);
    }

    private static void label(Graphics2D g, String name, int right, int y, int cell) {
        FontMetrics metrics = g.getFontMetrics();
        g.setColor(INK);
        g.drawString(
                name, right - metrics.stringWidth(name), y + (cell + metrics.getAscent()) / 2 - 2);
    }

    private static void columnLabel(Graphics2D g, String name, int x, int bottom, int cell) {
        Graphics2D turned = (Graphics2D) g.create();
        turned.translate(x + (cell + g.getFontMetrics().getAscent()) / 2 - 2, bottom);
        turned.rotate(-Math.PI / 2);
        turned.setColor(INK);
        turned.drawString(name, 0, 0);
        turned.dispose();
    }

    private static int widest(List<String> names, Font font) {
        Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        FontMetrics metrics = g.getFontMetrics(font);
        int widest = names.stream().mapToInt(metrics::stringWidth).max().orElse(0);
        g.dispose();
        return widest;
    }
}
