package org.coop4j.serve;

import org.coop4j.predict.ImageClassifier;

/** A classifier that the service offers. Its description changes when its file is replaced. */
public final class ServedClassifier {

    private final ImageClassifier classifier;
    private volatile ClassifierInfo info;

    /**
     * @param classifier open as long as the service runs; closed by its owner
     */
    public ServedClassifier(ClassifierInfo info, ImageClassifier classifier) {
        this.info = info;
        this.classifier = classifier;
    }

    public ClassifierInfo info() {
        return info;
    }

    public ImageClassifier classifier() {
        return classifier;
    }

    /** Takes over the description of a replaced classifier, of the same name. */
    void describe(ClassifierInfo replaced) {
        info = replaced;
    }
}
