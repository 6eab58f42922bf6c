package org.coop4j.clip;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Require;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;

/**
 * The common space of image and text features: everything that a method of image features needs of CLIP. A {@link Clip}
 * is one; a {@link FeatureTable} is one without a model, made from features that were encoded before.
 */
public interface FeatureSpace extends Closeable {

    /** Logit scale of OpenAI's models, which their training held below this limit; the references' settings suit it. */
    double USUAL_LOGIT_SCALE = 100;

    /** Returns the width of a feature. */
    int embedDim();

    /** Returns exp(logit_scale), the factor of the cosine in the logits; about 100 in released models. */
    default float logitScale() {
        return (float) Math.exp(logLogitScale());
    }

    /** Returns CLIP's parameter {@code logit_scale}. */
    float logLogitScale();

    /** Returns the SHA-256 of the model file whose features these are, in hexadecimal; empty if unknown. */
    String modelSha256() throws IOException;

    /** Returns the precision of the image tower that makes the features. */
    Precision precision();

    /** Returns the threads that compute in this space. */
    Workers workers();

    /** Returns true if the space has the features of a text, or a text tower to make them. */
    boolean knows(String text);

    /**
     * Checks that the features of a text are available.
     *
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if it exceeds the context length
     * @throws IllegalArgumentException if the text is unknown
     */
    void requireText(String text);

    /**
     * Returns features of texts, not normalised, one row each.
     *
     * @param overflow treatment of a text that exceeds the context; an error is reported before any text is encoded
     * @throws IllegalArgumentException if a text is unknown
     */
    FeatureMatrix encodeTexts(List<String> texts, Tokenizer.Overflow overflow);

    /**
     * Plans the training step of a loss of image features alone, without the towers.
     *
     * @param learned the learned tensors
     * @param batch images of a step
     * @param width of an image's features
     * @param classes number of classes
     * @param loss builds the loss, a scalar
     */
    Step step(List<LearnedTensor> learned, int batch, int width, int classes, StepGraph.Loss loss);

    /**
     * Returns the last layer of the image tower, which SigLIP lacks.
     *
     * @param what the method that needs it, for the message
     * @throws IllegalArgumentException if there is no model
     */
    default VisualProjection requireVisualProjection(String what) {
        return requireTowers(what).visualProjection();
    }

    /** Returns the prompt of the model's authors, with {@code {}} for the class name; empty without one of their own. */
    default Optional<String> authorsPrompt() {
        return towers().flatMap(clip -> clip.model().metadata().template());
    }

    /** Returns the model with its towers, if there is one. */
    Optional<Clip> towers();

    /**
     * Returns the model with its towers.
     *
     * @param what the method that needs them, for the message
     * @throws RefusedException if there is no model
     */
    default Clip requireTowers(String what) {
        return towers().orElseThrow(() -> new RefusedException(
                what + " needs a tower of CLIP, and only features are given: give the model itself"));
    }

    /** A representation of an image: a row of the image tower, its pixels, or a row of a tower with changes. */
    @SuppressWarnings("ClassInitializationDeadlock") // a kind does not initialise an interface without default methods
    sealed interface FeatureKind {

        /** The image's embedding: the tower's last row after the visual projection. */
        FeatureKind EMBEDDED = Part.EMBEDDED;

        /** The tower's last row, normalised by its last layer norm, before the visual projection. */
        FeatureKind BEFORE_PROJECTION = Part.BEFORE_PROJECTION;

        /** The normalised pixels, [3, side, side], which are never stored. */
        FeatureKind PIXELS = Part.PIXELS;

        /** Returns the name in files; empty for {@link #EMBEDDED}. */
        String id();

        /** Returns true if it is the input of an image tower or of its upper blocks, some thousand numbers. */
        boolean isInput();

        /** The kinds that need no numbers. */
        enum Part implements FeatureKind {
            /** See {@link FeatureKind#EMBEDDED}. */
            EMBEDDED(""),
            /** See {@link FeatureKind#BEFORE_PROJECTION}. */
            BEFORE_PROJECTION("before-projection"),
            /** See {@link FeatureKind#PIXELS}. */
            PIXELS("pixels");

            private final String id;

            Part(String id) {
                this.id = id;
            }

            @Override
            public String id() {
                return id;
            }

            @Override
            public boolean isInput() {
                return this == PIXELS;
            }
        }

        /**
         * All tokens of a vision transformer on entry to a block, [tokens · width].
         *
         * @param block from 0, the first after {@code ln_pre}
         */
        record Tokens(int block) implements FeatureKind {

            @Override
            public String id() {
                return "tokens-" + block;
            }

            @Override
            public boolean isInput() {
                return true;
            }
        }

        /**
         * The embedding by a changed image tower. Two are equal if their names are.
         *
         * @param id identifies the changes and what was learned, such as by a hash
         * @param tower the changes
         */
        record Changed(String id, ChangedTower tower) implements FeatureKind {

            /** Returns the same of images that are given as another kind: pixels or tokens. */
            public Changed of(FeatureKind input) {
                int block = input instanceof Tokens tokens ? tokens.block : VisionTransformer.PIXELS;
                return new Changed(
                        id + " of " + input.id(),
                        new ChangedTower(tower.learned, tower.changes, tower.addsRows, tower.features, block));
            }

            @Override
            public boolean isInput() {
                return false;
            }

            @Override
            public boolean equals(Object other) {
                return other instanceof Changed changed && id.equals(changed.id);
            }

            @Override
            public int hashCode() {
                return id.hashCode();
            }
        }
    }

    /**
     * An image tower that a method has changed.
     *
     * @param learned the tensors of the changes
     * @param changes makes them in a graph
     * @param addsRows true if images have further rows
     * @param features number of features of an image, one after the other: 2 if a second comes of the rows
     * @param block block that the tokens of images enter; negative if it begins with pixels
     */
    record ChangedTower(
            List<LearnedTensor> learned,
            Function<Parameters.Learned, Parameters.Changes> changes,
            boolean addsRows,
            int features,
            int block) {}

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
            Require.that(
                    texts.size() == features.rows(),
                    "expected a row for each of %d texts, got %d",
                    texts.size(),
                    features.rows());
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
        public Step step(List<LearnedTensor> learned, int batch, int width, int classes, StepGraph.Loss loss) {
            StepGraph.Shape shape = new StepGraph.Shape(batch, width, logLogitScale, true, new NativeWeights.Lock());
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
}
