package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.text.Tokenizer;

/**
 * Class weights from hand-written prompts (CLIP, section 3.1.4; the reference's {@code zsclip.py}).
 *
 * @param templates prompts in which {@code {}} stands for the class name; several make an ensemble
 */
public record PromptEnsemble(List<String> templates) {

    public PromptEnsemble {
        if (templates.isEmpty()) {
            throw new IllegalArgumentException("no template: give one such as \"a photo of a {}.\"");
        }
        for (String template : templates) {
            if (!template.contains("{}")) {
                throw new IllegalArgumentException(
                        "template \"" + template + "\" has no {}: put {} where the class name belongs");
            }
        }
        templates = List.copyOf(templates);
    }

    /** One template. */
    public static PromptEnsemble of(String template) {
        return new PromptEnsemble(List.of(template));
    }

    /** The texts of a template; underscores in class names become spaces. */
    static List<String> texts(String template, List<String> classNames) {
        return classNames.stream()
                .map(name -> template.replace("{}", name.replace('_', ' ')))
                .toList();
    }

    /**
     * The zero-shot classifier, without a run.
     *
     * @throws org.coop4j.text.TextTooLongException if a prompt exceeds the context
     */
    public Classifier classifier(FeatureSpace space, List<String> classNames) throws IOException {
        return ZeroShot.classifier(space, classNames, this);
    }

    /**
     * Normalised class weights, one row a class: the text features normalised, their mean over the
     * templates, normalised again.
     *
     * @throws org.coop4j.text.TextTooLongException if a prompt exceeds the context
     */
    public FeatureMatrix classWeights(FeatureSpace space, List<String> classNames) {
        return classWeights(space, classNames, Tokenizer.Overflow.FAIL, Progress.NONE);
    }

    /**
     * Normalised class weights, one row a class.
     *
     * @param overflow what happens to a prompt that exceeds the context; if it is an error, it is
     *     one before any prompt is encoded
     * @param progress counts the prompts
     */
    public FeatureMatrix classWeights(
            FeatureSpace space, List<String> classNames, Tokenizer.Overflow overflow, Progress progress) {
        if (overflow == Tokenizer.Overflow.FAIL) {
            requireFit(space, classNames);
        }
        int classes = classNames.size();
        float[] sum = new float[Math.multiplyExact(classes, space.embedDim())];
        long total = (long) templates.size() * classes;
        try (Progress.Task task = progress.task("prompts", total, Progress.Unit.PROMPTS)) {
            for (String template : templates) {
                List<String> texts = texts(template, classNames);
                float[] features =
                        space.encodeTexts(texts, overflow).normalized().toArray();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += features[i];
                }
                task.advance(classes);
            }
        }
        // The sum has the mean's direction.
        return FeatureMatrix.of(classes, space.embedDim(), sum).normalized();
    }

    /**
     * Features of all prompts as the text tower gives them, not normalised, [templates · classes,
     * embed], template after template.
     */
    FeatureMatrix features(FeatureSpace space, List<String> classNames) {
        int classes = classNames.size();
        int width = space.embedDim();
        float[] all = new float[Math.multiplyExact(templates.size() * classes, width)];
        for (int t = 0; t < templates.size(); t++) {
            List<String> texts = texts(templates.get(t), classNames);
            float[] features = space.encodeTexts(texts, Tokenizer.Overflow.FAIL).toArray();
            System.arraycopy(features, 0, all, t * features.length, features.length);
        }
        return FeatureMatrix.of(templates.size() * classes, width, all);
    }

    /**
     * Class weights that are not normalised, one row a class: the mean of the raw text features
     * over the templates. They differ from {@link #classWeights} in more than length where raw
     * norms differ.
     */
    FeatureMatrix rawWeights(FeatureSpace space, List<String> classNames) {
        return mean(features(space, classNames), classNames.size());
    }

    /** The mean over the templates of features as {@link #features} orders them. */
    static FeatureMatrix mean(FeatureMatrix features, int classes) {
        float[] all = features.toArray();
        float[] mean = new float[Math.multiplyExact(classes, features.width())];
        int templates = features.rows() / classes;
        for (int i = 0; i < all.length; i++) {
            mean[i % mean.length] += all[i] / templates;
        }
        return FeatureMatrix.of(classes, features.width(), mean);
    }

    /** Multiplications that encoding the prompts of so many classes takes, about. */
    double work(FeatureSpace space, int classes) {
        return space.tokenWork() * 10.0 * classes * templates.size();
    }

    /**
     * Checks that the prompts of all classes fit.
     *
     * @throws org.coop4j.text.TextTooLongException if one exceeds the context length, naming it
     * @throws IllegalArgumentException if there are features alone, and not of these prompts
     */
    public void requireFit(FeatureSpace space, List<String> classNames) {
        for (String template : templates) {
            texts(template, classNames).forEach(space::requireText);
        }
    }

    /** Whether the features of all prompts can be had, be they too long or not. */
    public boolean areKnown(FeatureSpace space, List<String> classNames) {
        return templates.stream()
                .flatMap(template -> texts(template, classNames).stream())
                .allMatch(space::knows);
    }

    /** The template, or how many the ensemble has. */
    public String describe() {
        return templates.size() == 1
                ? templates.get(0)
                : String.format(Locale.ROOT, "ensemble of %d templates", templates.size());
    }

    /**
     * The hand-written prompts that a method takes the classes' text features from.
     *
     * @param templates prompts in which {@code {}} stands for the class name
     * @param own whether the prompt that suits the images is among them, as the last
     */
    public record TextPrompts(
            @Setting("hand-written prompts, {} standing for the class name, separated by |") List<String> templates,
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
    }
}
