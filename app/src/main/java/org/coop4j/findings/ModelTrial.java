package org.coop4j.findings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.method.PromptEnsemble;

/**
 * A finding of a trial of a model's whole chain, from picture and text to label.
 *
 * @param name of what was checked, in a word
 * @param finding the result in words; of a failed check, what is wrong with the model's features
 */
public record ModelTrial(String name, boolean holds, String finding) {

    private static final int EACH = 5;
    private static final double LENGTH_ERROR = 1e-5;

    /** The accuracy must exceed chance by this number of standard deviations. */
    private static final double DEVIATIONS = 3;

    /** Captions and probabilities of the picture CLIP.png in the README of openai/CLIP, for ViT-B/32. */
    private static final List<String> CAPTIONS = List.of("a diagram", "a dog", "a cat");

    private static final double[] PUBLISHED = {0.9927937, 0.00421068, 0.00299572};

    /** Largest error of a published probability: those were computed in half precision. */
    private static final double PUBLISHED_ERROR = 2e-3;

    /**
     * Tries a model on photographs and their class names, which it should agree with better than by chance.
     *
     * @param data its test images are used, 5 per class
     * @param example the picture CLIP.png of openai/CLIP, whose probabilities are compared with those published for
     *     ViT-B/32; null for none
     * @throws IOException if a picture cannot be read
     */
    public static List<ModelTrial> of(Clip clip, ImageDataset data, Path example) throws IOException {
        List<LabelledImage> photographs = IntStream.range(0, data.classCount())
                .boxed()
                .flatMap(label -> data.test().stream()
                        .filter(image -> image.label() == label)
                        .limit(EACH))
                .toList();
        List<Path> files = photographs.stream().map(LabelledImage::path).toList();
        FeatureMatrix images = clip.encodeImages(files).normalized();
        FeatureMatrix texts = PromptEnsemble.of("a photo of a {}.").classWeights(clip, data.classNames());
        FeatureMatrix again = clip.encodeImages(files).normalized();
        List<ModelTrial> findings = new ArrayList<>();
        findings.add(check(
                "features",
                unit(images) && unit(texts),
                "finite, of unit length",
                "are not finite, or not of unit length"));
        findings.add(check(
                "repetition",
                Arrays.equals(images.toArray(), again.toArray()),
                "the same picture has the same features",
                "of one picture differ when it is encoded again"));
        findings.add(agreement(photographs, images.products(texts), data.classCount()));
        if (example != null) {
            findings.add(published(clip, example));
        }
        return findings;
    }

    private static ModelTrial agreement(List<LabelledImage> photographs, FeatureMatrix cosines, int classes) {
        long right = IntStream.range(0, photographs.size())
                .filter(i -> {
                    float[] row = cosines.row(i);
                    return IntStream.range(0, classes)
                            .noneMatch(c -> row[c] > row[photographs.get(i).label()]);
                })
                .count();
        double chance = (double) photographs.size() / classes;
        double enough = chance + DEVIATIONS * Math.sqrt(chance * (1 - 1.0 / classes));
        return check(
                "agreement",
                right > enough,
                "%d of %s classified correctly by their names; chance: %.0f"
                        .formatted(right, Numbers.count(photographs.size(), "shipped photograph"), chance),
                "of photographs and their names agree hardly better than chance (%d of %d right)"
                        .formatted(right, photographs.size()));
    }

    private static ModelTrial published(Clip clip, Path example) throws IOException {
        FeatureMatrix texts = clip.encodeTexts(CAPTIONS);
        float[] found = clip.probabilities(clip.encodeImages(List.of(example)), texts)[0];
        boolean same =
                IntStream.range(0, found.length).allMatch(i -> Math.abs(found[i] - PUBLISHED[i]) <= PUBLISHED_ERROR);
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            parts.add("%s %.4f (%.4f)".formatted(CAPTIONS.get(i), found[i], PUBLISHED[i]));
        }
        return check(
                "example",
                same,
                String.join(", ", parts),
                "do not give the published probabilities, which are those of CLIP.png by ViT-B/32: "
                        + String.join(", ", parts));
    }

    private static ModelTrial check(String name, boolean holds, String finding, String failure) {
        return new ModelTrial(name, holds, holds ? finding : failure);
    }

    private static boolean unit(FeatureMatrix features) {
        return IntStream.range(0, features.rows())
                .mapToDouble(row -> Math.sqrt(features.dot(row, features, row)))
                .allMatch(length -> Math.abs(length - 1) <= LENGTH_ERROR); // false for NaN
    }
}
