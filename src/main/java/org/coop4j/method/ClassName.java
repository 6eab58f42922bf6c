package org.coop4j.method;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.base.Require;
import org.coop4j.text.Tokenizer;

/**
 * A class name in a prompt, in tokens.
 *
 * <p>The reference tokenizes the name together with the "." that ends the prompt, and counts the tokens of the name
 * alone: a name that ends in punctuation, such as "kite (bird of prey)", merges with the "." into one token, which then
 * belongs to the name.
 *
 * @param name the name as given
 * @param tokens the name and the end of the sentence
 * @param nameLength number of tokens that move with the name
 * @see PromptLayout
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ClassName(String name, int[] tokens, int nameLength) {

    public ClassName {
        nameLength = Math.min(nameLength, tokens.length);
    }

    /**
     * Tokenizes a name; underscores become spaces.
     *
     * @throws IllegalArgumentException if the name has no tokens
     */
    public static ClassName of(String name, Tokenizer tokenizer) {
        String spoken = name.replace('_', ' ');
        int[] nameTokens = tokenizer.encode(spoken);
        Require.that(nameTokens.length != 0, "class name \"%s\" has no tokens: use a name of words", name);
        return new ClassName(name, tokenizer.encode(spoken + "."), nameTokens.length);
    }

    /**
     * Checks the class names of a task or classifier, of which several may be the same, as in ImageNet.
     *
     * @throws IllegalArgumentException if there are none, or one is blank
     */
    static List<String> checked(List<String> names) {
        Require.that(!names.isEmpty(), "class names: expected 1 or more, got 0");
        for (int i = 0; i < names.size(); i++) {
            require(!names.get(i).isBlank(), names, i, "is blank");
        }
        return List.copyOf(names);
    }

    /**
     * Checks class names that a caller gives.
     *
     * @throws IllegalArgumentException if there are none, or one is blank or given twice
     */
    static List<String> distinct(List<String> names) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < names.size(); i++) {
            require(seen.add(names.get(i)), names, i, "is an earlier one");
        }
        return checked(names);
    }

    private static void require(boolean right, List<String> names, int i, String problem) {
        Require.that(
                right, "class names: expected different names, but name %d, \"%s\", %s", i + 1, names.get(i), problem);
    }

    static List<ClassName> of(List<String> names, Tokenizer tokenizer) {
        return names.stream().map(name -> of(name, tokenizer)).toList();
    }

    /** Tokenizes a template with {@code {}} replaced by the name. */
    static ClassName in(String template, String name, Tokenizer tokenizer) {
        int[] tokens = tokenizer.encode(PromptEnsemble.text(template, name));
        return new ClassName(name, tokens, tokens.length);
    }
}
