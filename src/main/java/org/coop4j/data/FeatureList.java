package org.coop4j.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;

/**
 * A file of labelled images' features, such as {@code coop embed --data} writes: {@code features} [images, width],
 * {@code labels} [images] and, optionally, {@code split} [images] (0 train, 1 val, 2 test), with the class names in the
 * metadata. Without a split each class is split by {@link SplitShares}; without names the labels are the names.
 *
 * @param name the dataset's name
 * @param file safetensors, {@code .npz}, or {@code .pt}
 * @param namesFile a file that renames classes, see {@link ClassNames#read}
 * @param splitSeed seed of the split, if the file has none
 * @param shares shares of the split, 50/20/30 if empty; must be empty if the file has a split
 */
record FeatureList(String name, Path file, Optional<Path> namesFile, long splitSeed, Optional<SplitShares> shares) {

    /** Reads the features and their labels. */
    public ImageDataset load() throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(file)) {
            StoredFeatures features = tensors.features();
            int rows = features.rows().rows();
            List<String> named = tensors.list(FeatureTensors.CLASS_NAMES);
            int[] labels = tensors.labels(rows, named == null ? 0 : named.size());
            List<String> names = renamed(named == null ? numbers(labels) : named);
            List<LabelledImage> images = images(tensors, features, labels, names);
            Split[] splits = tensors.splits(rows);
            if (splits == null) {
                return split(images, names);
            }
            SplitRules.requireNoShares(file, shares);
            Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
            for (int i = 0; i < rows; i++) {
                parts.computeIfAbsent(splits[i], split -> new ArrayList<>()).add(images.get(i));
            }
            return SplitRules.assemble(name, file, names, parts);
        }
    }

    private static List<String> numbers(int[] labels) {
        int classes = IntStream.of(labels).max().orElse(0) + 1;
        return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    }

    private List<String> renamed(List<String> names) throws IOException {
        if (namesFile.isEmpty()) {
            return names;
        }
        Map<String, String> others = ClassNames.read(namesFile.get(), Set.copyOf(names));
        return names.stream().map(own -> others.getOrDefault(own, own)).toList();
    }

    private List<LabelledImage> images(
            FeatureTensors tensors, StoredFeatures features, int[] labels, List<String> names) throws InputException {
        List<String> inputs = tensors.list(FeatureTensors.INPUTS);
        if (inputs != null && inputs.size() != labels.length) {
            throw tensors.problem("its metadata %s has %d names for %d rows"
                    .formatted(FeatureTensors.INPUTS, inputs.size(), labels.length));
        }
        List<LabelledImage> images = new ArrayList<>();
        try {
            for (int i = 0; i < labels.length; i++) {
                images.add(new LabelledImage(
                        harmless(inputs == null ? "row " + i : inputs.get(i)),
                        labels[i],
                        names.get(labels[i]),
                        ExifOrientation.KEEP,
                        new StoredFeatures.Row(features, i)));
            }
        } catch (IllegalArgumentException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
        return images;
    }

    /** Returns a path that leads nowhere: no image is looked for where a file of features says. */
    private static Path harmless(String input) {
        Path name = Path.of("#");
        for (Path segment : Path.of(input)) {
            if (!segment.toString().matches("\\.{0,2}")) {
                name = name.resolve(segment);
            }
        }
        return name;
    }

    private ImageDataset split(List<LabelledImage> images, List<String> names) throws InputException {
        Map<Integer, List<LabelledImage>> classes =
                images.stream().collect(Collectors.groupingBy(LabelledImage::label, TreeMap::new, Collectors.toList()));
        return classes.size() < names.size()
                // refuses them, naming the classes without rows
                ? SplitRules.assemble(name, file, names, Map.of(Split.TRAIN, images, Split.TEST, images))
                : SplitRules.split(name, classes.values(), shares, splitSeed);
    }

    /**
     * Reads the features of the classes' texts, one row per class, which replace a text tower.
     *
     * @throws InputException if the file has features of images, or of other classes
     */
    public static StoredFeatures texts(Path file, List<String> classNames) throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(file)) {
            if (tensors.kind().equals("image")) {
                throw tensors.problem("has features of images: expected those of texts, one row per class");
            }
            List<String> named = tensors.list(FeatureTensors.CLASS_NAMES);
            int i = named == null ? -1 : Arrays.mismatch(named.toArray(), classNames.toArray());
            if (i >= 0) {
                throw tensors.problem("class %d is %s, but %s in the data: expected the same classes in the same order"
                        .formatted(i, at(named, i), at(classNames, i)));
            }
            StoredFeatures texts = tensors.features();
            int rows = texts.rows().rows();
            if (rows != classNames.size()) {
                throw tensors.problem("has %d rows for %d classes: expected one row per class, in their order"
                        .formatted(rows, classNames.size()));
            }
            return texts;
        }
    }

    private static String at(List<String> names, int i) {
        return i < names.size() ? names.get(i) : "none";
    }
}
