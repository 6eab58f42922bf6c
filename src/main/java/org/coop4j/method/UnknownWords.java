package org.coop4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Numbers;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;

/**
 * Finds class names with tokens that a model has never seen: a small pre-trained model has zero embeddings for them.
 * CLIP's published models have seen every token. SigLIP's first vocabulary makes one unknown token of whole words in other
 * scripts, so that different names become the same prompt.
 */
public final class UnknownWords {

    /** Maximum number of names in a warning. */
    private static final int NAMED = 30;

    private UnknownWords() {}

    /** Returns the distinct names with at least one unknown word. */
    public static List<String> of(Clip clip, List<String> classNames) {
        return classNames.stream()
                .distinct()
                .filter(name -> Arrays.stream(clip.tokenizer().encode(name.replace('_', ' ')))
                        .anyMatch(token -> isZero(clip.tokenEmbedding(token))))
                .toList();
    }

    /** Returns true for the embedding of a token that was never learned. */
    public static boolean isZero(float[] embedding) {
        for (float value : embedding) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns a warning for the user if there are such names. */
    public static Optional<String> warning(FeatureSpace space, List<String> classNames) {
        List<String> unknown = space.towers().map(clip -> of(clip, classNames)).orElse(List.of());
        return unknown.isEmpty()
                ? space.towers().flatMap(clip -> alike(clip, classNames))
                : Optional.of("the model does not know a word in %s: %s; prompts will be weak"
                        .formatted(
                                unknown.size() == 1 ? "this name" : "each of these names",
                                Numbers.some(unknown, NAMED)));
    }

    /** Returns a warning about different names with the same tokens. */
    private static Optional<String> alike(Clip clip, List<String> classNames) {
        Map<List<Integer>, String> known = new HashMap<>();
        for (String name : classNames) {
            List<Integer> ids = Arrays.stream(clip.tokenizer().encode(name.replace('_', ' ')))
                    .boxed()
                    .toList();
            String other = known.putIfAbsent(ids, name);
            if (other != null && !other.equals(name)) {
                return Optional.of(
                        "the model reads \"%s\" and \"%s\" as the same tokens: it cannot distinguish them by name"
                                .formatted(other, name));
            }
        }
        return Optional.empty();
    }

    /** Returns a warning about the classes that a classifier did not learn. */
    public static Optional<String> warning(FeatureSpace space, ClassifierFile learned, List<String> classNames) {
        List<String> others = new ArrayList<>(classNames);
        others.removeAll(learned.classNames());
        return warning(space, others);
    }
}
