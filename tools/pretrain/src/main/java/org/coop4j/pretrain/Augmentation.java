package org.coop4j.pretrain;

import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;

/**
 * Random changes of a training picture: zoom, shift, mirror, turn, and colours.
 *
 * <p>Geometry is one affine map of the model's square onto the picture, whose pixels beyond the
 * edge are those of the edge; each pixel is the mean of four bilinear samples. Without any change
 * the square is the picture's centre, as in the test transform.
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
        return new Augmentation(1, 1, 0, 0, 0, 0, 0, 0, 0);
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

    /** Writes the view of the picture, normalised, as [3, size, size] from {@code offset} on. */
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
        int samples = side > size ? 2 : 1; // along a side of an output pixel
        double step = side / (size * samples);
        double cos = StrictMath.cos(view.radians);
        double sin = StrictMath.sin(view.radians);
        double sign = view.flipped ? -1 : 1;
        double centreX = image.width() / 2.0 - view.right * side * view.zoom - 0.5;
        double centreY = image.height() / 2.0 - view.down * side * view.zoom - 0.5;
        float share = 1f / (samples * samples);
        double middle = (size * samples - 1) / 2.0;
        for (int y = 0; y < size * samples; y++) {
            double v = (y - middle) * step;
            for (int x = 0; x < size * samples; x++) {
                double u = sign * (x - middle) * step;
                double sourceX = centreX + cos * u - sin * v;
                double sourceY = centreY + sin * u + cos * v;
                add(image, sourceX, sourceY, planes, y / samples * size + x / samples, share);
            }
        }
        return planes;
    }

    /** Adds a bilinear sample's share to a pixel; edges go on for ever. */
    private static void add(RgbImage image, double x, double y, float[] planes, int at, float share) {
        int maxX = image.width() - 1;
        int maxY = image.height() - 1;
        double insideX = Math.min(Math.max(x, 0), maxX);
        double insideY = Math.min(Math.max(y, 0), maxY);
        int x0 = (int) insideX;
        int y0 = (int) insideY;
        float fx = (float) (insideX - x0);
        float fy = (float) (insideY - y0);
        int right = x0 < maxX ? 3 : 0;
        int below = y0 < maxY ? 3 * image.width() : 0;
        int i = 3 * (y0 * image.width() + x0);
        byte[] s = image.samples();
        int pixels = planes.length / 3;
        for (int c = 0; c < 3; c++, i++) {
            float upper = (s[i] & 0xFF) * (1 - fx) + (s[i + right] & 0xFF) * fx;
            float lower = (s[i + below] & 0xFF) * (1 - fx) + (s[i + below + right] & 0xFF) * fx;
            planes[c * pixels + at] += (upper * (1 - fy) + lower * fy) * share;
        }
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
