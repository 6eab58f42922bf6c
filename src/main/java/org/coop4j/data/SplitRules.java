package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.data.SplitRules.SplitShares;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rules by which the CoOp benchmarks divide a dataset that comes without a division.
 *
 * <p>Sizes are rounded half to even, as Python's {@code round} does. The lists are shuffled by
 * {@link PythonRandom}; since files are listed in sorted order here, where the reference takes them
 * as the file system lists them, a new split is reproducible but not the published one.
 */
public final class SplitRules {
    private static final double VAL_SHARE = 0.2;

    private static final Logger log = LoggerFactory.getLogger(SplitRules.class);

    private SplitRules() {}

    /** Refuses shares for data that has a division. */
    static void requireNoShares(String source, Optional<SplitShares> shares) throws DatasetException {
        if (shares.isPresent()) {
            throw new DatasetException(source + " has a split of its own: omit --split");
        }
    }

    /**
     * Makes a dataset of the parts that a user's folders or list name.
     *
     * <p>train and test, with or without val; test alone, for evaluation; or train and val, where val is the test list
     * as well, as the reference does with ImageNet. train alone is refused.
     */
    static ImageDataset assemble(
            String name, String source, List<String> classNames, Map<Split, List<LabelledImage>> parts)
            throws DatasetException {
        List<LabelledImage> train = parts.getOrDefault(Split.TRAIN, List.of());
        List<LabelledImage> val = parts.getOrDefault(Split.VAL, List.of());
        List<LabelledImage> test = parts.getOrDefault(Split.TEST, List.of());
        if (test.isEmpty()) {
            if (val.isEmpty()) {
                throw new DatasetException(source
                        + " has training images alone: add test images, or give the images"
                        + " undivided to have them split 50/20/30");
            }
            log.info("{} has no test images: the val images are the test images too", source);
            test = val;
        }
        try {
            return new ImageDataset(name, classNames, train, val, test);
        } catch (IllegalArgumentException e) {
            throw new DatasetException(source + ": " + e.getMessage(), e);
        }
    }

    /**
     * Divides each class into 50 % train, 20 % val and the rest test.
     *
     * @param name the dataset's name
     * @param classes the images of one class each, none of them empty; shuffled in this order
     * @throws DatasetException if a class is so small that a part would be empty
     */
    public static ImageDataset halfFifthRest(String name, Collection<List<LabelledImage>> classes, PythonRandom random)
            throws DatasetException {
        return divide(name, classes, SplitShares.STANDARD, random);
    }

    /**
     * Divides each class by shares.
     *
     * @param name the dataset's name
     * @param classes the images of one class each, none of them empty; shuffled in this order
     * @throws DatasetException if a class is so small that a part would be empty
     */
    static ImageDataset divide(
            String name, Collection<List<LabelledImage>> classes, SplitShares shares, PythonRandom random)
            throws DatasetException {
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        List<LabelledImage> test = new ArrayList<>();
        for (List<LabelledImage> images : classes) {
            int trainCount = share(images.size(), shares.train() / 100.0);
            int valEnd = trainCount + share(images.size(), shares.val() / 100.0);
            boolean noVal = shares.val() > 0 && valEnd == trainCount;
            if (trainCount == 0 || noVal || valEnd >= images.size()) {
                throw new DatasetException(
                        "class '%s' of %s has %d images, and a split of %s %% needs %d: add images, or divide them yourself (train/ and test/ folders, or a split column)"
                                .formatted(images.get(0).className(), name, images.size(), shares, needed(shares)));
            }
            List<LabelledImage> shuffled = new ArrayList<>(images);
            random.shuffle(shuffled);
            train.addAll(shuffled.subList(0, trainCount));
            val.addAll(shuffled.subList(trainCount, valEnd));
            test.addAll(shuffled.subList(valEnd, shuffled.size()));
        }
        return ImageDataset.fromImages(name, train, val, test);
    }

    /**
     * Divides an official training list into 80 % train and 20 % val, class by class in order of
     * first appearance; the official test list stays as it is.
     *
     * @throws DatasetException if a class is so small that its val part would be empty
     */
    public static ImageDataset fifthToVal(
            String name, List<LabelledImage> trainVal, List<LabelledImage> test, PythonRandom random)
            throws DatasetException {
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        for (List<LabelledImage> images : byFirstAppearance(trainVal)) {
            int valCount = share(images.size(), VAL_SHARE);
            if (valCount == 0) {
                throw new DatasetException(
                        "class '%s' of %s has %d training images, of which a fifth would be none: the official list is incomplete"
                                .formatted(images.get(0).className(), name, images.size()));
            }
            List<LabelledImage> shuffled = new ArrayList<>(images);
            random.shuffle(shuffled);
            val.addAll(shuffled.subList(0, valCount));
            train.addAll(shuffled.subList(valCount, shuffled.size()));
        }
        return ImageDataset.fromImages(name, train, val, test);
    }

    /** Returns the images grouped by label, the labels in order of first appearance. */
    public static Collection<List<LabelledImage>> byFirstAppearance(List<LabelledImage> images) {
        Map<Integer, List<LabelledImage>> groups = new LinkedHashMap<>();
        for (LabelledImage image : images) {
            groups.computeIfAbsent(image.label(), l -> new ArrayList<>()).add(image);
        }
        return groups.values();
    }

    /** The smallest class that has an image in each part. */
    private static int needed(SplitShares shares) {
        int count = 1;
        while (true) {
            int train = share(count, shares.train() / 100.0);
            int val = share(count, shares.val() / 100.0);
            if (train > 0 && (val > 0 || shares.val() == 0) && train + val < count) {
                return count;
            }
            count++;
        }
    }

    private static int share(int count, double share) {
        return (int) Math.rint(count * share);
    }

    /**
     * How a dataset without a division is divided, class by class.
     *
     * @param train percentage of a class's images to learn from
     * @param val percentage to choose by; may be 0
     * @param test percentage to test on
     */
    public record SplitShares(int train, int val, int test) {

        /** Of the CoOp benchmarks. */
        public static final SplitShares STANDARD = new SplitShares(50, 20, 30);

        /** Checks that they are percentages of a whole. */
        public SplitShares {
            if (train < 1 || val < 0 || test < 1 || train + val + test != 100) {
                throw new IllegalArgumentException(
                        "split %d/%d/%d: expected percentages of train, val and test images that sum to 100, such as 60/10/30"
                                .formatted(train, val, test));
            }
        }

        /**
         * Reads shares such as {@code 60/10/30}.
         *
         * @throws IllegalArgumentException if they are something else
         */
        public static SplitShares of(String text) {
            if (!text.matches("\\d{1,3}/\\d{1,3}/\\d{1,3}")) {
                throw new IllegalArgumentException(
                        "split \"%s\": expected percentages of train, val and test images, such as 60/10/30"
                                .formatted(text));
            }
            String[] parts = text.split("/", -1);
            return new SplitShares(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
        }

        /** Such as "60/10/30". */
        @Override
        public String toString() {
            return train + "/" + val + "/" + test;
        }
    }
}
