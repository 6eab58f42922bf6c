package org.coop4j.method.train;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.coop4j.clip.Step;
import org.coop4j.data.FeatureSet;
import org.coop4j.graph.LearnedTensor;

/**
 * A training step over a batch of image features: the loss, whose gradients it leaves in the learned tensors. View v of
 * an image is what epoch v sees of it.
 */
public class BatchStep implements AutoCloseable {

    private final FeatureSet images;
    private final boolean normalized;
    private final List<LearnedTensor> learned;
    private final IntFunction<Step> planned;
    private final Map<Integer, Step> steps = new HashMap<>();
    private boolean oneByOne;
    private double accuracy;

    /**
     * A step over batches of some images.
     *
     * @param normalized whether the loss takes features divided by their norm
     * @param learned the tensors that the optimizer changes between steps
     * @param planned plans a step of so many images
     */
    public BatchStep(FeatureSet images, boolean normalized, List<LearnedTensor> learned, IntFunction<Step> planned) {
        this.images = images;
        this.normalized = normalized;
        this.learned = learned;
        this.planned = planned;
    }

    /** The same with a batch as the mean of steps of one image each, where each image has prompts of its own. */
    public BatchStep oneByOne() {
        oneByOne = true;
        return this;
    }

    /** The tensors that are learned. */
    public List<LearnedTensor> learned() {
        return learned;
    }

    /** Bytes of native memory for the intermediate values of a step of so many images. */
    public long bytes(int batch) {
        return step(oneByOne ? 1 : batch).bytes();
    }

    /**
     * Computes the loss of a batch with the tensors as they are, and leaves the gradients in them.
     *
     * @param epoch which epoch it is, from 0
     * @param examples numbers of the batch's images
     * @return the mean loss of the batch
     */
    public double run(int epoch, int[] examples) {
        return oneByOne ? runOneByOne(epoch, examples) : runWhole(epoch, examples);
    }

    /** Share of the last batch that was classified correctly, 0 to 1. */
    public double accuracy() {
        return accuracy;
    }

    private double runWhole(int epoch, int[] examples) {
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
        accuracy = step.accuracy();
        return step.loss();
    }

    private double runOneByOne(int epoch, int[] examples) {
        List<float[]> sums =
                learned.stream().map(t -> new float[t.values().length]).toList();
        double loss = 0;
        double correct = 0;
        for (int example : examples) {
            loss += runWhole(epoch, new int[] {example}) / examples.length;
            correct += accuracy / examples.length;
            for (int t = 0; t < sums.size(); t++) {
                float[] sum = sums.get(t);
                float[] gradient = learned.get(t).gradient();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += gradient[i] / examples.length;
                }
            }
        }
        for (int t = 0; t < sums.size(); t++) {
            float[] sum = sums.get(t);
            System.arraycopy(sum, 0, learned.get(t).gradient(), 0, sum.length);
        }
        accuracy = correct;
        return loss;
    }

    private Step step(int batch) {
        return steps.computeIfAbsent(batch, planned::apply);
    }

    /** Frees the plans. */
    @Override
    public void close() {
        steps.values().forEach(Step::close);
    }
}
