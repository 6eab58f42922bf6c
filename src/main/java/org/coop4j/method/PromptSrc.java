package org.coop4j.method;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Require;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.PromptEncoder;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.Activation;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.FeatureMethod.ClassTexts;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * PromptSRC (Khattak, Wasim, Naseer, Khan, Yang, Khan: "Self-regulating Prompts", ICCV 2023; the reference's {@code
 * trainers/promptsrc.py}): IVLP whose features and logits stay close to those of the frozen towers, and whose vectors are
 * averaged over the epochs with Gaussian weights.
 *
 * <p>loss = cross-entropy + 25 mean |w − t| + 10 mean |f − f₀| + KL(teacher ‖ prompted) / C, with w and f the normalised
 * class and image features, t and f₀ the teacher's, and C classes. The average replaces the vectors after the training. At
 * another logit scale than 100 both weights are divided by {@link Training#reach}, not by its square, since the distances are
 * not squared.
 *
 * @param prompts vectors of both towers
 * @param textWeight weight of the distance of class features
 * @param imageWeight weight of the distance of image features
 * @param mean of the Gaussian weights, as a share of the epochs
 * @param deviation of the Gaussian weights, as a share of the epochs
 */
record PromptSrc(
        TowerPrompts prompts,
        @Setting("weight at logit scale 100 of the distance from the teacher's class features") double textWeight,
        @Setting("weight at logit scale 100 of the distance from the teacher's image features") double imageWeight,
        @Setting("mean of the weights of epochs, as a share of all epochs") double mean,
        @Setting("standard deviation of the weights of epochs, as a share of all epochs") double deviation)
        implements TowerPrompts.InBothTowers {

    private static final String AVERAGE = "average";

    public PromptSrc {
        Require.present("prompts", prompts);
        Require.notNegative("text_weight", textWeight);
        Require.notNegative("image_weight", imageWeight);
        Require.positive("mean", mean);
        Require.positive("deviation", deviation);
    }

    /** The reference's: four vectors and four rows in nine blocks, here at most; the weights of 20 epochs. */
    public PromptSrc() {
        this(new TowerPrompts(4, 4, 0, 0, 0), 25, 10, 0.75, 0.05);
    }

    @Override
    public About about() {
        return new About(
                "promptsrc",
                "PromptSRC (%d + %d)".formatted(prompts.textLength(), prompts.imageLength()),
                "IVLP held close to the frozen towers and averaged over its epochs; accurate on known and on new classes (Khattak"
                        + " et al., ICCV 2023).");
    }

    /** Returns the few-shot training: 50 epochs. */
    @Override
    public Training training(int shots) {
        return Training.sgd(50, 4, 0.0025, Training.WEIGHT_DECAY, Schedule.EPOCH_COSINE);
    }

    @Override
    public Fast fast(Clip clip, int block, int classes) {
        return new Fast(with(Map.of("first_block", block)), fastTraining(), 2);
    }

    /** Returns the mean of the features of ImageNet's templates, which are not normalised before it. */
    @Override
    public FeatureMatrix teacher(Clip clip, String own, ClassDescriptions descriptions, List<String> classNames) {
        PromptEnsemble templates = new PromptEnsemble(PromptTemplates.imageNet()).with(descriptions);
        return new ClassTexts(templates, clip, classNames).raw().normalized();
    }

    @Override
    public PromptEncoder.Loss loss(FeatureMatrix teacher) {
        return (step, classFeatures) -> {
            SDVariable w = step.ops().normalizeRows(classFeatures); // [classes, embed]
            SDVariable t = step.perClass("teacher", teacher); // [classes, embed]
            SDVariable f = step.images(); // [batch, embed]
            SDVariable f0 = step.frozenImages(); // [batch, embed]
            SDVariable z = step.cosineLogits(w); // [batch, classes]
            SDVariable z0 = step.scaled(step.ops().linear(f0, t)); // [batch, classes]
            double reach = Training.reach(step.logitScale());
            // The cross-entropy of the teacher with itself is its entropy.
            SDVariable divergence =
                    step.ops().crossEntropy(z, z0).sub(step.ops().crossEntropy(z0, z0));
            return step.crossEntropy(z)
                    .add(distance(step, "text share", w, t, teacher.rows(), teacher.width(), textWeight / reach))
                    .add(distance(step, "image share", f, f0, step.batch(), teacher.width(), imageWeight / reach))
                    .add(divergence.div(step.classes()));
        };
    }

    /** Returns weight · mean |x − y|; x and y [rows, width]. */
    private static SDVariable distance(
            StepGraph step, String name, SDVariable x, SDVariable y, int rows, int width, double weight) {
        SDVariable difference = x.sub(y);
        SDVariable absolute = step.ops()
                .add(
                        step.ops().activation(Activation.Kind.RELU, difference),
                        step.ops().activation(Activation.Kind.RELU, difference.mul(-1)));
        float[] shares = new float[rows * width];
        Arrays.fill(shares, (float) (weight / shares.length));
        return step.ops().innerProduct(absolute, step.constant(name, FeatureMatrix.of(rows, width, shares)));
    }

    @Override
    public Optimizer optimizer(Training training, int batches) {
        return new Averaging(training, batches, mean * training.epochs(), deviation * training.epochs());
    }

    /** Adds up the vectors after each epoch, with Gaussian weights. */
    static final class Averaging extends Optimizer {

        private final int batches;
        private final double[] weights; // by epoch

        Averaging(Training training, int batches, double mean, double deviation) {
            super(training);
            this.batches = batches;
            weights = weights(training.epochs(), mean, deviation);
        }

        /** Returns the weights of the epochs, counted from 1, whose sum is 1. */
        static double[] weights(int epochs, double mean, double deviation) {
            double[] weights = new double[epochs];
            double sum = 0;
            for (int e = 0; e < epochs; e++) {
                double distance = (e + 1 - mean) / deviation;
                weights[e] = Math.exp(-distance * distance / 2);
                sum += weights[e];
            }
            for (int e = 0; e < epochs; e++) {
                weights[e] /= sum;
            }
            return weights;
        }

        @Override
        public void step(List<LearnedTensor> tensors, double rate, long step) {
            super.step(tensors, rate, step);
            for (LearnedTensor tensor : tensors) {
                float[] average = array(tensor, AVERAGE);
                double weight = step % batches == 0 ? weights[Math.toIntExact(step / batches) - 1] : 0;
                for (int i = 0; i < average.length; i++) {
                    average[i] += (float) (weight * tensor.values()[i]);
                }
            }
        }

        @Override
        public void finish(List<LearnedTensor> tensors) {
            for (LearnedTensor tensor : tensors) {
                System.arraycopy(array(tensor, AVERAGE), 0, tensor.values(), 0, tensor.values().length);
            }
        }
    }
}
