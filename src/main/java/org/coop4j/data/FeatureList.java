package org.coop4j.data;

import org.coop4j.data.ClassNames.ClassNamesFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.image.ExifOrientation;

/**
 * A file of labelled images' features, such as {@code coop embed --data} writes: {@code features}
 * [images, width], {@code labels} [images] and, if wanted, {@code split} [images] (0 train, 1 val,
 * 2 test), with the class names in the metadata. Without a split each class is divided by {@link
 * SplitShares}, 50/20/30 unless others are given; without names classes are called by their
 * numbers.
 *
 * @param name what to call the dataset
 * @param file safetensors, {@code .npz}, or {@code .pt}
 * @param namesFile a file with class names for the file's names or numbers, see {@link
 *     ClassNamesFile}
 * @param splitSeed seed of the division, where the file has none
 * @param shares how it is divided; nothing for the benchmarks' shares, or its own division
 */
public record FeatureList(
        String name,
        Path file,
        Optional<Path> namesFile,
        long splitSeed,
        Optional<SplitShares> shares)
        implements DatasetSource {

    @Override
    public ImageDataset load() throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(file)) {
            StoredFeatures features = tensors.features();
            List<String> named = tensors.list(FeatureTensors.CLASS_NAMES);
            RowLabels rows = new RowLabels(tensors);
            int[] labels = rows.labels(features.size(), named == null ? 0 : named.size());
            List<String> names = renamed(named == null ? numbers(labels) : named);
            List<LabelledImage> images = images(tensors, features, labels, names);
            Split[] splits = rows.splits(features.size());
            return splits == null ? divided(images, names) : given(images, names, splits);
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
        Map<String, String> others = ClassNamesFile.read(namesFile.get(), Set.copyOf(names));
        return names.stream().map(own -> others.getOrDefault(own, own)).toList();
    }

    private List<LabelledImage> images(
            FeatureTensors tensors, StoredFeatures features, int[] labels, List<String> names)
            throws DatasetException {
        List<String> inputs = tensors.list(FeatureTensors.INPUTS);
        if (inputs != null && inputs.size() != labels.length) {
            throw tensors.problem(
                    "its metadata %s has %d names for %d rows"
                            .formatted(FeatureTensors.INPUTS, inputs.size(), labels.length));
        }
        List<LabelledImage> images = new ArrayList<>();
        try {
            for (int i = 0; i < labels.length; i++) {
                images.add(
                        new LabelledImage(
                                name(inputs == null ? "row " + i : inputs.get(i)),
                                labels[i],
                                names.get(labels[i]),
                                ExifOrientation.KEEP,
                                new StoredFeatures.Row(features, i)));
            }
        } catch (IllegalArgumentException e) {
            throw new DatasetException(file + ": " + e.getMessage(), e);
        }
        return images;
    }

    /** A name and no place: whatever a file says, no picture is looked for there. */
    private static Path name(String input) {
        Path name = Path.of("#");
        for (Path segment : Path.of(input)) {
            if (!segment.toString().matches("\\.{0,2}")) {
                name = name.resolve(segment);
            }
        }
        return name;
    }

    private ImageDataset divided(List<LabelledImage> images, List<String> names)
            throws DatasetException {
        Map<Integer, List<LabelledImage>> classes = new TreeMap<>();
        images.forEach(
                image ->
                        classes.computeIfAbsent(image.label(), label -> new ArrayList<>())
                                .add(image));
        if (classes.size() < names.size()) {
            // names the classes without rows
            return GivenSplits.assemble(
                    name, file.toString(), names, Map.of(Split.TRAIN, images, Split.TEST, images));
        }
        return SplitRules.divide(
                name,
                classes.values(),
                shares.orElse(SplitShares.STANDARD),
                new PythonRandom(splitSeed));
    }

    private ImageDataset given(List<LabelledImage> images, List<String> names, Split[] splits)
            throws DatasetException {
        GivenSplits.requireNoShares(file.toString(), shares);
        Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
        for (int i = 0; i < splits.length; i++) {
            parts.computeIfAbsent(splits[i], split -> new ArrayList<>()).add(images.get(i));
        }
        return GivenSplits.assemble(name, file.toString(), names, parts);
    }

    /**
     * Features of texts, a row a class.
     *
     * @throws DatasetException if they are not as many as there are classes, or of other classes
     */
    public static FeatureMatrix ofClasses(StoredFeatures texts, List<String> classNames)
            throws DatasetException {
        if (texts.size() != classNames.size()) {
            throw new DatasetException(
                    "%s has %d rows, and there are %d classes: expected a row a class, in the order of the class names"
                            .formatted(texts.file(), texts.size(), classNames.size()));
        }
        return FeatureMatrix.of(texts.size(), texts.width(), texts.toArray());
    }

    /** Features of the classes' texts, which stand for a text tower. */
    public static StoredFeatures texts(Path file, List<String> classNames) throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(file)) {
            if (tensors.kind().equals("image")) {
                throw tensors.problem(
                        "has features of images: expected those of texts, a row a class");
            }
            List<String> named = tensors.list(FeatureTensors.CLASS_NAMES);
            for (int i = 0; named != null && i < Math.max(named.size(), classNames.size()); i++) {
                String own = i < named.size() ? named.get(i) : "none";
                String wanted = i < classNames.size() ? classNames.get(i) : "none";
                if (!own.equals(wanted)) {
                    throw tensors.problem(
                            "its class %d is %s, and that of the data %s: expected the same classes in the same order"
                                    .formatted(i, own, wanted));
                }
            }
            return tensors.features();
        }
    }
}
