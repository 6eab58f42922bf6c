package org.coop4j.method;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.method.ClassifierFile.Origin;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.PromptEnsemble.TextPrompts;
import org.coop4j.method.PromptLayout.ClassName;

/**
 * Zero-shot CLIP (Radford et al., 2021, section 3.1; the reference's {@code zsclip.py}): the features of hand-written
 * prompts are the class weights, averaged over several templates.
 *
 * @param prompts hand-written prompts
 */
public record ZeroShot(TextPrompts prompts) implements FeatureMethod {

    private static final String TEXT = "text";

    public ZeroShot {
        Require.present("prompts", prompts);
    }

    /** The data's own prompt. */
    public ZeroShot() {
        this(new TextPrompts());
    }

    /** Other prompts, with or without the data's own. */
    public ZeroShot(List<String> templates, boolean own) {
        this(new TextPrompts(templates, own));
    }

    @Override
    public About about() {
        int count = prompts.templates().size() + (prompts.own() ? 1 : 0);
        String detail = count > 1 ? count + " templates" : "\"" + String.join("", prompts.templates()) + "\"";
        return new About(
                "zero-shot",
                "zero-shot CLIP" + (count == 1 && prompts.own() ? "" : " (" + detail + ")"),
                "Classifies by the text features of hand-written prompts and learns nothing; the baseline for every"
                        + " other method (Radford et al., ICML 2021).");
    }

    @Override
    public boolean learns() {
        return false;
    }

    @Override
    public boolean suits(boolean sets) {
        return true;
    }

    /** Parses names of ensembles of CLIP's templates: {@code ensemble-7}, {@code -8} and {@code -80}. */
    @Override
    public Optional<Method> shorthand(String name) {
        return switch (name) {
            case "ensemble-7" -> Optional.of(new ZeroShot(PromptTemplates.selected(), false));
            case "ensemble-8" -> Optional.of(new ZeroShot(PromptTemplates.selected(), true));
            case "ensemble-80" -> Optional.of(new ZeroShot(PromptTemplates.imageNet(), false));
            default -> Optional.empty();
        };
    }

    @Override
    public List<String> shortNames() {
        return List.of("ensemble-7", "ensemble-8", "ensemble-80");
    }

    @Override
    public Head start(ClassTexts texts, FewShotFeatures data, Trainer trainer) {
        return new Head(file -> file.with(TEXT, texts.weights()));
    }

    /**
     * Returns the classifier of photographs of some classes, by the prompt of the model's authors, or else "a photo of a CLASS.".
     *
     * @throws IllegalArgumentException if there is no class name, or one is blank or given twice
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if a class name is too long
     */
    public static Classifier classifier(FeatureSpace space, List<String> classNames) throws IOException {
        return classifier(space, classNames, PromptEnsemble.standard(space));
    }

    /** Returns the classifier by some prompts, without a run. */
    static Classifier classifier(FeatureSpace space, List<String> classNames, PromptEnsemble prompts)
            throws IOException {
        ZeroShot used = new ZeroShot(prompts.templates(), false);
        return ClassifierFile.of(used, ClassName.distinct(classNames), space.modelSha256())
                .withOrigin(Origin.NONE.withDescriptions(prompts.descriptions(), classNames))
                .with(TEXT, prompts.classWeights(space, classNames))
                .open(space);
    }

    @Override
    public Classifier read(FeatureSpace space, ClassifierFile file) throws IOException {
        return classRows(space, file, ClassTexts::weights, TEXT).cosines(rows -> rows.matrix(TEXT));
    }
}
