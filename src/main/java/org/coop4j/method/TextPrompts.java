package org.coop4j.method;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Setting;

/**
 * The hand-written prompts that a method takes the classes' text features from.
 *
 * @param templates prompts in which {@code {}} stands for the class name
 * @param own whether the prompt that suits the images is among them, as the last
 */
public record TextPrompts(
        @Setting("hand-written prompts, {} standing for the class name, separated by |")
                List<String> templates,
        @Setting("whether the data's own prompt is among them") boolean own) {

    public TextPrompts {
        templates = List.copyOf(templates);
        if (templates.isEmpty() && !own) {
            throw new IllegalArgumentException(
                    "templates: expected a prompt such as \"a photo of a {}.\", got none");
        }
        if (!templates.isEmpty()) {
            new PromptEnsemble(templates);
        }
    }

    /** The data's own prompt. */
    public TextPrompts() {
        this(List.of(), true);
    }

    /**
     * The prompts of a task.
     *
     * @throws org.coop4j.text.TextTooLongException if one exceeds the context length, naming it
     */
    PromptEnsemble of(Task task) {
        List<String> all = new ArrayList<>(templates);
        if (own) {
            all.add(task.template());
        }
        return new PromptEnsemble(all);
    }

    /** The method with the prompts as they were used: a file has no data with one of its own. */
    static Method used(Method method, PromptEnsemble prompts) {
        return method.with(Map.of("templates", prompts.templates(), "own", false));
    }

    /** The prompts of a method that was read from a file. */
    PromptEnsemble ofFile() {
        return new PromptEnsemble(templates);
    }
}
