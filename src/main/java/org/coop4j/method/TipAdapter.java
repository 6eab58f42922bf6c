package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.KeyCache.CacheWeights;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.Trainer;

/**
 * Tip-Adapter (Zhang et al.: "Tip-Adapter: Training-free Adaption of CLIP for Few-shot
 * Classification", ECCV 2022; the reference's {@code main.py}): the training images are the keys of
 * a cache whose votes are added to the zero-shot logits.
 *
 * @param cache how much the cache counts
 * @param prompts hand-written prompts of the text features
 */
public record TipAdapter(CacheWeights cache, TextPrompts prompts) implements FeatureMethod {

    public TipAdapter() {
        this(new CacheWeights(), new TextPrompts());
    }

    @Override
    public String id() {
        return "tip-adapter";
    }

    @Override
    public String title() {
        return "Tip-Adapter";
    }

    @Override
    public String summary() {
        return "Keeps the training images' features as the keys of a cache and adds to the"
                + " zero-shot logits a vote of the keys near the image. Trains nothing: a second,"
                + " and as many products an image afterwards as there are training images. alpha"
                + " and beta are chosen on the val images where there are any. Take it where"
                + " there is no time to train. A class without keys keeps its zero-shot logit."
                + " Zhang et al., ECCV 2022; published with ResNet-50 at 1, 2, 4, 8, 16 shots:"
                + " 62.33, 64.62, 66.54, 68.50, 70.32 %, its search made on full val sets and, on"
                + " ImageNet, on test.";
    }

    @Override
    public boolean usesVal() {
        return cache.search();
    }

    @Override
    public FeatureMethod.Model start(FeatureMethod.Texts text, FewShotFeatures data, Trainer trainer) {
        return file -> KeyCache.addTo(file, text.space(), cache, data, KeyCache.keys(data.train()), text.weights());
    }

    @Override
    public double rows(FeatureSpace space, int classes, int images) {
        return 1;
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return KeyCache.read(space, file, cache, prompts.ofFile());
    }
}
