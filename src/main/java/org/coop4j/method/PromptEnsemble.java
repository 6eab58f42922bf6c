package org.coop4j.method;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.base.Resource;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.DataSpec;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.method.Method.Task;
import org.coop4j.text.Tokenizer;
import org.coop4j.text.Tokenizer.TextTooLongException;

/**
 * Class weights from hand-written prompts (CLIP, section 3.1.4; the reference's {@code zsclip.py}).
 *
 * @param templates prompts with {@code {}} for the class name; several make an ensemble
 * @param overflow treatment of a prompt that exceeds the context length
 */
public record PromptEnsemble(List<String> templates, Tokenizer.Overflow overflow) {

    public PromptEnsemble {
        Require.that(!templates.isEmpty(), "no template: give one such as \"a photo of a {}.\"");
        for (String template : templates) {
            Require.that(
                    template.contains("{}"), "template \"%s\" has no {}: put {} in place of the class name", template);
        }
        templates = List.copyOf(templates);
    }

    /** Prompts that must fit the context length. */
    public PromptEnsemble(List<String> templates) {
        this(templates, Tokenizer.Overflow.FAIL);
    }

    /** Returns prompts that must fit the context length. */
    public static PromptEnsemble of(String... templates) {
        return new PromptEnsemble(List.of(templates));
    }

    /** Returns the text of a template; underscores in the class name become spaces. */
    static String text(String template, String className) {
        return template.replace("{}", className.replace('_', ' '));
    }

    static List<String> texts(String template, List<String> classNames) {
        return classNames.stream().map(name -> text(template, name)).toList();
    }

    /**
     * Returns the zero-shot classifier, without a run.
     *
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if a prompt exceeds the context length
     */
    public Classifier classifier(FeatureSpace space, List<String> classNames) throws IOException {
        return ZeroShot.classifier(space, classNames, this);
    }

    /**
     * Returns class weights, one row per class: the normalised text features, averaged over the templates and
     * normalised again.
     *
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if a prompt must fit and exceeds the context length, before any is
     *     encoded
     */
    public FeatureMatrix classWeights(FeatureSpace space, List<String> classNames) {
        return classWeights(space, classNames, Progress.NONE);
    }

    /**
     * Returns class weights, one row per class.
     *
     * @param progress counts the prompts
     */
    public FeatureMatrix classWeights(FeatureSpace space, List<String> classNames, Progress progress) {
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
        // A sum has the direction of its mean.
        return FeatureMatrix.of(classes, space.embedDim(), sum).normalized();
    }

    /** Returns the mean over the templates of features of all prompts, template after template. */
    static FeatureMatrix mean(FeatureMatrix features, int classes) {
        float[] all = features.toArray();
        float[] mean = new float[Math.multiplyExact(classes, features.width())];
        int templates = features.rows() / classes;
        for (int i = 0; i < all.length; i++) {
            mean[i % mean.length] += all[i] / templates;
        }
        return FeatureMatrix.of(classes, features.width(), mean);
    }

    /**
     * Checks that the prompts of all classes can be encoded.
     *
     * @throws org.coop4j.text.Tokenizer.TextTooLongException if one exceeds the context length, naming it
     * @throws IllegalArgumentException if there are stored features without those of a prompt
     */
    public void requireFit(FeatureSpace space, List<String> classNames) {
        for (String template : templates) {
            texts(template, classNames).forEach(space::requireText);
        }
    }

    /** Returns true if the features of all prompts are stored or can be encoded, whatever their length. */
    public boolean areKnown(FeatureSpace space, List<String> classNames) {
        return templates.stream()
                .flatMap(template -> texts(template, classNames).stream())
                .allMatch(space::knows);
    }

    /**
     * Returns hand-written prompts to compare a learned one with: the data's own, the bare name, the seven templates that
     * suit ImageNet best, and the ensemble of the seven and the data's own; those that fit the context length.
     *
     * @param notes receives a sentence about each that does not fit
     */
    public static List<PromptEnsemble> fitting(
            FeatureSpace space, DataSpec data, List<String> classNames, Consumer<String> notes) {
        Set<PromptEnsemble> all = new LinkedHashSet<>();
        all.add(of(PromptTemplates.own(data)));
        all.add(of("{}"));
        PromptTemplates.selected().forEach(one -> all.add(of(one)));
        all.add(new PromptEnsemble(PromptTemplates.ensemble(data)));
        all.removeIf(
                prompts -> !prompts.areKnown(space, classNames)); // without a text tower, the classes' own are known
        List<PromptEnsemble> fitting = new ArrayList<>();
        for (PromptEnsemble prompts : all) {
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

    /**
     * Hand-written prompts with their class weights.
     *
     * @param seconds duration of the encoding
     */
    public record Written(PromptEnsemble prompts, FeatureMatrix weights, double seconds) {}

    /** Returns these prompts with their class weights. */
    public Written written(FeatureSpace space, List<String> classNames) {
        long start = System.nanoTime();
        FeatureMatrix weights = classWeights(space, classNames);
        return new Written(this, weights, (System.nanoTime() - start) / 1e9);
    }

    /** Returns the template, or the number of templates. */
    public String describe() {
        String cut = overflow == Tokenizer.Overflow.TRUNCATE ? " (cut to fit)" : "";
        return (templates.size() == 1 ? templates.get(0) : "ensemble of " + Numbers.count(templates.size(), "template"))
                + cut;
    }

    /**
     * The hand-written prompts of a method's text features.
     *
     * @param templates prompts with {@code {}} for the class name
     * @param own whether the data's own prompt is added as the last
     */
    public record TextPrompts(
            @Setting("hand-written prompts with {} for the class name, separated by |") List<String> templates,
            @Setting("whether to add the data's own prompt") boolean own) {

        public TextPrompts {
            Require.present("templates", templates);
            templates = List.copyOf(templates);
            Require.that(
                    !templates.isEmpty() || own, "templates: expected a prompt such as \"a photo of a {}.\", got none");
            if (!templates.isEmpty()) {
                new PromptEnsemble(templates);
            }
        }

        /** The data's own prompt. */
        public TextPrompts() {
            this(List.of(), true);
        }

        /** Returns the prompts of a task. */
        PromptEnsemble of(Task task) {
            List<String> all = new ArrayList<>(templates);
            if (own) {
                all.add(task.template());
            }
            return new PromptEnsemble(all);
        }
    }

    /** The hand-written prompt templates, with "{}" for the class name. */
    public static final class PromptTemplates {
        /** The template for data without its own. */
        public static final String PHOTO = "a photo of a {}.";

        private static final String IMAGENET = "ImageNet";

        private PromptTemplates() {}

        /** Returns OpenAI's 80 templates for ImageNet, in the order of their notebook. */
        public static List<String> imageNet() {
            return read("templates-imagenet.txt");
        }

        /** Returns the 7 templates that OpenAI's notebook selects from the 80. */
        public static List<String> selected() {
            return read("templates-selected.txt");
        }

        /**
         * Returns the hand-written prompt that suits data, with {@code {}} for the class name; the name alone if there
         * are features of the classes' texts.
         */
        public static String own(DataSpec data) {
            return data.texts() != null
                    ? "{}"
                    : data.template() != null
                            ? data.template()
                            : data.published().map(Benchmark::template).orElse(PHOTO);
        }

        /**
         * Returns the ensemble that the CoOp reference uses with data: the 7 selected templates, followed by the data's own
         * except for ImageNet.
         */
        public static List<String> ensemble(DataSpec data) {
            boolean imageNet = data.template() == null
                    && data.texts() == null
                    && data.published()
                            .filter(benchmark -> benchmark.name().equals(IMAGENET))
                            .isPresent();
            return imageNet ? selected() : ensemble(own(data));
        }

        /** Returns the 7 selected templates followed by the data's own. */
        public static List<String> ensemble(String own) {
            return Stream.concat(selected().stream(), Stream.of(own)).toList();
        }

        private static List<String> read(String resource) {
            return Resource.text(PromptTemplates.class, resource).lines().toList();
        }
    }
}
