package org.coop4j.run;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.benchmark.Benchmarks.PromptTemplates;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.text.TextTooLongException;

/**
 * The hand-written prompts that a learned one is compared with: the data's own, the bare name, the
 * seven templates that suit ImageNet best, and the ensemble of the seven and the data's own.
 *
 * @param fitting those whose prompts all fit the context length
 * @param notes what is wrong with the others, a sentence each
 */
record PromptBaselines(List<PromptEnsemble> fitting, List<String> notes) {

    PromptBaselines {
        fitting = List.copyOf(fitting);
        notes = List.copyOf(notes);
    }

    /** Sorts out those that fit; a template may be longer than the context. */
    static PromptBaselines of(FeatureSpace space, DataSpec data, List<String> classNames) {
        List<PromptEnsemble> fitting = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (PromptEnsemble prompts : all(data)) {
            if (!prompts.areKnown(space, classNames)) {
                continue; // without a text tower, the classes' own features are all there is
            }
            try {
                prompts.requireFit(space, classNames);
                fitting.add(prompts);
            } catch (TextTooLongException e) {
                notes.add(
                        "the hand-written prompt \"%s\" is not compared with: %s"
                                .formatted(prompts.describe(), e.getMessage()));
            }
        }
        return new PromptBaselines(fitting, notes);
    }

    static List<PromptEnsemble> all(DataSpec data) {
        Set<PromptEnsemble> prompts = new LinkedHashSet<>();
        prompts.add(PromptEnsemble.of(data.handWrittenPrompt()));
        prompts.add(PromptEnsemble.of("{}"));
        PromptTemplates.selected().forEach(template -> prompts.add(PromptEnsemble.of(template)));
        prompts.add(new PromptEnsemble(data.ensemble()));
        return List.copyOf(prompts);
    }
}
