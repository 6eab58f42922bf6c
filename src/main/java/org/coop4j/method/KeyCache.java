package org.coop4j.method;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.ClassNames;
import org.coop4j.data.FeatureSet;
import org.coop4j.weights.Shape;

/**
 * A key-value cache of training images beside text features: logits = exp(logit_scale) · f · tᵀ + α
 * · exp(−β (1 − f · keysᵀ)) · values, the values being the keys' labels, one-hot.
 */
final class KeyCache implements Classifier {

    static final String KEYS = "keys";
    private static final String LABELS = "labels";
    private static final String TEXT = "text";

    private final Clip clip;
    private final ClassifierFile file;
    private final CacheWeights weights;
    private final PromptEnsemble prompts;
    private final FeatureMatrix keys;
    private final int[] labels; // −1: of none of the classes
    private final FeatureMatrix text;
    private final float scale;

    private KeyCache(Clip clip, ClassifierFile file, CacheWeights weights, PromptEnsemble prompts) {
        this.clip = clip;
        this.file = file;
        this.weights = weights;
        this.prompts = prompts;
        float[] numbers = file.tensor(LABELS).values();
        labels = new int[numbers.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (int) numbers[i];
        }
        float[] values = file.tensor(KEYS).values();
        keys = FeatureMatrix.of(labels.length, values.length / labels.length, values);
        text = FeatureMatrix.of(file.classNames().size(), keys.width(), file.tensor(TEXT).values());
        scale = clip.logitScale();
    }

    /** The keys of images: the mean of an image's views, normalised. */
    static FeatureMatrix keys(FeatureSet images) {
        return Views.mean(images).normalized();
    }

    /**
     * A cache of the training images, its weights searched where there are val images to search on.
     *
     * @param method with the prompts as they were used
     * @param keys one row an image
     * @param text normalised text features, one row a class
     */
    static KeyCache of(
            Clip clip,
            Method method,
            List<String> classNames,
            CacheWeights weights,
            PromptEnsemble prompts,
            FewShotFeatures data,
            FeatureMatrix keys,
            FeatureMatrix text)
            throws IOException {
        String model = clip.model().sha256();
        KeyCache cache =
                new KeyCache(
                        clip,
                        withTensors(
                                ClassifierFile.of(method, classNames, model),
                                keys,
                                data.train().labels(),
                                text),
                        weights,
                        prompts);
        if (!weights.search() || data.val().size() == 0) {
            return cache;
        }
        CacheWeights searched = weights.searched(cache, data.val());
        ClassifierFile file =
                ClassifierFile.of(method.with(searched.chosen()), classNames, model)
                        .withTraining(Map.of("alpha and beta chosen on", "val images"));
        return new KeyCache(
                clip, withTensors(file, keys, data.train().labels(), text), searched, prompts);
    }

    private static ClassifierFile withTensors(
            ClassifierFile file, FeatureMatrix keys, int[] labels, FeatureMatrix text) {
        float[] numbers = new float[labels.length];
        for (int i = 0; i < labels.length; i++) {
            numbers[i] = labels[i];
        }
        return file.with(KEYS, Shape.of(keys.rows(), keys.width()), keys.toArray())
                .with(LABELS, Shape.of(labels.length), numbers)
                .with(TEXT, Shape.of(text.rows(), text.width()), text.toArray());
    }

    /**
     * The cache that was saved.
     *
     * @throws IOException if the file lacks something or does not fit the model, saying what
     */
    static KeyCache read(
            Clip clip, ClassifierFile file, CacheWeights weights, PromptEnsemble prompts)
            throws IOException {
        int classes = file.classNames().size();
        int width = clip.architecture().embedDim();
        file.require(TEXT, Shape.of(classes, width));
        int images = file.tensorNames().contains(LABELS) ? file.tensor(LABELS).values().length : 1;
        file.require(LABELS, Shape.of(images));
        file.require(KEYS, Shape.of(images, width));
        for (float label : file.tensor(LABELS).values()) {
            if (label != Math.rint(label) || label < -1 || label >= classes) {
                throw new IOException(
                        "label of a key: expected one of %d classes, got %s"
                                .formatted(classes, label));
            }
        }
        return new KeyCache(clip, file, weights, prompts);
    }

    FeatureMatrix keys() {
        return keys;
    }

    /** Scaled cosines of a normalised image with the text features, by class. */
    float[] textLogits(float[] x) {
        FeatureMatrix image = FeatureMatrix.of(1, x.length, x);
        float[] logits = new float[text.rows()];
        for (int c = 0; c < logits.length; c++) {
            logits[c] = scale * image.dot(0, text, c);
        }
        return logits;
    }

    /** 1 − cosine of a normalised image with each key. */
    float[] distances(float[] x) {
        FeatureMatrix image = FeatureMatrix.of(1, x.length, x);
        float[] distances = new float[keys.rows()];
        for (int key = 0; key < distances.length; key++) {
            distances[key] = 1 - image.dot(0, keys, key);
        }
        return distances;
    }

    /** Sum over each class's keys of exp(−beta · distance). */
    double[] votes(float[] distances, double beta) {
        double[] votes = new double[text.rows()];
        for (int key = 0; key < distances.length; key++) {
            if (labels[key] >= 0) {
                votes[labels[key]] += Math.exp(-beta * distances[key]);
            }
        }
        return votes;
    }

    @Override
    public List<String> classNames() {
        return file.classNames();
    }

    @Override
    public FeatureMatrix logits(FeatureMatrix images) {
        FeatureMatrix normalized = images.normalized();
        int classes = text.rows();
        float[] logits = new float[Math.multiplyExact(images.rows(), classes)];
        IntStream.range(0, images.rows())
                .parallel()
                .forEach(
                        i -> {
                            float[] x = normalized.row(i);
                            float[] zeroShot = textLogits(x);
                            double[] votes = votes(distances(x), weights.beta());
                            for (int c = 0; c < classes; c++) {
                                logits[i * classes + c] =
                                        (float) (zeroShot[c] + weights.alpha() * votes[c]);
                            }
                        });
        return FeatureMatrix.of(images.rows(), classes, logits);
    }

    @Override
    public <T> T logits(LogitGraph<T> graph, T images) {
        T x = graph.unit(images);
        T zeroShot = graph.times(graph.product(x, text), scale);
        float[] atDistanceOne = new float[keys.rows()];
        Arrays.fill(atDistanceOne, (float) -weights.beta());
        T votes = graph.times(graph.product(x, keys), weights.beta());
        votes = graph.exp(graph.plus(votes, atDistanceOne)); // [images, keys]
        return graph.plus(zeroShot, graph.times(graph.product(votes, values()), weights.alpha()));
    }

    /** The keys' labels, one-hot: [classes, keys]. */
    private FeatureMatrix values() {
        float[] oneHot = new float[Math.multiplyExact(text.rows(), keys.rows())];
        for (int key = 0; key < labels.length; key++) {
            if (labels[key] >= 0) {
                oneHot[labels[key] * labels.length + key] = 1;
            }
        }
        return FeatureMatrix.of(text.rows(), keys.rows(), oneHot);
    }

    /** A class without keys has its zero-shot logit alone. */
    @Override
    public Classifier forClasses(List<String> names) {
        int[] positions = ClassNames.find(names, classNames());
        int[] moved = new int[text.rows()];
        Arrays.fill(moved, -1);
        for (int c = 0; c < positions.length; c++) {
            if (positions[c] >= 0) {
                moved[positions[c]] = c;
            }
        }
        float[] newLabels = new float[labels.length];
        for (int i = 0; i < labels.length; i++) {
            newLabels[i] = labels[i] < 0 ? -1 : moved[labels[i]];
        }
        ClassifierFile selected =
                ClassRows.select(
                                file,
                                names,
                                List.of(TEXT),
                                added -> Map.of(TEXT, prompts.classWeights(clip, added).toArray()))
                        .with(LABELS, Shape.of(newLabels.length), newLabels);
        return new KeyCache(clip, selected, weights, prompts);
    }

    @Override
    public ClassifierFile save() {
        return file;
    }
}
