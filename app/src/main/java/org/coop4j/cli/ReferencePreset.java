package org.coop4j.cli;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.weights.model.ClipConfig;

/**
 * A configuration of the reference, such as {@code coop-vit-b16} (its {@code configs/trainers/CoOp/vit_b16*.yaml}): M =
 * 16 at the end, unified, batch 32, epochs by shots, and a new random crop of each image in each epoch. A method whose
 * reference draws other few-shot images than CoOp, as the linear probe's does, learns from those.
 *
 * @param architecture the model that it is for
 */
record ReferencePreset(String name, String architecture) {
    private static final List<ReferencePreset> ALL = List.of(
            new ReferencePreset("coop-rn50", "RN50"),
            new ReferencePreset("coop-rn50-ctxv1", "RN50"),
            new ReferencePreset("coop-rn101", "RN101"),
            new ReferencePreset("coop-vit-b32", "ViT-B/32"),
            new ReferencePreset("coop-vit-b16", "ViT-B/16"),
            new ReferencePreset("coop-vit-b16-ctxv1", "ViT-B/16"));

    /**
     * Returns the feature space after checking that it has the preset's model.
     *
     * @throws IllegalArgumentException if it is of another model, or of none
     */
    FeatureSpace requireModel(FeatureSpace space) throws InputException {
        ClipConfig given = space.requireTowers("preset " + name).architecture();
        if (!ClipConfig.named(architecture).equals(given)) {
            throw new IllegalArgumentException("preset %s is for %s, not this model".formatted(name, architecture));
        }
        return space;
    }

    /**
     * Returns the preset of this name.
     *
     * @throws IllegalArgumentException listing the presets if none has this name
     */
    static ReferencePreset named(String name) {
        return ALL.stream()
                .filter(preset -> preset.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("preset \"%s\": choose one of %s"
                        .formatted(name, ALL.stream().map(ReferencePreset::name).collect(joining(", ")))));
    }

    /** Returns its settings by name, each for the methods that have it; {@code ctxv1} has initial words. */
    Map<String, String> settings() {
        return name.endsWith("-ctxv1")
                ? Map.of("reference_sample", "true", "words", "a photo of a")
                : Map.of("reference_sample", "true");
    }
}
