package org.coop4j.method;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Heap;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.base.Resource;
import org.coop4j.base.Settings.Setting;
import org.coop4j.base.Sha256;
import org.coop4j.base.TextFile;
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
 * @param descriptions sentences about classes, which count as much as a template each
 */
public record PromptEnsemble(List<String> templates, Tokenizer.Overflow overflow, ClassDescriptions descriptions) {

    /** Number of sentences that are encoded at once. */
    private static final int SENTENCES = 256;

    public PromptEnsemble {
        Require.that(!templates.isEmpty(), "no template: give one such as \"a photo of a {}.\"");
        for (String template : templates) {
            Require.that(
                    template.contains("{}"), "template \"%s\" has no {}: put {} in place of the class name", template);
        }
        templates = List.copyOf(templates);
    }

    /** Prompts without sentences about the classes. */
    public PromptEnsemble(List<String> templates, Tokenizer.Overflow overflow) {
        this(templates, overflow, ClassDescriptions.NONE);
    }

    /** Prompts that must fit the context length. */
    public PromptEnsemble(List<String> templates) {
        this(templates, Tokenizer.Overflow.FAIL);
    }

    /** Returns the prompts with sentences about the classes. */
    public PromptEnsemble with(ClassDescriptions sentences) {
        return new PromptEnsemble(templates, overflow, sentences);
    }

    /** Returns prompts that must fit the context length. */
    public static PromptEnsemble of(String... templates) {
        return new PromptEnsemble(List.of(templates));
    }

    /** Returns the prompt for pictures of no dataset: that of the model's authors, or "a photo of a {}.". */
    public static PromptEnsemble standard(FeatureSpace space) {
        return of(space.authorsPrompt().orElse(PromptTemplates.PHOTO));
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
     * Returns class weights, one row per class: the normalised text features, averaged over all templates and sentences of
     * a class and normalised again.
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
        float[] sum = Heap.floats(classes, space.embedDim());
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
        addSentences(space, classNames, true, sum);
        // A sum has the direction of its mean.
        return FeatureMatrix.of(classes, space.embedDim(), sum).normalized();
    }

    /** Adds the features of each class's sentences to its row. */
    private void addSentences(FeatureSpace space, List<String> classNames, boolean normalized, float[] sums) {
        FeatureMatrix features = sentenceFeatures(space, classNames);
        FeatureMatrix added = normalized ? features.normalized() : features;
        int[] classes = sentenceClasses(classNames);
        for (int i = 0; i < classes.length; i++) {
            for (int j = 0; j < added.width(); j++) {
                sums[classes[i] * added.width() + j] += added.get(i, j);
            }
        }
    }

    /** Returns features of the classes' sentences, class after class; one that exceeds the context length is cut to it. */
    FeatureMatrix sentenceFeatures(FeatureSpace space, List<String> classNames) {
        List<String> all = classNames.stream()
                .flatMap(name -> descriptions.of(name).stream())
                .toList();
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < all.size(); from += SENTENCES) {
            List<String> some = all.subList(from, Math.min(all.size(), from + SENTENCES));
            rows.addAll(
                    List.of(space.encodeTexts(some, Tokenizer.Overflow.TRUNCATE).toRows()));
        }
        return FeatureMatrix.of(rows, space.embedDim());
    }

    /** Returns the class of each of the {@link #sentenceFeatures}. */
    int[] sentenceClasses(List<String> classNames) {
        return IntStream.range(0, classNames.size())
                .flatMap(k -> descriptions.of(classNames.get(k)).stream().mapToInt(sentence -> k))
                .toArray();
    }

    /**
     * Returns the mean of the features of each class's templates and sentences.
     *
     * @param features of all prompts, template after template
     */
    FeatureMatrix mean(FeatureMatrix features, FeatureSpace space, List<String> classNames) {
        float[] all = features.toArray();
        int classes = classNames.size();
        int width = features.width();
        int templates = features.rows() / classes;
        float[] mean = Heap.floats(classes, width);
        if (descriptions.isEmpty()) {
            for (int i = 0; i < all.length; i++) {
                mean[i % mean.length] += all[i] / templates;
            }
        } else {
            for (int i = 0; i < all.length; i++) {
                mean[i % mean.length] += all[i];
            }
            addSentences(space, classNames, false, mean);
            for (int i = 0; i < mean.length; i++) {
                mean[i] /=
                        templates + descriptions.of(classNames.get(i / width)).size();
            }
        }
        return FeatureMatrix.of(classes, width, mean);
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
        Require.that(
                classNames.stream()
                        .flatMap(name -> descriptions.of(name).stream())
                        .allMatch(space::knows),
                "descriptions of classes need a model's text tower: learn from images, or leave them out");
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
        if (data.descriptions() != null) {
            all.add(of(PromptTemplates.own(data)).with(ClassDescriptions.of(data)));
        }
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
                + (descriptions.isEmpty() ? "" : " and descriptions")
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
            return new PromptEnsemble(all).with(task.descriptions());
        }
    }

    /**
     * Sentences about classes, which are prompts as they are (Pratt et al.: "What Does a Platypus Look Like?", ICCV 2023;
     * the form of CuPL's and TIMO's files).
     *
     * @param path their file, a JSON object from class names to lists of sentences
     * @param sha256 of its content, in hexadecimal
     * @param sentences by class name, with spaces for underscores
     */
    public record ClassDescriptions(String path, String sha256, Map<String, List<String>> sentences) {

        /** No descriptions. */
        public static final ClassDescriptions NONE = new ClassDescriptions("", "", Map.of());

        /** Limit of a file's size in bytes: 1,000 classes have a tenth of it. */
        private static final int LARGEST = 64 << 20;

        /**
         * Reads a file.
         *
         * @throws IOException if it is not a JSON object of lists of sentences, naming the class
         */
        public static ClassDescriptions read(Path file) throws IOException {
            String json = TextFile.read(file, LARGEST);
            Map<String, List<String>> sentences = JsonTree.read(file.toString(), json, tree -> {
                Map<String, List<String>> read = new LinkedHashMap<>();
                for (Object name : tree.fields().keySet()) {
                    String spoken = ((String) name).replace('_', ' ');
                    List<String> all = tree.texts((String) name);
                    Require.that(
                            all.stream().noneMatch(String::isBlank), "\"%s\" has a blank sentence: remove it", name);
                    Require.that(read.put(spoken, all) == null, "\"%s\" is described twice", spoken);
                }
                return read;
            });
            return new ClassDescriptions(
                    file.toAbsolutePath().normalize().toString(), Sha256.of(json), Map.copyOf(sentences));
        }

        /** Returns the descriptions of data, checked to be what they were; none if it has none. */
        public static ClassDescriptions of(DataSpec data) {
            return data.descriptions() == null
                    ? NONE
                    : known(data.descriptions().path(), data.descriptions().sha256());
        }

        /** Returns the descriptions of a file that must have a hash. */
        static ClassDescriptions known(String path, String sha256) {
            try {
                ClassDescriptions read = read(Path.of(path));
                Require.that(
                        read.sha256.equals(sha256),
                        "%s has changed since it was used: put back the file with SHA-256 %s",
                        path,
                        sha256);
                return read;
            } catch (IOException e) {
                throw new IllegalArgumentException(
                        "the descriptions of the classes cannot be read, and new classes are looked up there: "
                                + e.getMessage(),
                        e);
            }
        }

        /** Returns data with these descriptions. */
        public DataSpec in(DataSpec data) {
            return data.with()
                    .descriptions(isEmpty() ? null : new DataSpec.HashedFile(path, sha256))
                    .build();
        }

        public boolean isEmpty() {
            return sentences.isEmpty();
        }

        /** Returns the sentences about a class; none if it is not described. */
        public List<String> of(String className) {
            return sentences.getOrDefault(className.replace('_', ' '), List.of());
        }

        /**
         * Warns of classes without sentences, and notes names that are no class.
         *
         * @throws InputException if no class is described
         */
        public void check(List<String> classNames, Progress progress) throws InputException {
            if (isEmpty()) {
                return;
            }
            List<String> without =
                    classNames.stream().filter(name -> of(name).isEmpty()).toList();
            InputException.require(
                    without.size() < classNames.size(),
                    "%s describes none of the classes: it has \"%s\", and the classes are \"%s\", …",
                    path,
                    sentences.keySet().iterator().next(),
                    classNames.get(0));
            if (!without.isEmpty()) {
                progress.warn(
                        "no description of %s: its hand-written prompts serve alone, a disadvantage beside the others"
                                .formatted(Numbers.first(without)));
            }
            Set<String> names =
                    classNames.stream().map(name -> name.replace('_', ' ')).collect(Collectors.toSet());
            long others = sentences.keySet().stream()
                    .filter(name -> !names.contains(name))
                    .count();
            if (others > 0) {
                progress.note("%s in %s no class".formatted(Numbers.count(others, "name", "names"), path));
            }
        }
    }

    /** The hand-written prompt templates, with "{}" for the class name. */
    public static final class PromptTemplates {
        /** The template for data without its own, and models without one of their authors. */
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
            return imageNet
                    ? selected()
                    : Stream.concat(selected().stream(), Stream.of(own(data))).toList();
        }

        private static List<String> read(String resource) {
            return Resource.text(PromptTemplates.class, resource).lines().toList();
        }
    }
}
