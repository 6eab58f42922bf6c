package org.coop4j.findings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    /**
     * A picture with captions and the numbers that were published for them.
     *
     * @param model whose numbers they are
     * @param picture the file
     * @param numbers probabilities; logits of a SigLIP
     * @param error largest difference: most were computed in half precision
     */
    private record Example(String model, String picture, List<String> captions, List<Double> numbers, double error) {

        /** The example in the README of openai/CLIP. */
        static final Example OF_CLIP = new Example(
                "ViT-B/32",
                "CLIP.png",
                List.of("a diagram", "a dog", "a cat"),
                List.of(0.9927937, 0.00421068, 0.00299572),
                2e-3);

        /** Those of the tests of transformers, and of users of open_clip. */
        static final List<Example> OF_SIGLIP = List.of(
                new Example(
                        "siglip-base-patch16-224",
                        "000000039769.jpg of COCO",
                        List.of("a photo of 2 cats", "a photo of 2 dogs"),
                        List.of(-0.7538, -10.3387),
                        1e-2),
                new Example(
                        "siglip-so400m-patch14-224", "CLIP.png", OF_CLIP.captions, List.of(-1.25, -8.88, -10.93), 0.1));

        static Optional<Example> of(Clip clip) {
            Optional<String> name = clip.architecture().publishedName();
            return clip.logitBias().isEmpty()
                    ? Optional.of(OF_CLIP)
                    : OF_SIGLIP.stream()
                            .filter(example -> name.equals(Optional.of(example.model)))
                            .findFirst();
        }
    }

    /** Texts by the size of the published vocabulary, and their ids in it without the end token. */
    private static final Map<Integer, String> KNOWN_TEXTS = Map.of(32_000, "the real mountain view", 256_000, "生活的真谛是");

    private static final Map<String, int[]> KNOWN_IDS = Map.of(
            "the real mountain view", new int[] {260, 638, 3293, 870},
            "生活的真谛是", new int[] {122182, 235710, 245467, 235427});

    /**
     * Tries a model on photographs and their class names, which it should agree with better than by chance.
     *
     * @param data its test images are used, 5 per class
     * @param example the picture of a published example: for CLIP, CLIP.png of openai/CLIP, compared with ViT-B/32's
     *     probabilities; null for none
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
        String text = KNOWN_TEXTS.get(clip.tokenizer().vocabularySize());
        if (clip.logitBias().isPresent() && text != null) {
            int[] ids = clip.tokenizer().encode(text);
            findings.add(check(
                    "vocabulary",
                    Arrays.equals(ids, KNOWN_IDS.get(text)),
                    "\"%s\" has the published ids %s".formatted(text, Arrays.toString(ids)),
                    "of texts are not the published ones: \"%s\" has the ids %s, expected %s"
                            .formatted(text, Arrays.toString(ids), Arrays.toString(KNOWN_IDS.get(text)))));
        }
        if (example != null) {
            Example published = Example.of(clip)
                    .orElseThrow(
                            () -> new IllegalArgumentException(
                                    "no example of this SigLIP was published: omit the picture, or try siglip-base-patch16-224"));
            findings.add(published(clip, published, example));
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
                "of photographs and their names agree little better than chance (%d of %d right)"
                        .formatted(right, photographs.size()));
    }

    private static ModelTrial published(Clip clip, Example known, Path example) throws IOException {
        FeatureMatrix texts = clip.encodeTexts(known.captions);
        FeatureMatrix image = clip.encodeImages(List.of(example));
        boolean ofLogits = clip.logitBias().isPresent();
        float[] found = ofLogits ? clip.independentLogits(image, texts)[0] : clip.probabilities(image, texts)[0];
        boolean same = IntStream.range(0, found.length)
                .allMatch(i -> Math.abs(found[i] - known.numbers.get(i)) <= known.error);
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            parts.add("%s %.4f (%.4f)".formatted(known.captions.get(i), found[i], known.numbers.get(i)));
        }
        return check(
                "example",
                same,
                String.join(", ", parts),
                "do not give the %s published for %s by %s: %s"
                        .formatted(
                                ofLogits ? "logits" : "probabilities",
                                known.picture,
                                known.model,
                                String.join(", ", parts)));
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
