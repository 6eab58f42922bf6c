package org.coop4j.findings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Predictions;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.model.ClipConfig;

/**
 * A finding of a trial of a model's whole chain, from picture and text to label.
 *
 * @param name of what was checked, in a word
 * @param finding what should hold, with what was measured
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
     * @param numbers probabilities; logits of a SigLIP or TIPS
     * @param error largest difference: most were computed in half precision
     * @param text beginning of the first caption's unit feature, as far as it was published
     * @param image beginning of the picture's
     */
    record Example(
            String model,
            String picture,
            List<String> captions,
            List<Double> numbers,
            double error,
            List<Double> text,
            List<Double> image) {

        private Example(String model, String picture, List<String> captions, List<Double> numbers, double error) {
            this(model, picture, captions, numbers, error, List.of(), List.of());
        }
    }

    private static final double TEXT_ERROR = 1e-4;

    /** The published picture was resized by another library. */
    private static final double IMAGE_ERROR = 1e-3;

    private static final List<String> OF_CLIP_PNG = List.of("a diagram", "a dog", "a cat");

    /** The example in the README of openai/CLIP, those of the tests of transformers, and of users of open_clip. */
    static final List<Example> EXAMPLES = List.of(
            new Example(
                    "tipsv2-b14",
                    "000000039769.jpg of COCO",
                    List.of("two cats on a sofa", "a cat lying down", "a dog on a couch", "an empty room"),
                    List.of(31.1219, 26.9934, 20.2675, 17.5554),
                    0.3,
                    List.of(0.69319, 0.03710, 0.01194, 0.02136, -0.04281),
                    List.of(0.03267, 0.02216, 0.00546, 0.01890, -0.05426)),
            new Example("ViT-B/32", "CLIP.png", OF_CLIP_PNG, List.of(0.9927937, 0.00421068, 0.00299572), 2e-3),
            new Example(
                    "siglip-base-patch16-224",
                    "000000039769.jpg of COCO",
                    List.of("a photo of 2 cats", "a photo of 2 dogs"),
                    List.of(-0.7538, -10.3387),
                    1e-2),
            new Example("siglip-so400m-patch14-224", "CLIP.png", OF_CLIP_PNG, List.of(-1.25, -8.88, -10.93), 0.1));

    /** A text with its ids in a published vocabulary, without the end token. */
    private record KnownText(String text, List<Integer> ids) {}

    /** By family and size of the vocabulary. */
    private static final Map<String, KnownText> KNOWN_TEXTS = Map.of(
            "SigLIP 32000", new KnownText("the real mountain view", List.of(260, 638, 3293, 870)),
            "SigLIP 256000", new KnownText("生活的真谛是", List.of(122182, 235710, 245467, 235427)),
            "TIPS 32000",
                    new KnownText(
                            "This is a test 😊 I was born in 92000, and this is falsé.",
                            List.of(
                                    1267, 512, 262, 3213, 26717, 244, 163, 156, 142, 279, 1300, 10189, 317, 7735, 1043,
                                    48, 346, 1267, 512, 22762, 26773, 26803)));

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
        findings.add(new ModelTrial("features", unit(images) && unit(texts), "finite, of unit length"));
        findings.add(new ModelTrial(
                "repetition",
                Arrays.equals(images.toArray(), again.toArray()),
                "the same picture has the same features"));
        findings.add(agreement(photographs, images.products(texts), data.classCount()));
        KnownText known = KNOWN_TEXTS.get(
                clip.architecture().family().title() + " " + clip.tokenizer().vocabularySize());
        if (known != null) {
            List<Integer> ids =
                    Arrays.stream(clip.tokenizer().encode(known.text)).boxed().toList();
            findings.add(new ModelTrial(
                    "vocabulary",
                    ids.equals(known.ids),
                    "\"%s\" has the ids %s, published: %s".formatted(known.text, ids, known.ids)));
        }
        if (example != null) {
            findings.add(published(clip, example));
        }
        return findings;
    }

    private static ModelTrial agreement(List<LabelledImage> photographs, FeatureMatrix cosines, int classes) {
        float[][] rows = cosines.toRows();
        long right = IntStream.range(0, rows.length)
                .filter(i -> Predictions.argmax(rows[i]) == photographs.get(i).label())
                .count();
        double chance = (double) rows.length / classes;
        double enough = chance + DEVIATIONS * Math.sqrt(chance * (1 - 1.0 / classes));
        return new ModelTrial(
                "agreement",
                right > enough,
                "%d of %s classified correctly by their names; chance: %.0f"
                        .formatted(right, Numbers.count(rows.length, "shipped photograph"), chance));
    }

    private static ModelTrial published(Clip clip, Path example) throws IOException {
        ClipConfig architecture = clip.architecture();
        boolean ofLogits = architecture.text().unmasked();
        String name = ofLogits ? architecture.publishedName().orElse("") : "ViT-B/32";
        Example known = EXAMPLES.stream()
                .filter(one -> one.model.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "no example of this %s was published: omit the picture, or try siglip-base-patch16-224"
                                .formatted(architecture.family().title())));
        FeatureMatrix texts = clip.encodeTexts(known.captions).normalized();
        FeatureMatrix image = clip.encodeImages(List.of(example)).normalized();
        float[] found =
                ofLogits ? image.products(texts).times(clip.logitScale()).row(0) : clip.probabilities(image, texts)[0];
        for (int i = 0; i < found.length; i++) {
            found[i] += ofLogits ? clip.logitBias().orElse(0f) : 0;
        }
        return compared(known, ofLogits, found, texts.row(0), image.row(0));
    }

    /**
     * Compares what a model says of an example with what was published.
     *
     * @param text unit feature of the first caption
     * @param image unit feature of the picture
     */
    static ModelTrial compared(Example known, boolean ofLogits, float[] found, float[] text, float[] image) {
        boolean same = isNear(text, known.text, TEXT_ERROR) && isNear(image, known.image, IMAGE_ERROR);
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            same &= Math.abs(found[i] - known.numbers.get(i)) <= known.error;
            parts.add("%s %.4f (%.4f)".formatted(known.captions.get(i), found[i], known.numbers.get(i)));
        }
        return new ModelTrial(
                "example",
                same,
                "%s, and as published for %s by %s: %s%s"
                        .formatted(
                                ofLogits ? "logits" : "probabilities",
                                known.picture,
                                known.model,
                                String.join(", ", parts),
                                known.text.isEmpty()
                                        ? ""
                                        : "; features begin %s and %s".formatted(beginning(text), beginning(image))));
    }

    private static String beginning(float[] feature) {
        return "%.5f, %.5f".formatted(feature[0], feature[1]);
    }

    private static boolean isNear(float[] feature, List<Double> beginning, double error) {
        return IntStream.range(0, beginning.size()).allMatch(i -> Math.abs(feature[i] - beginning.get(i)) <= error);
    }

    private static boolean unit(FeatureMatrix features) {
        return IntStream.range(0, features.rows())
                .mapToDouble(row -> Math.sqrt(features.dot(row, features, row)))
                .allMatch(length -> Math.abs(length - 1) <= LENGTH_ERROR); // false for NaN
    }
}
