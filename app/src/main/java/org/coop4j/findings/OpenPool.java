package org.coop4j.findings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.ClassNames;
import org.coop4j.data.DataSpec;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.FeatureTensors;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PoolFile;
import org.coop4j.data.StoredFeatures;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.eval.Labels;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Task;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.Trainer;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.run.Images;

/**
 * A pool in which each picture was answered by itself.
 *
 * @param names of the pictures: a path, or the name of a feature
 * @param logits of the classifier that looks at one picture at a time; null if there are no classes
 * @param texts features of the classes' texts; null if there are none
 * @param labelled labelled pictures outside of the pool
 * @param known labels of pictures of the pool, by row; −1 for none of the classes
 * @param unreadable number of pictures that cannot be read, or whose features are zero or not finite
 * @param holdsFeatures true for rows of a file of features
 */
public record OpenPool(
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

    /**
     * Pictures without labels.
     *
     * @param files images; unused if there are features
     * @param features null for images
     * @param place the words of the command line; their neighbours are kept under this name
     */
    public record Source(List<Path> files, PoolFile features, ExifOrientation exif, String place) {}

    /**
     * The classes, and what decides among them.
     *
     * @param names none for a pool without classes
     * @param prompts hand-written ones that describe them
     * @param known labelled pictures: a folder, features with labels, or a table of answers; null for none
     * @param learned the classifier that looks at one picture at a time; null for the prompts with the labelled pictures
     * @param contents of pictures that the classifier has learned from already, which leave the pool
     */
    public record Classes(
            List<String> names, PromptEnsemble prompts, DataSpec known, Classifier learned, Set<String> contents) {

        /** Returns features of their texts; null if there are none. */
        private FeatureMatrix texts(FeatureSpace space, Progress progress) {
            return !names.isEmpty() && names.stream().allMatch(space::knows)
                    ? prompts.classWeights(space, names, progress)
                    : null;
        }

        /** Returns the classifier that looks at one picture at a time, from labelled pictures, which may be none. */
        private Classifier classifier(FeatureSpace space, FeatureSet examples) throws IOException {
            if (learned != null) {
                return learned;
            }
            if (examples.size() == 0) {
                return prompts.classifier(space, names);
            }
            Method method = Method.fewShot().with(Map.of("templates", prompts.templates(), "own", false));
            Task task = new Task(names, prompts.templates().get(0), 1, prompts.descriptions());
            return method.learner(space, task)
                    .fit(
                            new FewShotFeatures(examples, FeatureSet.none(examples.width())),
                            new Trainer(method.training(1), 1));
        }

        /** Returns the place of the labelled pictures; null for none. */
        private Path place() {
            return known == null ? null : Path.of(known.path());
        }
    }

    /**
     * Some pictures with their features.
     *
     * @param contents hash of each picture's file, or of its feature
     * @param images null for rows of a file
     * @param labels a class, or −1 for none of them; null if they have none
     * @param unreadable number of files that cannot be read
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Rows(
            List<String> names,
            List<String> contents,
            FeatureMatrix features,
            List<LabelledImage> images,
            int[] labels,
            int unreadable) {

        Rows select(int[] rows, int left) {
            return new Rows(
                    IntStream.of(rows).mapToObj(names::get).toList(),
                    IntStream.of(rows).mapToObj(contents::get).toList(),
                    features.rows(rows),
                    images == null
                            ? null
                            : IntStream.of(rows).mapToObj(images::get).toList(),
                    labels == null
                            ? null
                            : IntStream.of(rows).map(i -> labels[i]).toArray(),
                    unreadable + left);
        }

        /** Returns the pictures of the classes. */
        FeatureSet labelled() {
            Rows chosen = select(
                    IntStream.range(0, labels.length)
                            .filter(i -> labels[i] >= 0)
                            .toArray(),
                    0);
            return FeatureSet.of(chosen.features, IntStream.of(chosen.labels));
        }
    }

    /**
     * Encodes and compares pictures.
     *
     * @param space of the images, which the pool closes
     * @param strangers false to leave known strangers out
     */
    public static OpenPool of(
            FeatureSpace space, Images images, Source source, Classes classes, boolean strangers, Progress progress)
            throws IOException {
        Rows all = source.features == null ? encoded(images, source, progress) : rows(source.features, space, progress);
        Path known = classes.place();
        boolean table = known != null && isTable(known);
        Rows labelled = known == null || table ? null : labelled(images, classes, progress);
        Map<Integer, Integer> answers =
                table ? PoolAnswers.read(known, all.names, classes.names) : answers(all, labelled);
        Set<Integer> learned = learned(all, classes.contents, progress);
        List<Integer> kept = new ArrayList<>();
        Map<Integer, Integer> knownRows = new TreeMap<>();
        for (int i = 0; i < all.names.size(); i++) {
            Integer answer = answers.get(i);
            if (!learned.contains(i) && (strangers || answer == null || answer >= 0)) {
                if (answer != null) {
                    knownRows.put(kept.size(), answer);
                }
                kept.add(i);
            }
        }
        CommandFailure.require(
                !kept.isEmpty(),
                "no picture is left: all of them are labelled as strangers, learned from, or without usable features");
        Rows rows = all.select(kept.stream().mapToInt(Integer::intValue).toArray(), 0);
        Path neighbours = Path.of("neighbours", Sha256.of(source.place) + ".safetensors");
        Pool pool = Pool.of(rows.features, images.options().bankFolder().resolve(neighbours), progress);
        FeatureSet outside = outside(rows, labelled);
        FeatureMatrix logits = null;
        if (!classes.names.isEmpty()) {
            Classifier classifier =
                    classes.classifier(space, FeatureSet.joined(outside, inside(rows.features, knownRows)));
            logits = logits(classifier, images, rows, progress);
        }
        return new OpenPool(
                space,
                rows.names,
                pool,
                classes.names,
                logits,
                classes.texts(space, progress),
                outside,
                knownRows,
                all.unreadable,
                source.features != null);
    }

    /** Returns the rows of pictures that the classifier has learned from, with a warning. */
    private static Set<Integer> learned(Rows all, Set<String> contents, Progress progress) {
        Set<Integer> learned = IntStream.range(0, all.names.size())
                .filter(i -> contents.contains(all.contents.get(i)))
                .boxed()
                .collect(Collectors.toSet());
        if (!learned.isEmpty()) {
            progress.warn("%s left out, which the classifier has learned from"
                    .formatted(Numbers.count(learned.size(), "picture")));
        }
        return learned;
    }

    /** Answers pictures one by one, by the features that the classifier takes. */
    private static FeatureMatrix logits(Classifier classifier, Images images, Rows rows, Progress progress)
            throws IOException {
        if (classifier.features() == FeatureKind.EMBEDDED) {
            return classifier.logits(rows.features);
        }
        CommandFailure.require(
                rows.images != null, "this classifier changes the image tower: give the pictures, not their features");
        return classifier.logits(images.pictures(rows.images, "pictures", progress)
                .features(classifier.features())
                .matrix());
    }

    private static Rows rows(PoolFile file, FeatureSpace space, Progress progress) throws IOException {
        StoredFeatures features = file.features();
        features.requireOf(space);
        List<String> contents = IntStream.range(0, features.rows().count())
                .parallel()
                .mapToObj(i -> new StoredFeatures.Row(features, i).sha256())
                .toList();
        return usable(new Rows(file.names(), contents, features.rows().matrix(), null, file.labels(), 0), progress);
    }

    /** Leaves out rows without a direction, with a warning. */
    private static Rows usable(Rows all, Progress progress) {
        int[] usable = Pool.usable(all.features);
        List<String> others = new ArrayList<>(all.names);
        others.removeAll(IntStream.of(usable).mapToObj(all.names::get).collect(Collectors.toSet()));
        if (others.isEmpty()) {
            return all;
        }
        progress.warn("%s left out, whose features are zero or not finite: %s"
                .formatted(Numbers.count(others.size(), "picture"), Numbers.first(others)));
        return all.select(usable, others.size());
    }

    private static Rows encoded(Images images, Source source, Progress progress) throws IOException {
        List<LabelledImage> listed = source.files.stream()
                .map(path -> LabelledImage.of(path, Labels.ofStates(0, k -> 0), List.of(), source.exif, null))
                .toList();
        return encoded(images, listed, false, progress);
    }

    private static Rows encoded(Images images, List<LabelledImage> listed, boolean labelled, Progress progress)
            throws IOException {
        ImageFeatures features = images.encode(listed, "pictures", progress);
        List<LabelledImage> read = features.images();
        return new Rows(
                read.stream().map(image -> image.path().toString()).toList(),
                read.stream().map(LabelledImage::sha256).toList(),
                features.matrix(),
                read,
                labelled ? read.stream().mapToInt(LabelledImage::label).toArray() : null,
                listed.size() - read.size());
    }

    /** Returns true for a list of pictures of the pool with answers, as commands print it. */
    public static boolean isTable(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    }

    /** Reads the labelled pictures; labels count in the order of the classes. */
    private static Rows labelled(Images images, Classes classes, Progress progress) throws IOException {
        Path known = classes.place();
        if (FeatureTensors.isNameOf(known) && Files.isRegularFile(known)) {
            PoolFile file = PoolFile.read(known);
            CommandFailure.require(file.labels() != null, "%s has no labels: expected a tensor labels [rows]", known);
            Rows rows = rows(file, images.space(), progress);
            return renumbered(rows, file.classNames() == null ? classes.names : file.classNames(), classes);
        }
        ImageDataset data = classes.known.load(1);
        CommandFailure.require(!data.hasSets(), "%s has several labels per picture: answers have one", known);
        Rows rows = encoded(images, data.images(), true, progress);
        return renumbered(rows, data.classNames(), classes);
    }

    private static Rows renumbered(Rows rows, List<String> own, Classes classes) {
        int[] numbers = ClassNames.find(own, classes.names);
        for (int i = 0; i < rows.labels.length; i++) {
            int label = rows.labels[i];
            CommandFailure.require(
                    label < own.size(), "%s: label %d of row %d has no class", classes.known.path(), label, i);
            if (label >= 0) {
                CommandFailure.require(
                        numbers[label] >= 0,
                        "%s: %s is not among the classes: name it too, or leave its pictures out",
                        classes.known.path(),
                        own.get(label));
                rows.labels[i] = numbers[label];
            }
        }
        return rows;
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
    private static FeatureSet outside(Rows pool, Rows labelled) {
        if (labelled == null) {
            return FeatureSet.none(pool.features.width());
        }
        Set<String> inside = new HashSet<>(pool.contents);
        int[] others = IntStream.range(0, labelled.labels.length)
                .filter(i -> !inside.contains(labelled.contents.get(i)))
                .toArray();
        return labelled.select(others, 0).labelled();
    }

    private static FeatureSet inside(FeatureMatrix features, Map<Integer, Integer> known) {
        int[] rows = known.entrySet().stream()
                .filter(one -> one.getValue() >= 0)
                .mapToInt(Map.Entry::getKey)
                .toArray();
        return FeatureSet.of(features.rows(rows), IntStream.of(rows).map(known::get));
    }

    /**
     * Answers all pictures.
     *
     * @param checked labels of randomly drawn pictures, which decide whether the answers are joint; −1 for strangers
     */
    public Answers joint(Map<Integer, Integer> checked, Progress progress) {
        checked.keySet()
                .forEach(row -> CommandFailure.require(
                        !known.containsKey(row),
                        "%s is both known and checked: a checked picture must be hidden from what answers it",
                        names.get(row)));
        Evidence evidence = Evidence.of(logits).texts(texts).labelled(labelled).known(ofClasses(known));
        return pool.joint(evidence.checked(ofClasses(checked)), progress);
    }

    /** Returns the labels of pictures that are of a class. */
    public static Map<Integer, Integer> ofClasses(Map<Integer, Integer> labels) {
        Map<Integer, Integer> own = new TreeMap<>(labels);
        own.values().removeIf(label -> label < 0);
        return own;
    }

    /** Returns the class of a label; empty for none of them. */
    public String className(int label) {
        return label < 0 ? "" : classNames.get(label);
    }

    /** Returns exit code 1 if a file cannot be read. */
    public int exitCode() {
        return unreadable > 0 ? 1 : 0;
    }

    @Override
    public void close() throws IOException {
        space.close();
    }
}
