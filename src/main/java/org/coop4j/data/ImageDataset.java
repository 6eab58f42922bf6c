package org.coop4j.data;
import java.util.Locale;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.image.ExifOrientation;

/**
 * The class names and the three lists of images of a dataset.
 *
 * <p>Every class has at least one image to train on, or, where there is nothing to train on
 * (ImageNet-A and its kind), one to test on. The same name may belong to two classes, as in
 * ImageNet; the loaders of users' own data refuse that.
 *
 * @param name what to call the dataset in messages and reports
 * @param classNames name of each label
 * @param train images to learn from; empty for a dataset that only tests
 * @param val images to choose settings with; may be empty
 * @param test images to report numbers on
 */
public record ImageDataset(
        String name,
        List<String> classNames,
        List<LabelledImage> train,
        List<LabelledImage> val,
        List<LabelledImage> test) {
    private static final int NAMED_IN_A_MESSAGE = 5;

    /** Copies the lists and checks that labels, names and classes agree. */
    public ImageDataset {
        Objects.requireNonNull(name, "name");
        classNames = List.copyOf(classNames);
        train = List.copyOf(train);
        val = List.copyOf(val);
        test = List.copyOf(test);
        if (classNames.isEmpty()) {
            throw new IllegalArgumentException("dataset " + name + " has no classes");
        }
        for (List<LabelledImage> part : List.of(train, val, test)) {
            for (LabelledImage image : part) {
                requireKnownClass(image, classNames);
            }
        }
        requireNoEmptyClass(name, classNames, train.isEmpty() ? test : train);
    }

    /**
     * Makes a dataset whose class names are those that its images carry.
     *
     * @throws DatasetException if a label has two names, or a label below the largest has no image
     */
    public static ImageDataset fromImages(
            String name, List<LabelledImage> train, List<LabelledImage> val, List<LabelledImage> test)
            throws DatasetException {
        String[] names = new String[train.size() + val.size() + test.size()];
        int count = 0;
        for (List<LabelledImage> part : List.of(train, val, test)) {
            for (LabelledImage image : part) {
                count = Math.max(count, record(image, names));
            }
        }
        for (int label = 0; label < count; label++) {
            if (names[label] == null) {
                throw new DatasetException(
                        "no image of %s has label %d, but there are labels up to %d: labels must count from 0 without a gap"
                                .formatted(name, label, count - 1));
            }
        }
        try {
            return new ImageDataset(name, Arrays.asList(names).subList(0, count), train, val, test);
        } catch (IllegalArgumentException e) {
            throw new DatasetException(e.getMessage(), e);
        }
    }

    /** Returns how many classes there are. */
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

    /** Returns true if the val list is the test list, as in ImageNet, which has no third one. */
    public boolean validatesOnTest() {
        return !test.isEmpty() && val.equals(test);
    }

    /** Returns the names that more than one class has, in label order (ImageNet has some). */
    public List<String> repeatedClassNames() {
        Set<String> seen = new HashSet<>();
        return classNames.stream().filter(n -> !seen.add(n)).distinct().toList();
    }

    /**
     * Returns the images of one half of the classes, labelled from 0.
     *
     * <p>Few-shot sampling comes before halving, as in the reference, so that both halves come from
     * one sample.
     */
    public ImageDataset half(ClassHalf half) {
        int middle = (classCount() + 1) / 2;
        return switch (half) {
            case ALL -> this;
            case BASE -> classRange("base", 0, middle);
            case NEW -> classRange("new", middle, classCount());
        };
    }

    /** Returns the dataset with the EXIF orientation of every image applied or not. */
    public ImageDataset with(ExifOrientation exif) {
        return new ImageDataset(name, classNames, all(train, exif), all(val, exif), all(test, exif));
    }

    private static List<LabelledImage> all(List<LabelledImage> images, ExifOrientation exif) {
        return images.stream().map(image -> image.with(exif)).toList();
    }

    /** Returns the file of features that all images come from; nothing for images to be encoded. */
    public Optional<StoredFeatures> stored() {
        return Stream.of(train, test)
                .flatMap(List::stream)
                .limit(1)
                .filter(image -> image.stored() != null)
                .map(image -> image.stored().features())
                .findFirst();
    }

    /** Returns the distinct image files that do not exist, in the order of the lists. */
    public List<Path> missingFiles() {
        return missingFiles(count -> {});
    }

    /**
     * Returns the distinct image files that do not exist, in the order of the lists.
     *
     * @param looked is told of each file that was looked for, as 1
     */
    public List<Path> missingFiles(IntConsumer looked) {
        return Stream.of(train, val, test)
                .flatMap(List::stream)
                .filter(image -> image.stored() == null)
                .map(LabelledImage::path)
                .distinct()
                .peek(path -> looked.accept(1))
                .filter(Files::notExists)
                .toList();
    }

    /**
     * Checks that every image file exists.
     *
     * @throws DatasetException naming how many are missing and the first few
     */
    public void requireFiles() throws DatasetException {
        List<Path> missing = missingFiles();
        if (!missing.isEmpty()) {
            throw new DatasetException(
                    "%,d image files of %s are missing: %s%s; see that the images lie where the list says"
                            .formatted(
                                    missing.size(),
                                    name,
                                    missing.stream()
                                            .limit(NAMED_IN_A_MESSAGE)
                                            .map(Path::toString)
                                            .collect(Collectors.joining(", ")),
                                    missing.size() > NAMED_IN_A_MESSAGE ? ", …" : ""));
        }
    }

    private ImageDataset classRange(String half, int from, int to) {
        if (from == to) {
            throw new IllegalArgumentException(
                    "dataset %s has %d class: it takes two to have a %s half".formatted(name, classCount(), half));
        }
        return new ImageDataset(
                name + " (" + half + ")",
                classNames.subList(from, to),
                labelsIn(train, from, to),
                labelsIn(val, from, to),
                labelsIn(test, from, to));
    }

    private static List<LabelledImage> labelsIn(List<LabelledImage> images, int from, int to) {
        return images.stream()
                .filter(i -> i.label() >= from && i.label() < to)
                .map(i -> i.withLabel(i.label() - from))
                .toList();
    }

    /** Notes an image's class name under its label and returns the number of labels so far. */
    private static int record(LabelledImage image, String[] names) throws DatasetException {
        int label = image.label();
        if (label >= names.length) {
            throw new DatasetException(
                    "label %d of %s is not below the number of images, %d: labels must count from 0 without a gap"
                            .formatted(label, image.path(), names.length));
        }
        if (names[label] == null) {
            names[label] = image.className();
        } else if (!names[label].equals(image.className())) {
            throw new DatasetException("label %d is called '%s' for one image and '%s' for %s: a label needs one name"
                    .formatted(label, names[label], image.className(), image.path()));
        }
        return label + 1;
    }

    private static void requireKnownClass(LabelledImage image, List<String> classNames) {
        if (image.label() >= classNames.size()) {
            throw new IllegalArgumentException("label %d of %s is not below the number of classes, %d"
                    .formatted(image.label(), image.path(), classNames.size()));
        }
        if (!classNames.get(image.label()).equals(image.className())) {
            throw new IllegalArgumentException("%s carries the class name '%s', but class %d is called '%s'"
                    .formatted(image.path(), image.className(), image.label(), classNames.get(image.label())));
        }
    }

    private static void requireNoEmptyClass(String name, List<String> classNames, List<LabelledImage> images) {
        BitSet present = new BitSet(classNames.size());
        images.forEach(image -> present.set(image.label()));
        if (present.cardinality() < classNames.size()) {
            List<String> empty = new ArrayList<>();
            for (int label = 0; label < classNames.size(); label++) {
                if (!present.get(label)) {
                    empty.add(classNames.get(label));
                }
            }
            throw new IllegalArgumentException("%d classes of %s have no images: %s%s"
                    .formatted(
                            empty.size(),
                            name,
                            String.join(", ", empty.subList(0, Math.min(empty.size(), NAMED_IN_A_MESSAGE))),
                            empty.size() > NAMED_IN_A_MESSAGE ? ", …" : ""));
        }
    }

    /** The classes that an experiment sees; the CoCoOp paper trains on base and tests on new. */
    public enum ClassHalf {
        /** Every class. */
        ALL,
        /** The first ⌈n/2⌉ classes in label order. */
        BASE,
        /** The remaining classes, relabelled from 0. */
        NEW
    }

    /** A part of a dataset. */
    public enum Split {
        /** Images to learn from. */
        TRAIN(0),
        /** Images to choose settings with. */
        VAL(1),
        /** Images to report numbers on. */
        TEST(2);

        private final int code;

        Split(int code) {
            this.code = code;
        }

        /** Returns its number in files of features. */
        public int code() {
            return code;
        }

        /** Returns the split of a number in a file of features. */
        static Optional<Split> ofCode(long code) {
            return Arrays.stream(values()).filter(split -> split.code == code).findFirst();
        }

        /** Returns its name for people. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Returns the split that a folder or a CSV cell of this name means, in any letter case. */
        public static Optional<Split> named(String name) {
            return switch (name.strip().toLowerCase(Locale.ROOT)) {
                case "train", "training" -> Optional.of(TRAIN);
                case "val", "valid", "validation", "dev" -> Optional.of(VAL);
                case "test", "testing" -> Optional.of(TEST);
                default -> Optional.empty();
            };
        }
    }
}
