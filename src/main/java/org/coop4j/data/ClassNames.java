package org.coop4j.data;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the class names of a user's own data must meet before a prompt is made of them. */
final class ClassNames {
    private ClassNames() {}

    /**
     * Checks that there are two names or more and that no two of them make the same prompt.
     *
     * <p>CLIP's tokenizer lower-cases and joins spaces, and a prompt writes an underscore as a
     * space, so "Sea_Lake" and "sea lake" are one text: such classes could never be told apart.
     */
    static void requireUsable(List<String> names, String source) throws DatasetException {
        if (names.size() < 2) {
            throw new DatasetException(
                    "%s has %d class%s: a classifier needs two or more"
                            .formatted(source, names.size(), names.size() == 1 ? "" : "es"));
        }
        Map<String, String> byPrompt = new HashMap<>();
        for (String name : names) {
            String other = byPrompt.putIfAbsent(inAPrompt(name), name);
            if (other != null) {
                throw new DatasetException(
                        "two classes of %s are called '%s' and '%s', which make the same prompt: rename one"
                                .formatted(source, other, name));
            }
        }
    }

    private static String inAPrompt(String name) {
        return name.replace('_', ' ').strip().replaceAll("\\s+", " ").toLowerCase(Locale.ROOT);
    }
}
