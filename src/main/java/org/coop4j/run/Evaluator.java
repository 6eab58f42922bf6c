package org.coop4j.run;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.text.TextTooLongException;
import org.coop4j.text.Tokenizer;

/**
 * The test images of a dataset, or of a half of its classes, on which classifiers are evaluated.
 *
 * @param dataset lists of the tested classes
 * @param images features of its test images
 * @param prompts hand-written prompts that fit the class names
 * @param measured accuracies of the prompts, once they are needed
 */
public record Evaluator(
        FeatureSpace space,
        ImageDataset dataset,
        LabelledFeatures images,
        List<PromptEnsemble> prompts,
        List<RunResult.HandWritten> measured) {

    /**
     * Returns the hand-written prompts that fit the context length, to compare a learned one with: the data's own, the
     * bare name, the seven templates that suit ImageNet best, and the ensemble of the seven and the data's own.
     *
     * @param notes receives a sentence about each that does not fit
     */
    static List<PromptEnsemble> prompts(
            FeatureSpace space, DataSpec data, List<String> classNames, Consumer<String> notes) {
        List<PromptEnsemble> fitting = new ArrayList<>();
        for (PromptEnsemble prompts : prompts(data)) {
            if (!prompts.areKnown(space, classNames)) {
                continue; // without a text tower, the classes' own features are all there is
            }
            try {
                prompts.requireFit(space, classNames);
                fitting.add(prompts);
            } catch (TextTooLongException e) {
                notes.accept(
                        "left out the hand-written prompt \"%s\": %s".formatted(prompts.describe(), e.getMessage()));
            }
        }
        // Methods that need no prompts are compared with the names, as far as they fit.
        return fitting.isEmpty() && space.towers().isPresent()
                ? List.of(new PromptEnsemble(List.of("{}"), Tokenizer.Overflow.TRUNCATE))
                : List.copyOf(fitting);
    }

    static List<PromptEnsemble> prompts(DataSpec data) {
        Set<PromptEnsemble> prompts = new LinkedHashSet<>();
        prompts.add(PromptEnsemble.of(data.handWrittenPrompt()));
        prompts.add(PromptEnsemble.of("{}"));
        PromptTemplates.selected().forEach(template -> prompts.add(PromptEnsemble.of(template)));
        prompts.add(new PromptEnsemble(data.ensemble()));
        return List.copyOf(prompts);
    }

    /** Returns the accuracies of the hand-written prompts, measured when first needed. */
    public List<RunResult.HandWritten> handWritten() {
        if (measured.isEmpty()) {
            for (PromptEnsemble zeroShot : prompts) {
                FeatureMatrix weights = zeroShot.classWeights(space, dataset.classNames());
                double accuracy =
                        images.scores(weights, space.logitScale()).evaluation().accuracy();
                measured.add(new RunResult.HandWritten(zeroShot.describe(), accuracy));
            }
        }
        return List.copyOf(measured);
    }
}
