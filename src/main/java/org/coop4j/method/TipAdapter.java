package org.coop4j.method;

import java.io.IOException;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.KeyCache.CacheWeights;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.train.Trainer;

/**
 * Tip-Adapter (Zhang et al.: "Tip-Adapter: Training-free Adaption of CLIP for Few-shot Classification", ECCV 2022; the
 * reference's {@code main.py}): the training images are the keys of a cache whose votes are added to the zero-shot
 * logits.
 *
 * @param cache weight and sharpness of the cache
 * @param prompts hand-written prompts of the text features
 */
public record TipAdapter(CacheWeights cache, TextPrompts prompts) implements FeatureMethod {

    public TipAdapter() {
        this(new CacheWeights(), new TextPrompts());
    }

    @Override
    public About about() {
        return new About(
                "tip-adapter",
                "Tip-Adapter",
                "Adds votes from a cache of the training images to the zero-shot logits; trains nothing (Zhang et al.,"
                        + " ECCV 2022).");
    }

    @Override
    public boolean usesVal() {
        return cache.search();
    }

    @Override
    public Model start(Texts texts, FewShotFeatures data, Trainer trainer) {
        return new Model(
                file -> KeyCache.addTo(file, texts.space(), cache, data, KeyCache.keys(data.train()), texts.weights()));
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return KeyCache.read(this, cache, space, file);
    }
}
