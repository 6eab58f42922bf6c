package org.coop4j.method;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;

/**
 * Class names with tokens that a model never saw: a model that {@code coop pretrain} made has zeros
 * in place of their embeddings. CLIP's published models have seen every token.
 */
public final class UnknownWords {

    private UnknownWords() {}

    /** The names of which the model does not know every word. */
    static List<String> of(Clip clip, List<String> classNames) {
        List<String> unknown = new ArrayList<>();
        for (String name : classNames) {
            for (int token : clip.tokenizer().encode(name.replace('_', ' '))) {
                if (isZero(clip.tokenEmbedding(token)) && !unknown.contains(name)) {
                    unknown.add(name);
                }
            }
        }
        return unknown;
    }

    private static boolean isZero(float[] embedding) {
        for (float value : embedding) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    /** A sentence for the user, where there are such names. */
    public static Optional<String> warning(Clip clip, List<String> classNames) {
        List<String> unknown = of(clip, classNames);
        return unknown.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        String.join(", ", unknown)
                                + ": the model never saw "
                                + (unknown.size() == 1 ? "a word of it" : "a word of each")
                                + "; a prompt says little to it there");
    }
}
