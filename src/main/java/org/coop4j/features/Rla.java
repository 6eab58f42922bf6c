package org.coop4j.features;

import java.io.IOException;
import java.util.Arrays;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.VisualProjection;
import org.coop4j.features.ProLip.Basis;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.weights.Shape;

/**
 * The regularised linear adapter (Fahes, Vu, Bursuc, Pérez, de Charette: "Fine-Tuning CLIP's Last Visual Projector", 2024,
 * on CLIP-Adapter; the reference's {@code methods/RegLinearAdapter.py}): {@link ProLip} behind the projection, from the
 * identity, so that image features suffice.
 *
 * <p>loss = cross-entropy + (lambda / K) Σ (A − I)², K the median number of images per class.
 *
 * @param lambda weight of the penalty, which is divided by the number of images per class
 * @param basis part of the adapter that is learned
 * @param prompts hand-written prompts of the text features
 */
record Rla(
        @Setting("weight of the penalty on the adapter's change, divided by the images per class") double lambda,
        @Setting("what changes: the whole adapter, or its part in the span of the class texts' differences")
                Basis basis,
        TextPrompts prompts)
        implements FeatureMethod {

    private static final String A = "a"; // [embed, embed]
    private static final String TEXT = "text";
    private static final double RATE = 1e-3;

    public Rla {
        Require.present("basis", basis);
        Require.present("prompts", prompts);
        Require.notNegative("lambda", lambda);
    }

    public Rla() {
        this(1, Basis.ALL, new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "rla",
                ProLip.title("RLA", lambda, basis),
                "Learns one square matrix behind the image features, with a penalty on its distance from the identity;"
                        + " accepts any class names afterwards (Fahes et al., 2024).");
    }

    @Override
    public Training training(int shots) {
        return ProLip.training(RATE);
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix text = texts.weights();
        int[] perClass = new int[text.rows()];
        Arrays.stream(data.train().labels()).forEach(label -> perClass[label]++);
        Arrays.sort(perClass);
        int median = Math.max(1, perClass[perClass.length / 2]);
        return ProLip.head(identity(text.width()), basis, text, lambda / median);
    }

    private static VisualProjection identity(int width) {
        float[] values = new float[width * width];
        for (int i = 0; i < width; i++) {
            values[i * width + i] = 1;
        }
        return new VisualProjection(A, FeatureMatrix.of(width, width, values), null);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        file.require(Shape.of(space.embedDim(), space.embedDim()), A);
        return classRows(space, file, ClassTexts::weights, TEXT).adapted(TEXT, ProLip.projection(file.matrix(A), null));
    }
}
