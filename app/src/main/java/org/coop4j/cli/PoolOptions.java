package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.cli.Options.Arithmetic;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Exif;
import org.coop4j.cli.PromptOptions.OfModel;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureTable;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.data.ClassNames;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PoolFile;
import org.coop4j.data.StoredFeatures;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.eval.Labels;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.Trainer;
import org.coop4j.method.UnknownWords;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.run.Images;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Pictures without labels, what answers them one by one, and what a person has labelled. */
final class PoolOptions {

    private static final String WHICH_MODEL =
            "which model? Give --model, or a learned classifier with --prompt; for features, --class-features";

    @Option(
            names = {"-p", "--prompt"},
            paramLabel = "RUN|FILE")
    Path prompt;

    @Mixin
    SpaceOptions spaceOptions;

    @Mixin
    ClassOptions classOptions;

    @Mixin
    TemplateOptions templateOptions;

    @Option(names = "--known", paramLabel = "DIR|FILE")
    Path known;

    @Mixin
    Exif exif;

    @Mixin
    Bank bankOptions;

    @Mixin
    Arithmetic precision;

    /**
     * Some pictures with their features.
     *
     * @param contents hash of each picture's file, or of its feature
     * @param labels a class, or −1 for none of them; null if they have none
     * @param unreadable number of files that cannot be read
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Rows(
            List<String> names, List<String> contents, FeatureMatrix features, int[] labels, int unreadable) {

        Rows select(List<Integer> chosen) {
            int[] rows = chosen.stream().mapToInt(Integer::intValue).toArray();
            return new Rows(
                    chosen.stream().map(names::get).toList(),
                    chosen.stream().map(contents::get).toList(),
                    features.rows(rows),
                    labels == null
                            ? null
                            : IntStream.of(rows).map(i -> labels[i]).toArray(),
                    unreadable);
        }

        /** Returns the pictures of the classes. */
        FeatureSet labelled() {
            List<Integer> own = IntStream.range(0, labels.length)
                    .filter(i -> labels[i] >= 0)
                    .boxed()
                    .toList();
            Rows chosen = select(own);
            return FeatureSet.of(chosen.features, IntStream.of(chosen.labels));
        }
    }

    /**
     * A pool in which each picture was answered by itself.
     *
     * @param names of the pictures: a path, or the name of a feature
     * @param logits of the classifier that looks at one picture at a time; null if there are no classes
     * @param texts features of the classes' texts; null if there are none
     * @param labelled labelled pictures outside of the pool
     * @param known labels of pictures of the pool, by row; −1 for none of the classes
     * @param unreadable number of files that cannot be read
     * @param holdsFeatures true for rows of a file of features
     */
    record Opened(
            FeatureSpace space,
            List<String> names,
            Pool pool,
            List<String> classNames,
            FeatureMatrix logits,
            FeatureMatrix texts,
            FeatureSet labelled,
            Map<Integer, Integer> known,
            int unreadable,
            boolean holdsFeatures)
            implements AutoCloseable {

        /** Returns what is known of the pictures. */
        Evidence evidence() {
            return Evidence.of(logits).texts(texts).labelled(labelled).known(ofClasses());
        }

        /** Returns the labels of pictures of the pool that are of a class. */
        Map<Integer, Integer> ofClasses() {
            Map<Integer, Integer> own = new TreeMap<>(known);
            own.values().removeIf(label -> label < 0);
            return own;
        }

        /** Returns the class of a label; empty for none of them. */
        String className(int label) {
            return label < 0 ? "" : classNames.get(label);
        }

        /** Returns exit code 1 if a file cannot be read. */
        int exitCode() {
            return unreadable > 0 ? 1 : 0;
        }

        @Override
        public void close() throws IOException {
            space.close();
        }
    }

    /**
     * Opens the model, encodes the pictures and compares them.
     *
     * @param pictures arguments of the command
     * @param classes false for a pool without classes
     * @param strangers false to leave known strangers out
     */
    Opened open(List<Path> pictures, boolean classes, boolean strangers, Console console) throws IOException {
        require(prompt == null || !classOptions.areGiven(), "--prompt has its own classes: omit --classes");
        boolean features = pictures.size() == 1
                && FeatureTensors.isNameOf(pictures.get(0))
                && Files.isRegularFile(pictures.get(0));
        PoolFile file = features ? PoolFile.read(pictures.get(0)) : null;
        ClassifierFile learned = prompt == null ? null : new PromptOptions(prompt, model()).read();
        List<String> names = classes ? classNames(learned) : List.of();
        FeatureSpace space = space(learned, Optional.ofNullable(file).map(PoolFile::features), names);
        try {
            Images images = bankOptions.images(space);
            Rows all = file == null ? encoded(images, pictures, console) : rows(file, space);
            return opened(space, images, all, learned, names, strangers, file != null, console);
        } catch (IOException | RuntimeException e) {
            space.close();
            throw e;
        }
    }

    private OfModel model() {
        OfModel model = new OfModel();
        model.file = spaceOptions.model;
        model.vocabulary = spaceOptions.vocabulary;
        return model;
    }

    private List<String> classNames(ClassifierFile learned) throws IOException {
        if (learned != null) {
            return learned.classNames();
        }
        if (classOptions.areGiven()) {
            return classOptions.read();
        }
        if (spaceOptions.classFeatures != null) {
            return PoolFile.classNames(spaceOptions.classFeatures);
        }
        require(
                known != null && !isTable(known),
                "which classes? Give --classes, a learned classifier (--prompt) or labelled pictures (--known)");
        return DataSpec.of(known).load(1).classNames();
    }

    private FeatureSpace space(ClassifierFile learned, Optional<StoredFeatures> stored, List<String> names)
            throws IOException {
        Optional<Precision> chosen =
                stored.isPresent() ? Optional.of(stored.get().precision()) : precision.ofAnswers();
        if (learned != null) {
            return new PromptOptions(prompt, model()).open(learned, stored, chosen);
        }
        if (spaceOptions.model != null) {
            return spaceOptions.vocabulary.open(spaceOptions.model, chosen, Workers.standard());
        }
        require(stored.isPresent(), WHICH_MODEL);
        if (spaceOptions.classFeatures == null) {
            require(names.isEmpty(), WHICH_MODEL);
            return stored.get().space(Workers.standard());
        }
        StoredFeatures texts = StoredFeatures.ofTexts(spaceOptions.classFeatures, names);
        stored.get().requireSameSpace(texts);
        float usual = texts.logLogitScale((float) Math.log(FeatureSpace.USUAL_LOGIT_SCALE));
        return FeatureTable.of(
                stored.get().precision(),
                stored.get().modelSha256(),
                spaceOptions.logitScale == null
                        ? stored.get().logLogitScale(usual)
                        : (float) Math.log(spaceOptions.logitScale),
                names,
                texts.rows(),
                Workers.standard());
    }

    private static Rows rows(PoolFile file, FeatureSpace space) throws IOException {
        StoredFeatures features = file.features();
        features.requireOf(space);
        List<String> contents = IntStream.range(0, features.rows().rows())
                .mapToObj(i -> new StoredFeatures.Row(features, i).sha256())
                .toList();
        return new Rows(file.names(), contents, features.rows(), file.labels(), 0);
    }

    private Rows encoded(Images images, List<Path> pictures, Console console) throws IOException {
        List<LabelledImage> listed = ImageInputs.all(pictures).stream()
                .map(path -> LabelledImage.of(
                        path, Labels.ofStates(0, k -> 0), List.of(), exif.or(ExifOrientation.APPLY), null))
                .toList();
        return encoded(images, listed, false, console);
    }

    private static Rows encoded(Images images, List<LabelledImage> listed, boolean labelled, Console console)
            throws IOException {
        ImageFeatures features = images.encode(listed, "pictures", console);
        List<LabelledImage> read = features.images();
        return new Rows(
                read.stream().map(image -> image.path().toString()).toList(),
                read.stream().map(LabelledImage::sha256).toList(),
                features.matrix(),
                labelled ? read.stream().mapToInt(LabelledImage::label).toArray() : null,
                listed.size() - read.size());
    }

    /** Returns true for a list of pictures of the pool with answers, as commands print it. */
    private static boolean isTable(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    }

    /** Reads the labelled pictures; labels count in the order of the classes. */
    private Rows labelled(Images images, List<String> classNames, Console console) throws IOException {
        if (FeatureTensors.isNameOf(known) && Files.isRegularFile(known)) {
            PoolFile file = PoolFile.read(known);
            CommandFailure.require(file.labels() != null, "%s has no labels: expected a tensor labels [rows]", known);
            Rows rows = rows(file, images.space());
            return renumbered(rows, file.classNames() == null ? classNames : file.classNames(), classNames);
        }
        ImageDataset data = exif.of(DataSpec.of(known)).load(1);
        CommandFailure.require(!data.hasSets(), "%s has several labels per picture: answers have one", known);
        Rows rows = encoded(
                images,
                Stream.of(Split.values())
                        .flatMap(split -> data.images(split).stream())
                        .distinct()
                        .toList(),
                true,
                console);
        return renumbered(rows, data.classNames(), classNames);
    }

    private Rows renumbered(Rows rows, List<String> own, List<String> classNames) {
        int[] numbers = ClassNames.find(own, classNames);
        for (int i = 0; i < rows.labels.length; i++) {
            int label = rows.labels[i];
            CommandFailure.require(label < own.size(), "%s: label %d of row %d has no class", known, label, i);
            if (label >= 0) {
                CommandFailure.require(
                        numbers[label] >= 0,
                        "%s: %s is not among the classes: add it to --classes, or leave its pictures out",
                        known,
                        own.get(label));
                rows.labels[i] = numbers[label];
            }
        }
        return rows;
    }

    private Opened opened(
            FeatureSpace space,
            Images images,
            Rows all,
            ClassifierFile learned,
            List<String> classNames,
            boolean strangers,
            boolean holdsFeatures,
            Console console)
            throws IOException {
        Rows labelled = known == null || isTable(known) ? null : labelled(images, classNames, console);
        Map<Integer, Integer> answers = known != null && isTable(known)
                ? PoolAnswers.read(known, all.names, classNames)
                : answers(all, labelled);
        List<Integer> kept = new ArrayList<>();
        Map<Integer, Integer> knownRows = new TreeMap<>();
        for (int i = 0; i < all.names.size(); i++) {
            Integer answer = answers.get(i);
            if (strangers || answer == null || answer >= 0) {
                if (answer != null) {
                    knownRows.put(kept.size(), answer);
                }
                kept.add(i);
            }
        }
        CommandFailure.require(!kept.isEmpty(), "no picture is left: all of them are labelled as strangers");
        Rows rows = all.select(kept);
        Pool pool = Pool.of(rows.features, console);
        FeatureSet outside = outside(all, labelled);
        FeatureMatrix logits = null;
        FeatureMatrix texts = null;
        if (!classNames.isEmpty()) {
            UnknownWords.warning(space, classNames).ifPresent(console::warn);
            PromptEnsemble prompts = prompts(space);
            texts = classNames.stream().allMatch(name -> space.towers().isPresent() || space.knows(name))
                    ? prompts.classWeights(space, classNames, console)
                    : null;
            FeatureSet examples = FeatureSet.joined(outside, inside(pool.units(), knownRows));
            Classifier classifier = learned != null
                    ? PromptOptions.classifier(learned, space, classNames)
                    : classifier(space, prompts, classNames, examples);
            logits = classifier.logits(pool.units());
        }
        return new Opened(
                space, rows.names, pool, classNames, logits, texts, outside, knownRows, all.unreadable, holdsFeatures);
    }

    /** Returns the hand-written prompts; features of the classes' texts have none. */
    PromptEnsemble prompts(FeatureSpace space) throws IOException {
        return space.towers().isPresent() ? templateOptions.prompts(Optional.empty()) : PromptEnsemble.of("{}");
    }

    /** Returns true if the command line says which classes there are. */
    boolean haveClasses() {
        return prompt != null || classOptions.areGiven() || spaceOptions.classFeatures != null || known != null;
    }

    /** Returns the labels of pictures of the pool that are among labelled ones, by row. */
    private static Map<Integer, Integer> answers(Rows all, Rows labelled) {
        Map<Integer, Integer> answers = new HashMap<>();
        if (labelled != null) {
            Map<String, Integer> labels = new HashMap<>();
            IntStream.range(0, labelled.labels.length)
                    .forEach(i -> labels.put(labelled.contents.get(i), labelled.labels[i]));
            for (int i = 0; i < all.contents.size(); i++) {
                Integer label = labels.get(all.contents.get(i));
                if (label != null) {
                    answers.put(i, label);
                }
            }
        }
        return answers;
    }

    /** Returns the labelled pictures of the classes that are not in the pool. */
    private static FeatureSet outside(Rows all, Rows labelled) {
        if (labelled == null) {
            return FeatureSet.none(all.features.width());
        }
        List<Integer> others = IntStream.range(0, labelled.labels.length)
                .filter(i -> !all.contents.contains(labelled.contents.get(i)))
                .boxed()
                .toList();
        return labelled.select(others).labelled();
    }

    private static FeatureSet inside(FeatureMatrix units, Map<Integer, Integer> known) {
        int[] rows = known.entrySet().stream()
                .filter(one -> one.getValue() >= 0)
                .mapToInt(Map.Entry::getKey)
                .toArray();
        return FeatureSet.of(units.rows(rows), IntStream.of(rows).map(known::get));
    }

    /** Returns zero-shot CLIP, or what learns from some labelled pictures. */
    private static Classifier classifier(
            FeatureSpace space, PromptEnsemble prompts, List<String> classNames, FeatureSet examples)
            throws IOException {
        if (examples.size() == 0) {
            return prompts.classifier(space, classNames);
        }
        Method method = Method.fewShot().with(Map.of("templates", prompts.templates(), "own", false));
        Task task = new Task(classNames, prompts.templates().get(0), 1, prompts.descriptions());
        Trainer trainer = new Trainer(method.training(1), 1);
        FewShotFeatures data = new FewShotFeatures(examples, FeatureSet.none(examples.width()));
        return method.learner(space, task).fit(data, trainer);
    }
}
