package org.coop4j.method;

import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.clip.PromptEncoder;

/** logits = scale · cosine of an image's features with the classes' prompts of this image. */
final class PerImageClassifier implements Classifier {

    private final Clip clip;
    private final ClassifierFile file;
    private final PromptLearner.Form form;
    private final MemoryLimit memory;
    private PromptEncoder.Encoding encoding; // planned when the first image comes

    PerImageClassifier(
            Clip clip, ClassifierFile file, PromptLearner.Form form, MemoryLimit memory) {
        this.clip = clip;
        this.file = file;
        this.form = form;
        this.memory = memory;
    }

    @Override
    public synchronized FeatureMatrix logits(FeatureMatrix images) {
        if (encoding == null) {
            encoding =
                    clip.promptEncoder(form.prompts(clip, classNames()))
                            .encoding(form.vectors(clip, file), memory);
        }
        return FeatureMatrix.of(
                images.rows(), classNames().size(), logits(encoding, images, clip.logitScale()));
    }

    @Override
    public <T> T logits(LogitGraph<T> graph, T images) {
        throw new UnsupportedOperationException(
                "its prompts depend on the image: the text tower is part of every prediction");
    }

    /** [images, classes], row after row. */
    static float[] logits(PromptEncoder.Encoding encoding, FeatureMatrix images, float scale) {
        FeatureMatrix x = images.normalized();
        int classes = encoding.classes();
        float[] logits = new float[Math.multiplyExact(x.rows(), classes)];
        for (int i = 0; i < x.rows(); i++) {
            FeatureMatrix w = encoding.features(x.row(i)).normalized();
            for (int c = 0; c < classes; c++) {
                logits[i * classes + c] = scale * x.dot(i, w, c);
            }
        }
        return logits;
    }

    @Override
    public Classifier forClasses(List<String> names) {
        return names.equals(classNames())
                ? this
                : new PerImageClassifier(clip, form.forClasses(file, names), form, memory);
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
}
