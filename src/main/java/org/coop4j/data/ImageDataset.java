package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.Sha256;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Predictions;
import org.coop4j.image.ExifOrientation;

/**
 * The class names and the three lists of images of a dataset.
 *
 * <p>All images have single labels, or all have sets of labels. Every class of single labels has at least one training image
 * or, in a dataset that only tests (such as ImageNet-A), one test image.
 * Two classes may have the same name, as in ImageNet; the loaders of users' own data refuse that.
 *
 * @param name the dataset's name in messages and reports
 * @param classNames name of each label
 * @param train images to learn from; empty for a dataset that only tests
 * @param val images to choose settings with; may be empty
 * @param test images to report results on
 */
public record ImageDataset(
        String name,
        List<String> classNames,
        List<LabelledImage> train,
        List<LabelledImage> val,
        List<LabelledImage> test) {
    /** A part of a dataset; files of features store its ordinal. */
    public enum Split {
        /** Images to learn from. */
        TRAIN,
        /** Images to choose settings with. */
        VAL,
        /** Images to report results on. */
        TEST;

        /** Returns the lower-case name, for people. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Returns the split that a folder or a CSV cell names, in any letter case. */
        public static Optional<Split> named(String name) {
            return switch (name.strip().toLowerCase(Locale.ROOT)) {
                case "train", "training" -> Optional.of(TRAIN);
                case "val", "valid", "validation", "dev" -> Optional.of(VAL);
                case "test", "testing" -> Optional.of(TEST);
                default -> Optional.empty();
            };
        }
    }

    /** The classes that an experiment uses; the CoCoOp paper trains on base and tests on new. */
    public enum ClassHalf {
        /** Every class. */
        ALL,
        /** The first ⌈n/2⌉ classes in label order. */
        BASE,
        /** The remaining classes, relabelled from 0. */
        NEW;

        /** Returns its name in tables and folders. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Returns its part of a list with an element per class. */
        public <T> List<T> of(List<T> classes) {
            int middle = (classes.size() + 1) / 2;
            return classes.subList(this == NEW ? middle : 0, this == BASE ? middle : classes.size());
        }
    }

    /** Copies the lists and checks that labels, names and classes agree. */
    public ImageDataset {
        classNames = List.copyOf(classNames);
        train = List.copyOf(train);
        val = List.copyOf(val);
        test = List.copyOf(test);
        Require.that(!classNames.isEmpty(), "dataset %s has no classes", name);
        Set<Boolean> kinds = new HashSet<>();
        for (List<LabelledImage> part : List.of(train, val, test)) {
            for (LabelledImage image : part) {
                kinds.add(image.labels().isSingle());
                requireKnownClass(image, classNames);
            }
        }
        Require.that(kinds.size() < 2, "dataset %s has images with single labels and images with sets of them", name);
        List<String> empty = kinds.contains(false)
                ? List.of()
                : absent(classNames, (train.isEmpty() ? test : train).stream().mapToInt(LabelledImage::label));
        Require.that(
                empty.isEmpty(),
                "%s has no images for %s: %s",
                name,
                Numbers.count(empty.size(), "class", "classes"),
                Numbers.first(empty));
    }

    /** Returns the SHA-256 of the class names, file names and labels. */
    String sha256() {
        return Sha256.of(String.join("\n", classNames) + "\n" + sha256(train) + sha256(val) + sha256(test));
    }

    /** Returns the SHA-256 of file names and labels, without folders, so that a moved dataset keeps its hash. */
    public static String sha256(List<LabelledImage> images) {
        Sha256 hash = new Sha256();
        for (LabelledImage image : images) {
            Path parent = image.path().getParent();
            String folder = parent == null ? "" : String.valueOf(parent.getFileName());
            hash.add(folder + "/" + image.path().getFileName() + "\t" + image.labels() + "\n");
        }
        return hash.hex();
    }

    /** Returns a sentence about the classes with fewer training images than are wanted, if there are any. */
    public Optional<String> scarcity(int shots) {
        int[] positives = positives(Split.TRAIN);
        int least = Predictions.argmax(positives.length, c -> -positives[c]);
        long tooFew = IntStream.of(positives).filter(count -> count < shots).count();
        return tooFew == 0
                ? Optional.empty()
                : Optional.of("%s fewer than %d training images (%s: %d); all are used"
                        .formatted(
                                Numbers.count(tooFew, "class has", "classes have"),
                                shots,
                                classNames.get(least),
                                positives[least]));
    }

    /** Returns true if the images have sets of labels. */
    public boolean hasSets() {
        return Stream.of(train, val, test).flatMap(List::stream).limit(1).anyMatch(image -> !image.labels()
                .isSingle());
    }

    /** Returns the number of images of a split that show each class. */
    public int[] positives(Split split) {
        return Labels.positives(
                images(split).stream().map(LabelledImage::labels).toList(), classCount());
    }

    /**
     * Refuses a class that has none of some single labels, those of its readable images, or sets that show no class.
     *
     * @param labels labels of the readable training images
     */
    public void requireEveryClass(List<Labels> labels) throws InputException {
        int[] positives = Labels.positives(labels, classCount());
        require(
                IntStream.of(positives).anyMatch(count -> count > 0),
                "no readable training image of %s shows any of its classes",
                name);
        if (Labels.areSets(labels)) {
            return;
        }
        List<String> missing = IntStream.range(0, positives.length)
                .filter(c -> positives[c] == 0)
                .mapToObj(classNames::get)
                .toList();
        InputException.require(
                missing.isEmpty(),
                "class \"%s\" has no readable training image: fix its images or remove the class",
                missing.isEmpty() ? "" : missing.get(0));
    }

    /** Returns the names of the classes that have none of some labels. */
    public static List<String> absent(List<String> classNames, IntStream labels) {
        Set<Integer> present = labels.boxed().collect(Collectors.toSet());
        return IntStream.range(0, classNames.size())
                .filter(label -> !present.contains(label))
                .mapToObj(classNames::get)
                .toList();
    }

    private static void requireKnownClass(LabelledImage image, List<String> classNames) {
        Require.that(
                image.labels().largest() < classNames.size(),
                "label %d of %s is not below the number of classes, %d",
                image.labels().largest(),
                image.path(),
                classNames.size());
        if (!image.labels().isSingle()) {
            return;
        }
        Require.that(
                classNames.get(image.label()).equals(image.className()),
                "%s has the class name '%s', but class %d is called '%s'",
                image.path(),
                image.className(),
                image.label(),
                classNames.get(image.label()));
    }

    /**
     * Makes a dataset with the class names of its images, which have single labels.
     *
     * @throws InputException if a label has two names, or a label below the largest has no image
     */
    public static ImageDataset fromImages(
            String name, List<LabelledImage> train, List<LabelledImage> val, List<LabelledImage> test)
            throws InputException {
        SortedMap<Integer, String> names = new TreeMap<>();
        for (List<LabelledImage> part : List.of(train, val, test)) {
            part.forEach(image -> names.putIfAbsent(image.label(), image.className()));
        }
        if (!names.isEmpty() && names.lastKey() >= names.size()) {
            int gap = 0;
            while (names.containsKey(gap)) {
                gap++;
            }
            throw new InputException(
                    "%s has labels up to %d but no image with label %d: number the classes without gaps"
                            .formatted(name, names.lastKey(), gap));
        }
        try {
            return new ImageDataset(name, List.copyOf(names.values()), train, val, test);
        } catch (IllegalArgumentException e) {
            throw new InputException(e.getMessage(), e);
        }
    }

    /** Returns the number of classes. */
    public int classCount() {
        return classNames.size();
    }

    /** Returns the images of a split. */
    public List<LabelledImage> images(Split split) {
        return switch (split) {
            case TRAIN -> train;
            case VAL -> val;
            case TEST -> test;
        };
    }

    /** Returns all images, each once. */
    public List<LabelledImage> images() {
        return Stream.of(train, val, test).flatMap(List::stream).distinct().toList();
    }

    /**
     * Returns the images of a split, at least one.
     *
     * @throws InputException if there is none
     */
    public List<LabelledImage> someImages(Split split) throws InputException {
        require(!images(split).isEmpty(), "%s has no %s images", name, split.label());
        return images(split);
    }

    /** Returns true if the val list is the test list, as in ImageNet, which has no third one. */
    public boolean validatesOnTest() {
        return !test.isEmpty() && val.equals(test);
    }

    /** Returns the names that several classes share (ImageNet has some), in label order. */
    public List<String> repeatedClassNames() {
        Set<String> seen = new HashSet<>();
        return classNames.stream().filter(n -> !seen.add(n)).distinct().toList();
    }

    /**
     * Returns one half of the classes, labelled from 0: the images of these classes, or all images with those of their
     * labels that are among them.
     *
     * <p>Few-shot sampling comes before halving, as in the reference, so that both halves come from one sample.
     */
    public ImageDataset half(ClassHalf half) {
        List<String> names = half.of(classNames);
        int from = half == ClassHalf.NEW ? classCount() - names.size() : 0;
        if (half == ClassHalf.ALL) {
            return this;
        }
        Require.that(
                !names.isEmpty(),
                "dataset %s has %d class: it takes two to have a %s half",
                name,
                classCount(),
                half.label());
        return map(name + " (" + half.label() + ")", names, images -> images.stream()
                .filter(i -> !i.labels().isSingle() || (i.label() >= from && i.label() < from + names.size()))
                .map(i -> i.renumbered(label -> label < from + names.size() ? label - from : -1, names))
                .toList());
    }

    /** Returns the dataset with the EXIF orientation of every image applied or not. */
    public ImageDataset with(ExifOrientation exif) {
        return map(name, classNames, images -> images.stream()
                .map(image -> image.with(exif))
                .toList());
    }

    private ImageDataset map(String newName, List<String> names, UnaryOperator<List<LabelledImage>> change) {
        return new ImageDataset(newName, names, change.apply(train), change.apply(val), change.apply(test));
    }

    /** Returns the file of features that all images come from; empty for images to be encoded. */
    public Optional<StoredFeatures> stored() {
        return StoredFeatures.of(train.isEmpty() ? test : train);
    }

    /**
     * Returns the distinct image files that do not exist, in the order of the lists.
     *
     * @param checked receives 1 for each file that was looked for
     */
    public List<Path> missingFiles(IntConsumer checked) {
        return Stream.of(train, val, test)
                .flatMap(List::stream)
                .filter(image -> image.stored() == null)
                .map(LabelledImage::path)
                .distinct()
                .peek(path -> checked.accept(1))
                .filter(Files::notExists)
                .toList();
    }

    /**
     * Checks that every image file exists.
     *
     * @throws InputException with the number of missing files and the first few of them
     */
    public void requireFiles() throws InputException {
        List<Path> missing = missingFiles(count -> {});
        require(
                missing.isEmpty(),
                "cannot find %s of %s: %s; put the images where the list says",
                Numbers.count(missing.size(), "image file"),
                name,
                Numbers.first(missing));
    }
}
