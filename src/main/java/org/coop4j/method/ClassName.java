package org.coop4j.method;

import java.util.List;
import org.coop4j.text.Tokenizer;

/**
 * A class name as it stands in a prompt, in tokens.
 *
 * <p>The reference tokenises the name together with the "." that ends the prompt, and counts the
 * tokens of the name alone: a name that ends in punctuation, such as "kite (bird of prey)", merges
 * with the "." into one token, which then belongs to the name.
 *
 * @see PromptLayout
 */
public final class ClassName {

    private final String name;
    private final int[] tokens;
    private final int nameLength;

    private ClassName(String name, int[] tokens, int nameLength) {
        this.name = name;
        this.tokens = tokens;
        this.nameLength = nameLength;
    }

    /**
     * The name in tokens; underscores become spaces.
     *
     * @throws IllegalArgumentException if nothing is left of the name
     */
    public static ClassName of(String name, Tokenizer tokenizer) {
        String spoken = name.replace('_', ' ');
        int[] nameTokens = tokenizer.encode(spoken);
        if (nameTokens.length == 0) {
            throw new IllegalArgumentException(
                    "class name \"" + name + "\" has no tokens: give the class a name of words");
        }
        return of(name, tokenizer.encode(spoken + "."), nameTokens.length);
    }

    /** Names in tokens, in order. */
    static List<ClassName> of(List<String> names, Tokenizer tokenizer) {
        return names.stream().map(name -> of(name, tokenizer)).toList();
    }

    /**
     * The sentence that a template makes of the name, in tokens; underscores become spaces.
     *
     * @param template {@code {}} stands for the name
     */
    static ClassName in(String template, String name, Tokenizer tokenizer) {
        int[] tokens = tokenizer.encode(template.replace("{}", name.replace('_', ' ')));
        return of(name, tokens, tokens.length);
    }

    /**
     * A name given in tokens.
     *
     * @param tokens the name and the end of the sentence
     * @param nameLength how many of them are the name
     */
    static ClassName of(String name, int[] tokens, int nameLength) {
        return new ClassName(name, tokens.clone(), Math.min(nameLength, tokens.length));
    }

    /** The name as given. */
    public String name() {
        return name;
    }

    /** Number of tokens of the name and the end of the sentence. */
    int length() {
        return tokens.length;
    }

    /** Number of tokens that move with the name. */
    int nameLength() {
        return nameLength;
    }

    int token(int i) {
        return tokens[i];
    }
}
