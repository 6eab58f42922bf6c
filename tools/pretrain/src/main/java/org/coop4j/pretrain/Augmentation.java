package org.coop4j.pretrain;

import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.coop4j.image.PillowResize;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;

/**
 * Random changes of a training picture: zoom, shift, mirror, turn, and colours.
 *
 * <p>Geometry is one affine map of the model's square onto the picture, whose pixels beyond the
 * edge are those of the edge, through the cubic kernel of the test transform. Without any change
 * the view is what that transform makes of the picture. A view of another sharpness costs much: a model that saw
 * bilinear views of small photographs tells fewer of the cubic ones apart.
 *
 * @param minZoom least apparent size, above 0
 * @param maxZoom greatest apparent size
 * @param shift greatest shift along an axis, as a share of the picture's shorter side
 * @param flip probability of mirroring left to right
 * @param degrees greatest angle of the turn, either way
 * @param brightness greatest change of the brightness as a share of it, below 1
 * @param contrast the same of the contrast about the picture's mean
 * @param saturation the same of the saturation
 * @param hue greatest turn of the colours about the grey axis of the RGB cube, in degrees, either
 *     way
 */
public record Augmentation(
        double minZoom,
        double maxZoom,
        double shift,
        double flip,
        double degrees,
        double brightness,
        double contrast,
        double saturation,
        double hue) {

    public Augmentation {
        if (!(minZoom > 0 && minZoom <= maxZoom && maxZoom < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "zoom of " + minZoom + " to " + maxZoom + ": expected ascending, above 0");
        }
        requireShare("shift", shift);
        requireShare("probability of a flip", flip);
        requireShare("brightness", brightness);
        requireShare("contrast", contrast);
        requireShare("saturation", saturation);
        requireAngle("turn", degrees);
        requireAngle("hue", hue);
    }

    private static void requireAngle(String what, double degrees) {
        if (!(degrees >= 0 && degrees <= 180)) {
            throw new IllegalArgumentException(what + " of " + degrees + " degrees: wanted 0 to 180");
        }
    }

    private static void requireShare(String what, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException(what + " " + value + ": expected 0 to 1");
        }
    }

    /** Returns no change at all. */
    public static Augmentation none() {
        return mirrored(0);
    }

    /** Returns no change but mirroring with a probability. */
    static Augmentation mirrored(double flip) {
        return new Augmentation(1, 1, 0, flip, 0, 0, 0, 0, 0);
    }

    /** One way to see a picture. */
    record View(
            double zoom,
            double right,
            double down,
            boolean flipped,
            double radians,
            double brightness,
            double contrast,
            double saturation,
            double hueRadians) {}

    /** Draws a view; always the same number of draws. */
    View draw(SplittableRandom random) {
        double logMin = StrictMath.log(minZoom);
        double logMax = StrictMath.log(maxZoom);
        double zoom = StrictMath.exp(logMin + (logMax - logMin) * uniform(random));
        double right = shift * signed(random);
        double down = shift * signed(random);
        boolean flipped = uniform(random) < flip;
        double radians = StrictMath.toRadians(degrees * signed(random));
        return new View(
                zoom,
                right,
                down,
                flipped,
                radians,
                1 + brightness * signed(random),
                1 + contrast * signed(random),
                1 + saturation * signed(random),
                StrictMath.toRadians(hue * signed(random)));
    }

    private static double uniform(SplittableRandom random) {
        return (random.nextLong() >>> 11) * 0x1p-53;
    }

    private static double signed(SplittableRandom random) {
        return 2 * uniform(random) - 1;
    }

    /** Writes the view of the picture, normalised, as [3, size, size] starting at {@code offset}. */
    static void apply(RgbImage image, View view, Preprocessing preprocessing, FloatBuffer target, int offset) {
        int size = preprocessing.size();
        float[] planes = sample(image, view, size);
        recolour(planes, view);
        turnHue(planes, view.hueRadians);
        int pixels = size * size;
        for (int c = 0; c < 3; c++) {
            float mean = 255 * preprocessing.mean(c);
            float scale = 1 / (255 * preprocessing.std(c));
            for (int i = c * pixels; i < (c + 1) * pixels; i++) {
                planes[i] = (planes[i] - mean) * scale;
            }
        }
        target.put(offset, planes, 0, planes.length);
    }

    /** Returns the map's values, 0 to 255, as [3, size, size]. */
    private static float[] sample(RgbImage image, View view, int size) {
        float[] planes = new float[3 * size * size];
        double side = Math.min(image.width(), image.height()) / view.zoom;
        double step = side / size;
        double cos = StrictMath.cos(view.radians);
        double sin = StrictMath.sin(view.radians);
        double sign = view.flipped ? -1 : 1;
        double centreX = image.width() / 2.0 - view.right * side * view.zoom - 0.5;
        double centreY = image.height() / 2.0 - view.down * side * view.zoom - 0.5;
        double middle = (size - 1) / 2.0;
        Kernel across = new Kernel(image.width(), step);
        Kernel down = new Kernel(image.height(), step);
        for (int y = 0; y < size; y++) {
            double v = (y - middle) * step;
            for (int x = 0; x < size; x++) {
                double u = sign * (x - middle) * step;
                across.moveTo(centreX + cos * u - sin * v);
                down.moveTo(centreY + sin * u + cos * v);
                put(image, across, down, planes, y * size + x);
            }
        }
        return planes;
    }

    /** Pillow's cubic kernel along an axis, as wide as a step of more than a pixel asks for; edges go on for ever. */
    private static final class Kernel {

        private final int length;
        private final double scale;
        private final float[] weights;
        private int first;
        private int count;

        /**
         * @param length pixels of the axis
         * @param step distance of two samples, in pixels
         */
        Kernel(int length, double step) {
            this.length = length;
            this.scale = Math.max(1, step);
            this.weights = new float[(int) (4 * scale) + 2];
        }

        /** Computes the pixels around a place, and their weights, which sum to 1. */
        void moveTo(double place) {
            double centre = Math.min(Math.max(place, -0.5), length - 0.5);
            first = (int) Math.ceil(Math.max(0, centre - 2 * scale));
            count = (int) Math.min(length - 1, centre + 2 * scale) - first + 1;
            float sum = 0;
            for (int i = 0; i < count; i++) {
                weights[i] = (float) PillowResize.cubic(Math.abs(first + i - centre) / scale);
                sum += weights[i];
            }
            for (int i = 0; i < count; i++) {
                weights[i] /= sum;
            }
        }
    }

    /** Sets a pixel to the weighted sum of those under both kernels. */
    private static void put(RgbImage image, Kernel across, Kernel down, float[] planes, int at) {
        byte[] samples = image.samples();
        float r = 0;
        float g = 0;
        float b = 0;
        for (int j = 0; j < down.count; j++) {
            float rowR = 0;
            float rowG = 0;
            float rowB = 0;
            int from = 3 * ((down.first + j) * image.width() + across.first);
            for (int i = 0; i < across.count; i++) {
                float weight = across.weights[i];
                rowR += weight * (samples[from + 3 * i] & 0xFF);
                rowG += weight * (samples[from + 3 * i + 1] & 0xFF);
                rowB += weight * (samples[from + 3 * i + 2] & 0xFF);
            }
            r += down.weights[j] * rowR;
            g += down.weights[j] * rowG;
            b += down.weights[j] * rowB;
        }
        int pixels = planes.length / 3;
        planes[at] = clamp(r);
        planes[at + pixels] = clamp(g);
        planes[at + 2 * pixels] = clamp(b);
    }

    /** Brightness, then contrast about the mean grey, then saturation about each grey. */
    private static void recolour(float[] planes, View view) {
        if (view.brightness == 1 && view.contrast == 1 && view.saturation == 1) {
            return;
        }
        int pixels = planes.length / 3;
        double sum = 0;
        for (int i = 0; i < pixels; i++) {
            sum += grey(planes, i, pixels);
        }
        float gain = (float) (view.brightness * view.contrast);
        float mean = (float) (view.brightness * sum / pixels);
        float bias = (float) (1 - view.contrast) * mean;
        float saturation = (float) view.saturation;
        for (int i = 0; i < pixels; i++) {
            float grey = grey(planes, i, pixels);
            for (int at = i; at < planes.length; at += pixels) {
                float value = gain * (grey + saturation * (planes[at] - grey)) + bias;
                planes[at] = clamp(value);
            }
        }
    }

    /** Turns each colour about the axis of greys, which keeps the mean of its channels. */
    private static void turnHue(float[] planes, double radians) {
        if (radians == 0) {
            return;
        }
        double cos = StrictMath.cos(radians);
        double across = StrictMath.sin(radians) / Math.sqrt(3);
        float same = (float) ((1 + 2 * cos) / 3);
        float next = (float) ((1 - cos) / 3 - across);
        float last = (float) ((1 - cos) / 3 + across);
        int pixels = planes.length / 3;
        for (int i = 0; i < pixels; i++) {
            float r = planes[i];
            float g = planes[i + pixels];
            float b = planes[i + 2 * pixels];
            planes[i] = clamp(same * r + next * g + last * b);
            planes[i + pixels] = clamp(last * r + same * g + next * b);
            planes[i + 2 * pixels] = clamp(next * r + last * g + same * b);
        }
    }

    private static float clamp(float value) {
        return Math.min(255, Math.max(0, value));
    }

    /** Returns ITU-R 601 luma, which is Pillow's grey. */
    private static float grey(float[] planes, int i, int pixels) {
        return 0.299f * planes[i] + 0.587f * planes[i + pixels] + 0.114f * planes[i + 2 * pixels];
    }
}
