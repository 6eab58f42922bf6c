package org.coop4j.method;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.coop4j.clip.Step;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.train.Optimizer;
import org.coop4j.train.Trainable;
import org.coop4j.train.Training;

/** A loss of batches of image features: view v of an image is what epoch v sees of it. */
final class BatchTrainable implements Trainable, AutoCloseable {

    private final FeatureSet images;
    private final List<LearnedTensor> learned;
    private final Function<Training, Optimizer> optimizer;
    private final IntFunction<Step> planned;
    private final boolean normalized;
    private final Map<Integer, Step> steps = new HashMap<>();

    /**
     * @param normalized whether the loss takes features divided by their norm
     * @param optimizer makes what moves the learned tensors
     * @param planned plans a step of so many images
     */
    BatchTrainable(
            FeatureSet images,
            boolean normalized,
            List<LearnedTensor> learned,
            Function<Training, Optimizer> optimizer,
            IntFunction<Step> planned) {
        this.images = images;
        this.normalized = normalized;
        this.learned = learned;
        this.optimizer = optimizer;
        this.planned = planned;
    }

    @Override
    public List<LearnedTensor> learned() {
        return learned;
    }

    @Override
    public Optimizer optimizer(Training training) {
        return optimizer.apply(training);
    }

    @Override
    public long bytes(int batch) {
        return step(batch).bytes();
    }

    @Override
    public BatchResult step(int epoch, int[] examples) {
        int width = images.width();
        float[] features = new float[examples.length * width];
        int[] labels = new int[examples.length];
        for (int i = 0; i < examples.length; i++) {
            if (normalized) {
                images.copyNormalized(examples[i], epoch, features, i * width);
            } else {
                images.copy(examples[i], epoch, features, i * width);
            }
            labels[i] = images.label(examples[i]);
        }
        Step step = step(examples.length);
        step.run(features, labels);
        return new BatchResult(step.loss(), step.accuracy());
    }

    private Step step(int batch) {
        return steps.computeIfAbsent(batch, planned::apply);
    }

    /** Frees the steps. */
    @Override
    public void close() {
        steps.values().forEach(Step::close);
    }
}
