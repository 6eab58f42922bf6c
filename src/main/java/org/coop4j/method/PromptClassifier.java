package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Heap;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.LinearHead.ClassRows;

/** Learned prompts as a classifier. */
record PromptClassifier(PromptMethod method, Clip clip, ClassifierFile file) {

    /** Normalised features of the prompts in a file, [classes, embed], which save running the text tower. */
    static final String CLASS_WEIGHTS = "class_weights";

    /** 1 for each class that was learned and 0 for others, where these are told apart, [classes, 1]. */
    static final String KNOWN = "known";

    /**
     * Returns the classifier of a file's tensors; if they include the class weights, nothing is encoded.
     *
     * @throws IOException if a tensor of the method is missing or has another shape
     */
    static Classifier read(PromptMethod method, Clip clip, ClassifierFile file) throws IOException {
        PromptClassifier read = new PromptClassifier(method.resolved(clip, null), clip, file);
        read.method.require(clip, file);
        if (!file.tensors().containsKey(CLASS_WEIGHTS)) {
            return read.classifier(MemoryLimit.none());
        }
        file.requireClassRows(clip, CLASS_WEIGHTS);
        return read.ofClassWeights();
    }

    /** Returns the classifier of the tensors alone. */
    Classifier classifier(MemoryLimit memory) {
        List<LearnedTensor> learned = file.without(KNOWN).tensors().entrySet().stream()
                .map(tensor -> LearnedTensor.of(
                        tensor.getKey(),
                        tensor.getValue().values(),
                        tensor.getValue().shape().toArray()))
                .toList();
        List<String> names = file.classNames();
        PromptEncoder encoder = clip.promptEncoder(method.prompts(clip, names));
        return classifier(
                encoder,
                PromptLearner.Objective.of(
                        method, clip, learned, null, file.origin().descriptions(), names),
                memory);
    }

    Classifier classifier(PromptEncoder encoder, PromptLearner.Objective vectors, MemoryLimit memory) {
        if (method.perImage()) {
            return perImage(encoder, vectors, memory);
        }
        FeatureMatrix weights = method.textIsFrozen()
                ? vectors.teacher()
                : method.classWeights(encoder.features(vectors, memory).normalized());
        return new PromptClassifier(method, clip, file.with(CLASS_WEIGHTS, weights)).ofClassWeights();
    }

    Classifier ofClassWeights() {
        LinearHead head = method.head(
                file.matrix(CLASS_WEIGHTS),
                file.tensors().containsKey(KNOWN) ? file.matrix(KNOWN) : null,
                clip.logitScale());
        FeatureKind kind = method.features(file.without(CLASS_WEIGHTS));
        return head.classifier(file, kind, names -> others(names, MemoryLimit.none()), () -> clip.release(kind));
    }

    private Classifier others(List<String> names, MemoryLimit memory) {
        if (!method.keepsRows()) {
            return forClasses(names).classifier(memory);
        }
        ClassRows rows = new ClassRows(
                clip,
                file,
                file.tensors().containsKey(KNOWN) ? List.of(CLASS_WEIGHTS, KNOWN) : List.of(CLASS_WEIGHTS),
                added -> Map.of(
                        KNOWN,
                        new float[added.size()],
                        CLASS_WEIGHTS,
                        forClasses(added)
                                .classifier(memory)
                                .save()
                                .matrix(CLASS_WEIGHTS)
                                .toArray()));
        return new PromptClassifier(method, clip, rows.select(names)).ofClassWeights();
    }

    /** Returns prompts of other classes: in a class-specific context each class keeps its vectors. */
    PromptClassifier forClasses(List<String> names) {
        ClassifierFile named = file.without(CLASS_WEIGHTS).without(KNOWN).withClassNames(names);
        if (!method.namesNewClasses()) {
            int[] positions = ClassRows.positions("a class-specific context", names, file.classNames());
            named = ClassRows.select(named, PromptContext.CTX, positions, null);
        }
        return new PromptClassifier(method, clip, named);
    }

    /** Returns the classifier by scaled cosines of each image with the classes' prompts for this image. */
    private Classifier perImage(PromptEncoder encoder, PromptEncoder.Vectors vectors, MemoryLimit memory) {
        return new Classifier() {
            private PromptEncoder.Encoding encoding; // planned for the first image

            @Override
            public List<String> classNames() {
                return file.classNames();
            }

            @Override
            public synchronized FeatureMatrix logits(FeatureMatrix images) {
                encoding = encoding == null ? encoder.encoding(vectors, memory) : encoding;
                return PromptClassifier.logits(encoding, images, clip.logitScale());
            }

            /** Plans an encoding of its own: whoever asks may hold the model, for which a thread in logits may wait. */
            @Override
            public Classifier at(float[] image) {
                try (PromptEncoder.Encoding own = encoder.encoding(vectors, memory)) {
                    FeatureMatrix weights =
                            own.features(FeatureMatrix.unit(image)).normalized();
                    return new LinearHead(weights, clip.logitScale(), null).classifier(file, names -> this);
                }
            }

            @Override
            public <T> T logits(LogitGraph<T> graph, T images) {
                throw new UnsupportedOperationException(
                        "its prompts depend on the image: every prediction runs the text tower");
            }

            @Override
            public Classifier forClasses(List<String> names) {
                return names.equals(classNames())
                        ? this
                        : PromptClassifier.this.forClasses(names).classifier(memory);
            }

            @Override
            public ClassifierFile save() {
                return file;
            }

            /** Frees the encoding; the next image plans it again. */
            @Override
            public synchronized void close() {
                if (encoding != null) {
                    encoding.close();
                    encoding = null;
                }
            }
        };
    }

    /** Returns logits of images with their own prompts, [images, classes]. */
    static FeatureMatrix logits(PromptEncoder.Encoding encoding, FeatureMatrix images, float scale) {
        FeatureMatrix x = images.normalized();
        int classes = encoding.classes();
        float[] logits = Heap.floats(x.rows(), classes);
        for (int i = 0; i < x.rows(); i++) {
            FeatureMatrix w = encoding.features(x.row(i)).normalized();
            for (int c = 0; c < classes; c++) {
                logits[i * classes + c] = scale * x.dot(i, w, c);
            }
        }
        return FeatureMatrix.of(x.rows(), classes, logits);
    }
}
