package org.coop4j.clip;

import org.coop4j.eval.Predictions;

/** Softmax over scaled cosines of images with classes. */
final class ClassProbabilities {

    private ClassProbabilities() {}

    /**
     * The probabilities of the classes for each image.
     *
     * @param images features of images
     * @param classes features of the classes' texts, one row a class
     * @param scale exp(logit_scale)
     * @return [images][classes]
     */
    static float[][] of(FeatureMatrix images, FeatureMatrix classes, float scale) {
        FeatureMatrix x = images.normalized();
        FeatureMatrix w = classes.normalized();
        float[][] result = new float[x.rows()][w.rows()];
        for (int i = 0; i < result.length; i++) {
            float[] logits = new float[w.rows()];
            for (int c = 0; c < logits.length; c++) {
                logits[c] = scale * x.dot(i, w, c);
            }
            double[] p = Predictions.softmax(logits);
            for (int c = 0; c < p.length; c++) {
                result[i][c] = (float) p[c];
            }
        }
        return result;
    }
}
