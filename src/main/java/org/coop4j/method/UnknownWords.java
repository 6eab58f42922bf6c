package org.coop4j.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace;

/**
 * Class names with tokens that a model never saw: a model that {@code coop pretrain} made has zeros
 * in place of their embeddings. CLIP's published models have seen every token.
 */
public final class UnknownWords {

    /** A warning names so many and counts the others. */
    private static final int NAMED = 30;

    private UnknownWords() {}

    /** The names of which the model does not know every word, each once. */
    public static List<String> of(Clip clip, List<String> classNames) {
        List<String> unknown = new ArrayList<>();
        for (String name : new LinkedHashSet<>(classNames)) {
            int[] tokens = clip.tokenizer().encode(name.replace('_', ' '));
            if (Arrays.stream(tokens).anyMatch(token -> isZero(clip.tokenEmbedding(token)))) {
                unknown.add(name);
            }
        }
        return unknown;
    }

    /** Returns true for the embedding of a token that was never learned. */
    static boolean isZero(float[] embedding) {
        for (float value : embedding) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** A sentence for the user, where there are such names. */
    public static Optional<String> warning(FeatureSpace space, List<String> classNames) {
        List<String> unknown = space.towers().map(clip -> of(clip, classNames)).orElse(List.of());
        return unknown.isEmpty()
                ? Optional.empty()
                : Optional.of("the model does not know a word in %s: %s%s; prompts will be weak"
                        .formatted(
                                unknown.size() == 1 ? "this name" : "each of these names",
                                String.join(", ", unknown.subList(0, Math.min(NAMED, unknown.size()))),
                                unknown.size() > NAMED ? " and " + (unknown.size() - NAMED) + " more" : ""));
    }

    /** The same of the classes that a classifier is given beside those that it learned. */
    public static Optional<String> warning(FeatureSpace space, ClassifierFile learned, List<String> classNames) {
        List<String> others = new ArrayList<>(classNames);
        others.removeAll(learned.classNames());
        return warning(space, others);
    }
}
