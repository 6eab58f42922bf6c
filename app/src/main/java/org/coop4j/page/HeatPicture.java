package org.coop4j.page;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.util.List;
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
    private static final int FOR = 0xCD101E;
    private static final int AGAINST = 0x1454C8;
    private static final int HATCH = 12; // pixels from line to line

    private HeatPicture() {}

    /** Returns what a picture shows. */
    public static String title(HeatMap map) {
        return "Where the picture speaks for " + claim(map.label(), map.compared());
    }

    private static String claim(String label, boolean compared) {
        return label + (compared ? ", rather than for the other classes" : "");
    }

    /** Returns what red, blue and, if something was cut off, hatched parts mean. */
    public static List<String> legend(HeatMap map) {
        return legend(map.label(), map.compared(), !map.isWhole());
    }

    /** Returns the same for maps of some label. */
    public static List<String> legend(String label, boolean compared, boolean cut) {
        List<String> all = List.of(
                "red speaks for " + claim(label, compared),
                "blue speaks against it",
                "hatched: cut off, the model did not see it");
        return cut ? all : all.subList(0, 2);
    }

    /** Returns the sentence about the scale of a picture. */
    public static String scale(HeatMap map) {
        return "The strongest spot counts %s log-odds; nothing is drawn below a fifth of that."
                .formatted(Numbers.signed(map.strongest(), 3));
    }

    /** Returns what a check found. */
    public static String verdict(Check check) {
        return check.holds() ? "The marked part matters." : "The map does not explain this answer.";
    }

    /** Returns the numbers of a check in a sentence. */
    public static String sentence(Check check) {
        return "Without the marked quarter %s (%s before); without a random quarter %s."
                .formatted(percent(check.marked()), percent(check.whole()), percent(check.square()));
    }

    private static String percent(double share) {
        return Numbers.percent(100 * share);
    }

    /** Returns the numbers of the patches and where they lie in the picture. */
    public static ObjectNode json(HeatMap map) {
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
                .putPOJO("values", map.values());
    }

    /**
     * Returns a picture's file.
     *
     * @param image the upright picture
     * @param side longer side of the result
     * @param format png or jpg
     */
    public static byte[] of(RgbImage image, HeatMap map, int side, String format) {
        double scale = (double) side / Math.max(image.width(), image.height());
        int width = Math.max(1, (int) Math.round(scale * image.width()));
        int height = Math.max(1, (int) Math.round(scale * image.height()));
        RgbImage resized = PillowResize.resize(image, width, height);
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        double largest = Math.abs(map.strongest());
        for (int y = 0; y < height; y++) {
            double row = ((y + 0.5) * map.height() / height - map.top()) / map.patchHeight();
            for (int x = 0; x < width; x++) {
                double column = ((x + 0.5) * map.width() / width - map.left()) / map.patchWidth();
                int rgb = resized.rgb(x, y);
                int grey = ((rgb >> 16 & 0xFF) * 3 + (rgb >> 8 & 0xFF) * 6 + (rgb & 0xFF)) / 10 * 0x010101;
                rgb = mixed(rgb, grey, 0.75); // so that red and blue are the map's
                if (row < 0 || column < 0 || row >= map.rows() || column >= map.columns()) {
                    rgb = (x + y) % HATCH < 2 ? 0x1C2026 : mixed(rgb, 0xFFFFFF, 0.6);
                } else {
                    double share = value(map, row, column) / largest;
                    double strength = (Math.abs(share) - FAINT) / (1 - FAINT);
                    if (strength > 0) {
                        rgb = mixed(rgb, share > 0 ? FOR : AGAINST, 0.75 * Math.sqrt(strength));
                    }
                }
                picture.setRGB(x, y, rgb);
            }
        }
        return Thumbnails.encoded(picture, format);
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
