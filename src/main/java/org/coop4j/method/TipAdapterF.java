package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.op.Activation;
import org.coop4j.method.KeyCache.CacheWeights;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.BatchOrder;
import org.coop4j.method.train.Optimizer.Kind;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.method.train.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Tip-Adapter-F (Zhang et al., ECCV 2022; the reference's {@code main.py}): {@link TipAdapter}
 * whose keys are trained; they are not normalised again. The last epoch counts, and a search on val
 * comes after it; the reference keeps the epoch that is best on test.
 *
 * @param cache how much the cache counts, in training and without val images also afterwards
 * @param prompts hand-written prompts of the text features
 */
public record TipAdapterF(CacheWeights cache, TextPrompts prompts) implements FeatureMethod {

    public TipAdapterF() {
        this(new CacheWeights(), new TextPrompts());
    }

    @Override
    public String id() {
        return "tip-adapter-f";
    }

    @Override
    public String title() {
        return "Tip-Adapter-F";
    }

    @Override
    public String summary() {
        return "Tip-Adapter whose keys are trained for 20 epochs: seconds. Take it with several"
                + " images a class. The last epoch counts; alpha and beta are chosen on the val"
                + " images where there are any. A class without keys keeps its zero-shot logit."
                + " Zhang et al., ECCV 2022; published with ResNet-50 at 1, 2, 4, 8, 16 shots:"
                + " 64.60, 66.65, 69.67, 72.45, 75.83 %, with the epoch that was best on test.";
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Kind.ADAMW, 20, 256, 0.001, 0.01, 1e-4, Schedule.STEP_COSINE);
    }

    @Override
    public boolean usesVal() {
        return cache.search();
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return new Keys(text.space(), data, text.weights(), cache);
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return images;
    }

    /**
     * Keys that are trained.
     *
     * @param text normalised text features, one row a class
     */
    record Keys(FeatureSpace space, FewShotFeatures data, FeatureMatrix text, CacheWeights cache, LearnedTensor keys)
            implements FeatureMethod.Model {

        Keys(FeatureSpace space, FewShotFeatures data, FeatureMatrix text, CacheWeights cache) {
            this(space, data, text, cache, initial(data));
        }

        private static LearnedTensor initial(FewShotFeatures data) {
            return KeyCache.keys(data.train()).learned(KeyCache.KEYS);
        }

        @Override
        public List<LearnedTensor> learned() {
            return List.of(keys);
        }

        @Override
        public BatchOrder order(int samples, Trainer trainer) {
            return BatchOrder.shuffledWhole(samples, trainer.training().batch(), trainer.seed());
        }

        @Override
        public SDVariable loss(StepGraph step) {
            SDVariable zeroShot = step.cosineLogits(step.perClass("text", text));
            SDVariable cosines = step.ops().linear(step.images(), step.learned(KeyCache.KEYS));
            SDVariable affinity =
                    step.ops().activation(Activation.Kind.EXP, cosines.sub(1).mul(cache.beta()));
            SDVariable votes = step.ops().sumColumns(affinity, data.train().labels(), text.rows());
            return step.crossEntropy(step.ops().add(zeroShot, votes.mul(cache.alpha())));
        }

        @Override
        public ClassifierFile addTo(ClassifierFile file) {
            return KeyCache.addTo(file, space, cache, data, FeatureMatrix.of(keys), text);
        }
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return KeyCache.read(space, file, cache, prompts.ofFile());
    }
}
