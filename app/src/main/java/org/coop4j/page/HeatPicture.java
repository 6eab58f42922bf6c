package org.coop4j.page;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import org.coop4j.base.Numbers;
import org.coop4j.console.Json;
import org.coop4j.image.PillowResize;
import org.coop4j.image.RgbImage;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.HeatMap.Check;

/**
 * A heat map over its picture: red where the picture speaks for the class, blue where it speaks against, without edges
 * between patches. What the model did not see is hatched.
 */
public final class HeatPicture {

    /** Longer side of a picture, in pixels. */
    public static final int SIDE = 672;

    /** Sentences about every map. */
    public static final String MEANING = "Covering that part usually makes the answer less sure. It is about this"
            + " answer of this model: a wrong answer has a map, and the background may be what speaks.";

    private static final double FAINT = 0.2; // share of the largest value below which nothing is drawn
    private static final int FOR = 0xE0202A;
    private static final int AGAINST = 0x1F5FD8;
    private static final int HATCH = 9; // pixels from line to line

    private HeatPicture() {}

    /** Returns the sentence below a picture. */
    public static String title(HeatMap map) {
        return "Where the picture speaks for %s, rather than for the other classes; red for, blue against, the strongest %s log-odds"
                .formatted(map.label(), Numbers.plain(Math.round(1000 * map.largest()) / 1000.0));
    }

    /** Returns the sentence about a check. */
    public static String sentence(HeatMap map, Check check) {
        return "%s has a probability of %s; with the marked quarter covered %s, with a random square as large %s on average%s"
                .formatted(
                        map.label(),
                        percent(check.whole()),
                        percent(check.marked()),
                        percent(check.square()),
                        check.holds() ? "." : ": the map does not explain this answer.");
    }

    private static String percent(double share) {
        return Numbers.percent(100 * share);
    }

    /** Returns the numbers of the patches and where they lie in the picture. */
    public static JsonNode json(HeatMap map) {
        return Json.object()
                .put("label", map.label())
                .put("score", map.score())
                .put("rows", map.rows())
                .put("columns", map.columns())
                .put("width", map.width())
                .put("height", map.height())
                .put("left", map.left())
                .put("top", map.top())
                .put("patch_width", map.patchWidth())
                .put("patch_height", map.patchHeight())
                .set("values", Json.of(map.values()));
    }

    /**
     * Returns a PNG file.
     *
     * @param image the upright picture
     * @param side longer side of the result
     */
    public static byte[] png(RgbImage image, HeatMap map, int side) {
        double scale = (double) side / Math.max(image.width(), image.height());
        int width = Math.max(1, (int) Math.round(scale * image.width()));
        int height = Math.max(1, (int) Math.round(scale * image.height()));
        RgbImage resized = PillowResize.resize(image, width, height);
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        double largest = map.largest();
        for (int y = 0; y < height; y++) {
            double row = ((y + 0.5) * map.height() / height - map.top()) / map.patchHeight();
            for (int x = 0; x < width; x++) {
                double column = ((x + 0.5) * map.width() / width - map.left()) / map.patchWidth();
                int rgb = resized.rgb(x, y);
                if (row < 0 || column < 0 || row >= map.rows() || column >= map.columns()) {
                    rgb = mixed(rgb, (x + y) % HATCH < HATCH / 3 ? 0xFFFFFF : 0x606060, 0.5);
                } else {
                    double share = value(map, row, column) / largest;
                    double strength = (Math.abs(share) - FAINT) / (1 - FAINT);
                    int grey = ((rgb >> 16 & 0xFF) * 3 + (rgb >> 8 & 0xFF) * 6 + (rgb & 0xFF)) / 10 * 0x010101;
                    rgb = mixed(rgb, grey, 0.75); // so that red and blue are the map's
                    if (strength > 0) {
                        rgb = mixed(rgb, share > 0 ? FOR : AGAINST, 0.75 * Math.sqrt(strength));
                    }
                }
                picture.setRGB(x, y, rgb);
            }
        }
        return Thumbnails.encoded(picture, "png");
    }

    /** Returns the value at a place, bilinear between the centres of the patches. */
    private static double value(HeatMap map, double row, double column) {
        double y = Math.min(Math.max(row - 0.5, 0), map.rows() - 1.0);
        double x = Math.min(Math.max(column - 0.5, 0), map.columns() - 1.0);
        int top = (int) y;
        int left = (int) x;
        int below = Math.min(top + 1, map.rows() - 1);
        int right = Math.min(left + 1, map.columns() - 1);
        double upper = (1 - x + left) * at(map, top, left) + (x - left) * at(map, top, right);
        double lower = (1 - x + left) * at(map, below, left) + (x - left) * at(map, below, right);
        return (1 - y + top) * upper + (y - top) * lower;
    }

    private static double at(HeatMap map, int row, int column) {
        return map.values().get(row * map.columns() + column);
    }

    private static int mixed(int rgb, int other, double share) {
        int mixed = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            double own = (rgb >> shift & 0xFF) * (1 - share) + (other >> shift & 0xFF) * share;
            mixed |= (int) Math.round(own) << shift;
        }
        return mixed;
    }
}
