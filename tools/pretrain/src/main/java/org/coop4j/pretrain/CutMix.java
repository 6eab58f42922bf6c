package org.coop4j.pretrain;

import java.nio.FloatBuffer;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * CutMix (Yun and others, ICCV 2019, section 3.1): two pictures of a batch exchange a box, and captions and classes of
 * both count for each by the area that it has of them.
 *
 * <p>Only pictures with a class take part, two by two in the order of the batch, which is random. The share of the box is
 * uniform, and its centre is anywhere, so that a part of it may lie outside.
 */
final class CutMix {

    private final int side;
    private final int[] partners;
    private final Box[] boxes;

    /** Columns {@code left} to {@code right} and rows {@code top} to {@code bottom} (exclusive) of a picture. */
    private record Box(int left, int top, int right, int bottom) {

        int area() {
            return (right - left) * (bottom - top);
        }
    }

    /**
     * Draws the boxes of a batch.
     *
     * @param share of the pairs that exchange a box, 0 to 1
     * @param classes the class of each picture, −1 for none
     * @param side of a picture in pixels
     */
    CutMix(double share, int[] classes, int side, SplittableRandom random) {
        this.side = side;
        this.partners = IntStream.range(0, classes.length).toArray();
        this.boxes = new Box[classes.length];
        int[] classed = IntStream.range(0, classes.length)
                .filter(picture -> classes[picture] >= 0)
                .toArray();
        for (int i = 0; i + 1 < classed.length; i += 2) {
            boolean mixed = random.nextDouble() < share;
            Box box = box(random);
            if (mixed) {
                partners[classed[i]] = classed[i + 1];
                partners[classed[i + 1]] = classed[i];
                boxes[classed[i]] = box;
                boxes[classed[i + 1]] = box;
            }
        }
    }

    private Box box(SplittableRandom random) {
        double half = side * Math.sqrt(random.nextDouble()) / 2;
        double x = side * random.nextDouble();
        double y = side * random.nextDouble();
        return new Box(within(x - half), within(y - half), within(x + half), within(y + half));
    }

    private int within(double edge) {
        return (int) Math.max(0, Math.min(side, Math.round(edge)));
    }

    /**
     * Exchanges the boxes.
     *
     * @param images [batch, 3, side, side]
     */
    void exchange(FloatBuffer images) {
        for (int picture = 0; picture < partners.length; picture++) {
            if (picture < partners[picture]) {
                exchange(images, 3 * picture, 3 * partners[picture], boxes[picture]);
            }
        }
    }

    private void exchange(FloatBuffer images, int first, int second, Box box) {
        float[] one = new float[box.right - box.left];
        float[] other = new float[one.length];
        for (int channel = 0; channel < 3; channel++) {
            for (int row = box.top; row < box.bottom; row++) {
                int here = ((first + channel) * side + row) * side + box.left;
                int there = ((second + channel) * side + row) * side + box.left;
                images.get(here, one).get(there, other).put(here, other).put(there, one);
            }
        }
    }

    /**
     * Returns the rows of targets of the pictures as they are after the exchange.
     *
     * @param targets of the pictures before it, [batch, width]
     */
    float[] mixed(float[] targets) {
        int width = targets.length / partners.length;
        float[] result = targets.clone();
        for (int picture = 0; picture < partners.length; picture++) {
            if (boxes[picture] != null) {
                float share = (float) boxes[picture].area() / (side * side);
                for (int i = 0; i < width; i++) {
                    float own = targets[picture * width + i];
                    float others = targets[partners[picture] * width + i];
                    result[picture * width + i] = (1 - share) * own + share * others;
                }
            }
        }
        return result;
    }
}
