package org.coop4j.sweep;

import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.method.PromptLayout;
import org.coop4j.method.PromptLearner;
import org.coop4j.text.Tokenizer;

/** The prompts that a method's context makes with class names. */
final class ContextPrompts {

    private ContextPrompts() {}

    /** The pieces of each class's prompt. */
    static List<int[]> pieces(Clip clip, SweepMethod.Context method, List<String> classNames) {
        Tokenizer tokenizer = clip.tokenizer();
        return layout(tokenizer, method)
                .prompts(
                        PromptLearner.classNames(classNames, tokenizer),
                        tokenizer.startToken(),
                        tokenizer.endToken(),
                        clip.architecture().text().contextLength());
    }

    /**
     * What is wrong with the prompts of these classes, if anything: one may exceed the context
     * length.
     */
    static Optional<String> problem(
            Clip clip, SweepMethod.Context method, List<String> classNames) {
        try {
            pieces(clip, method, classNames);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static PromptLayout layout(Tokenizer tokenizer, SweepMethod.Context method) {
        int length =
                method.words()
                        .map(words -> tokenizer.encode(words.replace('_', ' ')).length)
                        .orElse(method.length());
        return new PromptLayout(length, method.position(), method.classSpecific());
    }
}
