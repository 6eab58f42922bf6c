package org.coop4j.serve;

import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.Classifier;
import org.coop4j.method.Classifier.LogitGraph;
import org.coop4j.method.ClassifierFile;

/** A classifier that first runs something, such as a wait or a failure. */
final class Hindrance implements Classifier {

    private final Classifier classifier;
    volatile Runnable before = () -> {};
    volatile Runnable beforeMap = () -> {};

    Hindrance(Classifier classifier) {
        this.classifier = classifier;
    }

    @Override
    public List<String> classNames() {
        return classifier.classNames();
    }

    @Override
    public FeatureMatrix logits(FeatureMatrix images) {
        before.run();
        return classifier.logits(images);
    }

    @Override
    public <T> T logits(LogitGraph<T> graph, T images) {
        beforeMap.run();
        return classifier.logits(graph, images);
    }

    @Override
    public Classifier forClasses(List<String> names) {
        return classifier.forClasses(names);
    }

    @Override
    public ClassifierFile save() {
        return classifier.save();
    }

    @Override
    public void close() {
        classifier.close();
    }
}
