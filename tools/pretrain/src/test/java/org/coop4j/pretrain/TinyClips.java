package org.coop4j.pretrain;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.model.ClipConfig;

/** Architectures of a few thousand weights, and inputs for them. */
final class TinyClips {

    static final int VOCABULARY = 40;

    private static final ClipConfig.Text TEXT = new ClipConfig.Text(8, VOCABULARY, 8, 2, 2, 16);

    private TinyClips() {}

    static ClipConfig vit() {
        return new ClipConfig(6, new ClipConfig.Vit(8, 4, 8, 2, 2, 16), TEXT);
    }

    static float[] pixels(ClipConfig architecture, int images, Random random) {
        int side = architecture.vision().imageSize();
        float[] pixels = new float[images * 3 * side * side];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) random.nextGaussian();
        }
        return pixels;
    }

    static FeatureMatrix features(int rows, int width, Random random) {
        float[] values = new float[rows * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return FeatureMatrix.of(rows, width, values).normalized();
    }

    /** Captions of 3 to 5 tokens: a start token, some of 1 to 9, an end token. */
    static List<int[]> captions(int n, Random random) {
        List<int[]> captions = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            int[] caption = new int[3 + i % 3];
            caption[0] = VOCABULARY - 2;
            for (int j = 1; j < caption.length - 1; j++) {
                caption[j] = 1 + random.nextInt(9);
            }
            caption[caption.length - 1] = VOCABULARY - 1;
            captions.add(caption);
        }
        return captions;
    }

    /** Shows captions, each of which fits its own picture alone; the first picture has no class, where there are some. */
    static void setCaptions(TrainableClip clip, List<int[]> captions) {
        int batch = clip.size().batch();
        int n = clip.size().classes();
        float[] classes = new float[batch * n];
        for (int i = 0; i < batch; i++) {
            if (i % (n + 1) > 0) {
                classes[i * n + i % (n + 1) - 1] = 1;
            }
        }
        float[] own = new float[batch * batch];
        for (int i = 0; i < batch; i++) {
            own[i * batch + i] = 1;
        }
        clip.setCaptions(captions, own, classes);
    }

    /** The tokens that {@link #captions} may have. */
    static int[] tokens() {
        return new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, VOCABULARY - 2, VOCABULARY - 1};
    }
}
