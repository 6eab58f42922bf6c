package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Predictions;

/**
 * The CoOp benchmarks' rules for splitting a dataset that has no split of its own.
 *
 * <p>Sizes are rounded half to even, as Python's {@code round} does. The lists are shuffled by {@link PythonRandom}.
 * Files are listed in sorted order, whereas the reference takes them in the order of the file system: a new split is
 * reproducible, but is not the published one.
 */
public final class SplitRules {
    private SplitRules() {}

    /** Refuses shares for data that has a split. */
    public static void requireNoShares(Path source, Optional<SplitShares> shares) throws InputException {
        require(
                shares.isEmpty() || shares.get().equals(SplitShares.WHOLE),
                "%s has a split of its own: omit the shares",
                source);
    }

    /**
     * Splits each class by shares.
     *
     * @param classes the images of one class each, none of them empty; shuffled in this order
     * @param chosen the shares, {@link SplitShares#STANDARD} if empty
     * @throws InputException if a class is so small that a part would be empty
     */
    public static ImageDataset split(
            String name, Collection<List<LabelledImage>> classes, Optional<SplitShares> chosen, long seed)
            throws InputException {
        SplitShares shares = chosen.orElse(SplitShares.STANDARD);
        PythonRandom random = new PythonRandom(seed);
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        List<LabelledImage> test = new ArrayList<>();
        for (List<LabelledImage> images : classes) {
            int size = images.size();
            if (!shares.suit(size)) {
                int needed = size;
                while (!shares.suit(needed)) {
                    needed++;
                }
                throw new InputException(
                        "class '%s' of %s has %s, but a split of %s %% needs %d: add images, make train and test folders, or learn from all without a test (100/0/0)"
                                .formatted(
                                        images.get(0).className(), name, Numbers.count(size, "image"), shares, needed));
            }
            List<LabelledImage> shuffled = random.shuffled(images);
            int valStart = share(size, shares.train);
            int testStart = shares.test == 0 ? size : valStart + share(size, shares.val);
            train.addAll(shuffled.subList(0, valStart));
            val.addAll(shuffled.subList(valStart, testStart));
            test.addAll(shuffled.subList(testStart, size));
        }
        return ImageDataset.fromImages(name, train, val, test);
    }

    /**
     * Splits images with sets of labels by shares: shuffled, ordered by the rarest class that each shows, and dealt in turn
     * to the part that is furthest behind its share.
     */
    static ImageDataset ofSets(
            String name, List<String> classNames, List<LabelledImage> images, Optional<SplitShares> chosen, long seed) {
        SplitShares shares = chosen.orElse(SplitShares.STANDARD);
        int[] positives =
                Labels.positives(images.stream().map(LabelledImage::labels).toList(), classNames.size());
        Comparator<Integer> rarity = Comparator.comparingInt(c -> c < 0 ? images.size() : positives[c]);
        Function<LabelledImage, Integer> rarest = image ->
                IntStream.of(image.labels().present()).boxed().min(rarity).orElse(-1);
        List<LabelledImage> order = new PythonRandom(seed)
                .shuffled(images).stream()
                        .sorted(Comparator.comparing(rarest, rarity.thenComparing(c -> c)))
                        .toList();
        int[] wanted = {shares.train, shares.val, shares.test};
        List<List<LabelledImage>> parts = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (LabelledImage image : order) {
            int dealt = parts.stream().mapToInt(List::size).sum() + 1;
            parts.get(Predictions.argmax(
                            wanted.length,
                            p -> wanted[p] * dealt / 100.0 - parts.get(p).size()))
                    .add(image);
        }
        return new ImageDataset(name, classNames, parts.get(0), parts.get(1), parts.get(2));
    }

    /**
     * Splits an official training list into 80 % train and 20 % val, class by class in order of first appearance; the
     * official test list stays as it is.
     *
     * @throws InputException if a class is so small that its val part would be empty
     */
    public static ImageDataset fifthToVal(
            String name, List<LabelledImage> trainVal, List<LabelledImage> test, long seed) throws InputException {
        PythonRandom random = new PythonRandom(seed);
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> val = new ArrayList<>();
        for (List<LabelledImage> images : byFirstAppearance(trainVal)) {
            int valCount = share(images.size(), SplitShares.STANDARD.val);
            require(
                    valCount != 0,
                    "class '%s' of %s has %s, too few for val: the official list is incomplete",
                    images.get(0).className(),
                    name,
                    Numbers.count(images.size(), "training image"));
            List<LabelledImage> shuffled = random.shuffled(images);
            val.addAll(shuffled.subList(0, valCount));
            train.addAll(shuffled.subList(valCount, shuffled.size()));
        }
        return ImageDataset.fromImages(name, train, val, test);
    }

    /** Returns the images grouped by label, the labels in order of first appearance. */
    public static Collection<List<LabelledImage>> byFirstAppearance(List<LabelledImage> images) {
        return images.stream()
                .collect(Collectors.groupingBy(LabelledImage::label, LinkedHashMap::new, Collectors.toList()))
                .values();
    }

    private static int share(int count, int percentage) {
        return (int) Math.rint(count * (percentage / 100.0));
    }

    /**
     * Percentages of each class's images in the parts of a split.
     *
     * @param train percentage to learn from
     * @param val percentage to choose settings by; may be 0
     * @param test percentage to test on; 0 to learn without a test
     */
    public record SplitShares(int train, int val, int test) {

        /** The shares of the CoOp benchmarks. */
        public static final SplitShares STANDARD = new SplitShares(50, 20, 30);

        /** All images are test images; data that has a split keeps it. */
        public static final SplitShares WHOLE = new SplitShares(0, 0, 100);

        public SplitShares {
            Require.that(
                    (train >= 1 || test >= 100) && val >= 0 && test >= 0 && train + val + test == 100,
                    "split %d/%d/%d: expected percentages of train, val and test images that sum to 100, such as"
                            + " 60/10/30, or 100/0/0 to learn from all",
                    train,
                    val,
                    test);
        }

        /**
         * Reads shares such as {@code 60/10/30}.
         *
         * @throws IllegalArgumentException if they are anything else
         */
        public static SplitShares of(String text) {
            Require.that(
                    text.matches("\\d{1,3}/\\d{1,3}/\\d{1,3}"),
                    "split \"%s\": expected percentages of train, val and test images, such as 60/10/30",
                    text);
            String[] parts = text.split("/", -1);
            return new SplitShares(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
        }

        /** Returns true if no part of a class of this size would be empty, except one with a share of 0. */
        private boolean suit(int size) {
            int trains = share(size, train);
            int validates = share(size, val);
            boolean tests = test == 0 ? trains <= size && (val == 0 || trains < size) : trains + validates < size;
            return (trains > 0 || train == 0) && (validates > 0 || val == 0) && tests;
        }

        /** Returns the form "60/10/30". */
        @Override
        public String toString() {
            return train + "/" + val + "/" + test;
        }
    }

    /** Draws images with sets of labels, in a random order, and as many without labels as show a class on average. */
    static List<LabelledImage> greedy(
            List<LabelledImage> images, int classes, int shots, PythonRandom random, boolean unlabelled) {
        List<Labels> labels = images.stream().map(LabelledImage::labels).toList();
        List<Integer> order =
                random.shuffled(IntStream.range(0, images.size()).boxed().toList());
        Collection<Integer> chosen = greedy(labels, classes, order, shots);
        int shown =
                chosen.stream().mapToInt(i -> labels.get(i).present().length).sum();
        order.stream()
                .filter(i -> unlabelled && labels.get(i).present().length == 0)
                .limit(Math.round((double) shown / classes))
                .forEach(chosen::add);
        return chosen.stream().map(images::get).toList();
    }

    /** Chooses features of images with sets of labels until each class has a number of positives. */
    public static FeatureSet greedy(FeatureSet images, int classes, int shots, long seed) {
        List<Integer> order = new PythonRandom(seed)
                .shuffled(IntStream.range(0, images.size()).boxed().toList());
        return images.select(greedy(images.labelSets(), classes, order, shots).stream()
                .mapToInt(i -> i)
                .toArray());
    }

    /**
     * Chooses images with sets of labels.
     *
     * @param order positions of the images in the order in which they are tried
     * @return positions in the order of choice
     */
    static Collection<Integer> greedy(List<Labels> labels, int classes, List<Integer> order, int shots) {
        int[] positives = Labels.positives(labels, classes);
        int[] drawn = new int[classes];
        Set<Integer> chosen = new LinkedHashSet<>();
        IntStream.range(0, classes)
                .boxed()
                .sorted(Comparator.comparingInt(c -> positives[c]))
                .forEach(c -> {
                    for (int i : order) {
                        if (drawn[c] < shots && labels.get(i).state(c) == Labels.PRESENT && chosen.add(i)) {
                            IntStream.of(labels.get(i).present()).forEach(label -> drawn[label]++);
                        }
                    }
                });
        return chosen;
    }
}
