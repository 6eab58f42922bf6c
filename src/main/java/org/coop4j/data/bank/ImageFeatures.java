package org.coop4j.data.bank;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Labels;

/**
 * Labelled images with their features from a bank or a file of features.
 *
 * @param images the readable images
 * @param rows source of the rows
 */
public record ImageFeatures(List<LabelledImage> images, int views, int width, Rows rows) implements FeatureSet {

    /** Returns the features of no images. */
    public static ImageFeatures none(int width) {
        return new ImageFeatures(List.of(), 1, width, new InMemory(FeatureMatrix.of(0, width, new float[0])));
    }

    /** Rows in memory, one view of each image. */
    private record InMemory(FeatureMatrix matrix) implements Rows {

        @Override
        public void copy(int i, int view, float[] target, int offset) {
            matrix.copyRow(i, target, offset);
        }
    }

    /** Rows of a file of features, which has them in memory. */
    private record Stored(List<LabelledImage> images) implements Rows {

        @Override
        public void copy(int i, int view, float[] target, int offset) {
            images.get(i).stored().copy(target, offset);
        }
    }

    /** Returns the first view of each image, in memory unless its rows are long. */
    public ImageFeatures inMemory() {
        return width > MOST_IN_MEMORY || rows instanceof Stored
                ? this
                : new ImageFeatures(images, 1, width, new InMemory(matrix()));
    }

    @Override
    public FeatureMatrix matrix() {
        return rows instanceof InMemory all ? all.matrix : FeatureSet.super.matrix();
    }

    @Override
    public ImageFeatures select(int[] positions) {
        List<LabelledImage> some =
                Arrays.stream(positions).mapToObj(images::get).toList();
        if (rows instanceof Stored) {
            return new ImageFeatures(some, 1, width, new Stored(some));
        }
        return width > MOST_IN_MEMORY
                ? new ImageFeatures(
                        some, views, width, (i, view, target, offset) -> rows.copy(positions[i], view, target, offset))
                : new ImageFeatures(
                        some,
                        1,
                        width,
                        new InMemory(FeatureSet.super.select(positions).matrix()));
    }

    /** Returns features of a kind of these images, whose rows are pixels. */
    public ImageFeatures by(Clip clip, FeatureKind kind) throws IOException {
        FeatureSet encoded = encoded(clip, kind);
        return new ImageFeatures(images, views, encoded.width(), encoded::copy);
    }

    /** Source of rows. */
    public interface Rows {

        /** Copies a row as {@link FeatureSet#copy} does. */
        void copy(int i, int view, float[] target, int offset);
    }

    /** Width of rows that are left where they are: pixels and tokens. */
    private static final int MOST_IN_MEMORY = 1 << 14;

    /** Returns images whose features were encoded before, one or more, all of one file. */
    public static ImageFeatures stored(List<LabelledImage> images) {
        List<LabelledImage> hashed = images.parallelStream()
                .map(image -> image.read(image.stored().sha256(), LabelledImage.UPRIGHT))
                .toList();
        return new ImageFeatures(hashed, 1, images.get(0).stored().features().width(), new Stored(hashed));
    }

    @Override
    public int size() {
        return images.size();
    }

    @Override
    public Labels labels(int i) {
        return images.get(i).labels();
    }

    /** Returns the SHA-256 of the images' contents and labels in their order, in hexadecimal. */
    public String contentHash() {
        StringBuilder lines = new StringBuilder();
        for (LabelledImage image : images) {
            lines.append(image.key()).append('\t').append(image.labels()).append('\n');
        }
        return Sha256.of(lines.toString());
    }

    @Override
    public void copy(int i, int view, float[] target, int offset) {
        rows.copy(i, view, target, offset);
    }
}
