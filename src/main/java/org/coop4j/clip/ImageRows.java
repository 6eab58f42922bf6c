package org.coop4j.clip;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.image.PixelReader;

/**
 * Features of images that are encoded all or not at all, not normalised, one row each.
 *
 * @param encoder says which rows of the image tower they are
 */
record ImageRows(ImageEncoder encoder) {

    /**
     * Features of files.
     *
     * @throws IOException if an image cannot be read or decoded, naming it
     */
    FeatureMatrix of(List<Path> files, PixelReader reader) throws IOException {
        return of(
                files.size(),
                (index, target, offset) -> reader.read(files.get(index), target, offset));
    }

    /** Features of preprocessed images [n, 3, side, side], row after row. */
    FeatureMatrix of(FloatBuffer pixels, int n, int side) {
        int length = 3 * side * side;
        try {
            return of(
                    n,
                    (index, target, offset) -> target.put(offset, pixels, index * length, length));
        } catch (IOException e) {
            throw new IllegalStateException("memory cannot fail to be read", e);
        }
    }

    private FeatureMatrix of(int n, ImageEncoder.PixelSource source) throws IOException {
        int width = encoder.width();
        float[] features = new float[Math.multiplyExact(n, width)];
        IOException[] problem = new IOException[1];
        encoder.encode(
                n,
                source,
                new ImageEncoder.Sink() {
                    @Override
                    public void features(int index, float[] row) {
                        System.arraycopy(row, 0, features, index * width, width);
                    }

                    @Override
                    public void failed(int index, IOException e) {
                        problem[0] = problem[0] == null ? e : problem[0];
                    }
                });
        if (problem[0] != null) {
            throw problem[0];
        }
        return FeatureMatrix.of(n, width, features);
    }
}
