package org.coop4j.method;

import java.util.Arrays;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.text.Tokenizer;

/** The prompts that context vectors make with class names, in a model's tokens. */
final class Prompts {

    private Prompts() {}

    /**
     * The prompt of each class, context vectors among its tokens.
     *
     * @throws PromptTooLongException if one exceeds the context length, naming its class
     */
    static List<int[]> of(Clip clip, PromptLayout layout, List<String> classNames) {
        return ofSentences(clip, layout, names(classNames, clip.tokenizer()));
    }

    /** The same with what follows the context given. */
    static List<int[]> ofSentences(Clip clip, PromptLayout layout, List<ClassName> sentences) {
        Tokenizer tokenizer = clip.tokenizer();
        return layout.prompts(
                sentences,
                tokenizer.startToken(),
                tokenizer.endToken(),
                clip.architecture().text().contextLength());
    }

    /** The names of classes in tokens, in order. */
    static List<ClassName> names(List<String> names, Tokenizer tokenizer) {
        return names.stream().map(name -> ClassName.of(name, tokenizer)).toList();
    }

    /** Multiplications of the text tower's products for these prompts, about. */
    static double work(Clip clip, List<int[]> prompts) {
        int shared = prompts.get(0).length;
        long rows = 0;
        for (int[] prompt : prompts) {
            int same = Arrays.mismatch(prompts.get(0), prompt);
            shared = Math.min(shared, same < 0 ? prompt.length : same);
            rows += prompt.length;
        }
        return clip.tokenWork() * (rows - (prompts.size() - 1.0) * shared);
    }
}
