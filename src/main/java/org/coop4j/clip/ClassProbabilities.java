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
        float[][] rows = images.normalized().products(classes.normalized()).times(scale).toRows();
        for (float[] row : rows) {
            double[] p = Predictions.softmax(row);
            for (int c = 0; c < p.length; c++) {
                row[c] = (float) p[c];
            }
        }
        return rows;
    }
}
