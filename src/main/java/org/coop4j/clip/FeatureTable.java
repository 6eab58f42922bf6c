package org.coop4j.clip;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * A space of features without the model that made them: it has the features of some texts and can encode nothing else.
 *
 * @param embedDim width of a feature
 * @param precision in which the images are encoded
 * @param modelSha256 SHA-256 of the model file that made the features; empty if unknown
 * @param logLogitScale CLIP's parameter {@code logit_scale}, whose exponential scales the logits
 * @param texts features by text, spaces for underscores
 * @param workers threads to work with; the space closes them
 */
public record FeatureTable(
        int embedDim,
        Precision precision,
        String modelSha256,
        float logLogitScale,
        Map<String, float[]> texts,
        Workers workers)
        implements FeatureSpace {

    /**
     * Returns a space with the features of some texts.
     *
     * @param texts distinct; an underscore counts as a space
     * @param features a row per text, normalised or not
     * @throws IllegalArgumentException unless there are as many rows as texts
     */
    public static FeatureTable of(
            Precision precision,
            String modelSha256,
            float logLogitScale,
            List<String> texts,
            FeatureMatrix features,
            Workers workers) {
        if (texts.size() != features.rows()) {
            throw new IllegalArgumentException(
                    "expected a row for each of %d texts, got %d".formatted(texts.size(), features.rows()));
        }
        Backend.startQuietly();
        Map<String, float[]> rows = new HashMap<>();
        for (int i = 0; i < texts.size(); i++) {
            rows.put(key(texts.get(i)), features.row(i));
        }
        return new FeatureTable(features.width(), precision, modelSha256, logLogitScale, rows, workers);
    }

    /** Returns another space without its texts, for a classifier learned at another logit scale. */
    public static FeatureTable withoutTexts(FeatureSpace space, float logLogitScale) throws IOException {
        return new FeatureTable(
                space.embedDim(), space.precision(), space.modelSha256(), logLogitScale, Map.of(), space.workers());
    }

    /** Returns the text of a class name, with spaces for underscores. */
    private static String key(String text) {
        return text.replace('_', ' ');
    }

    @Override
    public boolean knows(String text) {
        return texts.containsKey(key(text));
    }

    @Override
    public void requireText(String text) {
        if (!knows(text)) {
            throw new IllegalArgumentException(
                    texts.isEmpty()
                            ? "\"%s\" was not learned and cannot be encoded: the features of the classes' texts were given as a file"
                                    .formatted(text)
                            : "\"%s\" is not one of the %d texts with features: add it to the class features, or give the model itself"
                                    .formatted(text, texts.size()));
        }
    }

    @Override
    public FeatureMatrix encodeTexts(List<String> wanted, Tokenizer.Overflow overflow) {
        wanted.forEach(this::requireText);
        return FeatureMatrix.of(
                wanted.stream().map(text -> texts.get(key(text))).toList(), embedDim);
    }

    @Override
    public double tokenWork() {
        return 0;
    }

    @Override
    public Step step(
            List<LearnedTensor> learned, int batch, int width, int classes, Function<StepGraph, SDVariable> loss) {
        StepGraph.Shape shape = new StepGraph.Shape(batch, width, logLogitScale, new NativeWeights.Lock());
        return Step.ofFeatures(shape, learned, classes, loss, workers);
    }

    @Override
    public Optional<Clip> towers() {
        return Optional.empty();
    }

    @Override
    public void close() {
        workers.close();
    }
}
