package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.require;

import java.util.Map;
import java.util.TreeMap;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.model.ClipConfig;

/**
 * A configuration of the reference, such as {@code coop-vit-b16} (its {@code configs/trainers/CoOp/vit_b16*.yaml}): M =
 * 16 at the end, unified, batch 32, epochs by shots, and a new random crop of each image in each epoch. A method whose
 * reference draws other few-shot images than CoOp, as the linear probe's does, learns from those.
 *
 * @param architecture the model that it is for
 */
record ReferencePreset(String name, String architecture) {
    private static final Map<String, String> ARCHITECTURES = new TreeMap<>(Map.of(
            "coop-rn50", "RN50",
            "coop-rn50-ctxv1", "RN50",
            "coop-rn101", "RN101",
            "coop-vit-b32", "ViT-B/32",
            "coop-vit-b16", "ViT-B/16",
            "coop-vit-b16-ctxv1", "ViT-B/16"));

    /** Checks that a space has the preset's model. */
    void requireModel(FeatureSpace space) throws InputException {
        ClipConfig given = space.requireTowers("preset " + name).architecture();
        require(
                ClipConfig.named(architecture).equals(given),
                "preset %s is for %s, not this model",
                name,
                architecture);
    }

    /**
     * Returns the preset of this name.
     *
     * @throws IllegalArgumentException listing the presets if none has this name
     */
    static ReferencePreset named(String name) {
        String architecture = ARCHITECTURES.get(name);
        Require.that(
                architecture != null,
                "preset \"%s\": choose one of %s",
                name,
                String.join(", ", ARCHITECTURES.keySet()));
        return new ReferencePreset(name, architecture);
    }

    /** Returns its settings by name, each for the methods that have it; {@code ctxv1} has initial words. */
    Map<String, String> settings() {
        return name.endsWith("-ctxv1")
                ? Map.of("reference_sample", "true", "words", "a photo of a")
                : Map.of("reference_sample", "true");
    }
}
