package org.coop4j.features;

import java.io.IOException;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.StepGraph;
import org.coop4j.features.TipAdapter.CacheWeights;
import org.coop4j.features.TipAdapter.KeyCache;
import org.coop4j.graph.Activation;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.FeatureMethod;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Optimizer.Algorithm;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.method.Training.BatchOrder;
import org.coop4j.method.Training.Schedule;
import org.nd4j.autodiff.samediff.SDVariable;

/**
 * Tip-Adapter-F (Zhang et al., ECCV 2022; the reference's {@code main.py}): {@link TipAdapter} with trained keys, which
 * are not normalised again. The last epoch counts, followed by a search on val images; the reference keeps the epoch
 * that is best on test images.
 *
 * @param cache weight and sharpness of the cache in training and, without val images, afterwards
 * @param prompts hand-written prompts of the text features
 */
record TipAdapterF(CacheWeights cache, TextPrompts prompts) implements FeatureMethod {

    public TipAdapterF {
        Require.present("cache", cache);
        Require.present("prompts", prompts);
    }

    public TipAdapterF() {
        this(new CacheWeights(), new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "tip-adapter-f",
                "Tip-Adapter-F",
                "Tip-Adapter with trained keys; for several images per class (Zhang et al., ECCV 2022).");
    }

    @Override
    public Training training(int shots) {
        return Training.adam(Algorithm.ADAMW, 20, 256, 0.001, 0.01, 1e-4, Schedule.STEP_COSINE);
    }

    /** Returns the reference's: the logit scale is not a factor of the votes, and so of the keys' gradients. */
    @Override
    public Training adapted(Training reference, double logitScale) {
        return reference;
    }

    @Override
    public boolean usesVal() {
        return cache.search();
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        FeatureMatrix text = texts.weights();
        LearnedTensor keys = KeyCache.keys(data.train()).learned(KeyCache.KEYS);
        return new Head(file -> KeyCache.addTo(file, texts.space(), cache, data, FeatureMatrix.of(keys), text), keys) {
            @Override
            public BatchOrder order(int samples, Trainer trainer) {
                return BatchOrder.shuffledWhole(samples, trainer.training().batch(), trainer.seed());
            }

            @Override
            public SDVariable loss(StepGraph step) {
                SDVariable zeroShot = step.cosineLogits(step.perClass("text", text));
                SDVariable cosines = step.ops().linear(step.images(), step.learned(KeyCache.KEYS));
                SDVariable affinity = step.ops()
                        .activation(Activation.Kind.EXP, cosines.sub(1).mul(cache.beta()));
                SDVariable votes = step.ops().sumColumns(affinity, data.train().labels(), text.rows());
                return step.crossEntropy(step.ops().add(zeroShot, votes.mul(cache.alpha())));
            }
        };
    }

    /** The keys are trained with the weights before the search. */
    @Override
    public Head settled(ClassifierFile learned, ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        return start(texts, data, trainer);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return KeyCache.read(this, cache, space, file);
    }
}
