package org.coop4j.method;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.coop4j.clip.Step;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Labels;
import org.coop4j.graph.LearnedTensor;

/**
 * A training step over a batch of image features: computes the loss and stores its gradients in the learned tensors.
 * Epoch v uses view v of an image.
 */
class BatchStep implements AutoCloseable {

    /** Up to so many numbers, the rows that steps take are computed once and kept. */
    private static final long MOST_KEPT = 1 << 24;

    private final FeatureSet images;
    private final boolean normalized;
    private float[] kept; // all rows, divided by their norm; null before the first, and if they are too many
    private final List<LearnedTensor> learned;
    private final IntFunction<Step> planned;
    private final Map<Integer, Step> steps = new HashMap<>();
    private Function<List<Labels>, float[][]> targets; // null for single labels
    private int[] batch; // the last one, with what belongs to it
    private float[] features;
    private int[] labels;
    private float[][] weights;
    private boolean oneByOne;
    private double accuracy;

    /**
     * A step over batches of some images.
     *
     * @param normalized whether the loss takes features divided by their norm
     * @param learned the tensors that the optimizer changes between steps
     * @param planned plans a step for a number of images
     */
    public BatchStep(FeatureSet images, boolean normalized, List<LearnedTensor> learned, IntFunction<Step> planned) {
        this.images = images;
        this.normalized = normalized;
        this.learned = learned;
        this.planned = planned;
    }

    /** Gives each step the weights of a batch with several labels per image; null leaves single labels. */
    BatchStep with(Function<List<Labels>, float[][]> weights) {
        targets = weights;
        return this;
    }

    /** Averages steps of one image each over a batch, for prompts that depend on the image. */
    public BatchStep oneByOne() {
        oneByOne = true;
        return this;
    }

    public List<LearnedTensor> learned() {
        return learned;
    }

    /** Returns the bytes of native memory for the intermediate values of a step. */
    public long bytes(int batch) {
        return step(oneByOne ? 1 : batch).bytes();
    }

    /**
     * Computes the loss of a batch and stores the gradients in the tensors.
     *
     * @param epoch number of the epoch, from 0
     * @param examples indices of the batch's images
     * @return the mean loss of the batch
     */
    public double run(int epoch, int[] examples) {
        return oneByOne ? runOneByOne(epoch, examples) : runWhole(epoch, examples);
    }

    /** Returns the share of the last batch classified correctly, 0 to 1. */
    public double accuracy() {
        return accuracy;
    }

    private double runWhole(int epoch, int[] examples) {
        if (images.views() > 1 || !Arrays.equals(examples, batch)) {
            load(epoch, examples);
        }
        Step step = step(examples.length);
        step.draw((long) epoch << Integer.SIZE ^ Arrays.hashCode(examples));
        if (weights == null) {
            step.run(features, labels);
        } else {
            step.run(features, weights);
        }
        accuracy = step.accuracy();
        return step.loss();
    }

    /** Gathers a batch; steps over the same images again find it there. */
    private void load(int epoch, int[] examples) {
        int width = images.width();
        if (normalized && kept == null && images.views() == 1 && (long) images.size() * width <= MOST_KEPT) {
            kept = images.matrix().normalized().toArray();
        }
        batch = examples.clone();
        features = new float[examples.length * width]; // another array, since steps know the last one
        labels = new int[examples.length];
        for (int i = 0; i < examples.length; i++) {
            if (kept != null) {
                System.arraycopy(kept, examples[i] * width, features, i * width, width);
            } else if (normalized) {
                images.copyNormalized(examples[i], epoch, features, i * width);
            } else {
                images.copy(examples[i], epoch, features, i * width);
            }
            labels[i] = targets == null ? images.label(examples[i]) : 0;
        }
        weights = targets == null
                ? null
                : targets.apply(IntStream.of(examples).mapToObj(images::labels).toList());
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
