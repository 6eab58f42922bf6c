package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
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
import org.coop4j.data.ClassNames.ClassNamesFile;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;

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
        String name, Path file, Optional<Path> namesFile, long splitSeed, Optional<SplitShares> shares)
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
            FeatureTensors tensors, StoredFeatures features, int[] labels, List<String> names) throws DatasetException {
        List<String> inputs = tensors.list(FeatureTensors.INPUTS);
        if (inputs != null && inputs.size() != labels.length) {
            throw tensors.problem("its metadata %s has %d names for %d rows"
                    .formatted(FeatureTensors.INPUTS, inputs.size(), labels.length));
        }
        List<LabelledImage> images = new ArrayList<>();
        try {
            for (int i = 0; i < labels.length; i++) {
                images.add(new LabelledImage(
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

    private ImageDataset divided(List<LabelledImage> images, List<String> names) throws DatasetException {
        Map<Integer, List<LabelledImage>> classes = new TreeMap<>();
        images.forEach(image -> classes.computeIfAbsent(image.label(), label -> new ArrayList<>())
                .add(image));
        if (classes.size() < names.size()) {
            // names the classes without rows
            return SplitRules.assemble(name, file.toString(), names, Map.of(Split.TRAIN, images, Split.TEST, images));
        }
        return SplitRules.divide(
                name, classes.values(), shares.orElse(SplitShares.STANDARD), new PythonRandom(splitSeed));
    }

    private ImageDataset given(List<LabelledImage> images, List<String> names, Split[] splits) throws DatasetException {
        SplitRules.requireNoShares(file.toString(), shares);
        Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
        for (int i = 0; i < splits.length; i++) {
            parts.computeIfAbsent(splits[i], split -> new ArrayList<>()).add(images.get(i));
        }
        return SplitRules.assemble(name, file.toString(), names, parts);
    }

    /**
     * Features of texts, a row a class.
     *
     * @throws DatasetException if they are not as many as there are classes, or of other classes
     */
    public static FeatureMatrix ofClasses(StoredFeatures texts, List<String> classNames) throws DatasetException {
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
                throw tensors.problem("has features of images: expected those of texts, a row a class");
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

    /**
     * What a file of features says of its rows: their classes, as numbers or one-hot, and the parts of
     * the data that they are in.
     */
    private record RowLabels(FeatureTensors file) {

        /** As Tip-Adapter keeps the labels of its cache, one-hot, [rows, classes]. */
        private static final String VALUES = "values";

        /**
         * The class of each row, counted from 0.
         *
         * @param classes how many classes have names, or 0 if none has
         * @throws DatasetException if there are none, or one is of no class
         */
        int[] labels(int rows, int classes) throws IOException {
            TensorView tensor = file.tensor(FeatureTensors.LABELS);
            if (tensor == null && file.tensor(VALUES) != null) {
                return oneHot(file.tensor(VALUES), rows, classes);
            }
            if (tensor == null) {
                throw file.problem(
                        file.kind().equals("text")
                                ? "has features of texts and no labels: as --class-features it stands"
                                        + " for a text tower"
                                : "has no labels: expected a tensor labels [images] of integers, or"
                                        + " values [images, classes], got "
                                        + file.specs());
            }
            file.requireShape(tensor, tensor.dtype().isInteger(), Shape.of(rows), "integers");
            long[] values = tensor.longs();
            int[] labels = new int[rows];
            for (int i = 0; i < rows; i++) {
                labels[i] = label(i, values[i], classes, rows);
            }
            return labels;
        }

        private int label(int row, long value, int classes, int rows) throws DatasetException {
            long most = classes > 0 ? classes : rows; // each class has a row
            if (value < 0 || value >= most) {
                throw file.problem("label %d of row %d: expected 0 to %d, as there are %d %s"
                        .formatted(value, row, most - 1, most, classes > 0 ? "classes" : "rows"));
            }
            return (int) value;
        }

        private int[] oneHot(TensorView tensor, int rows, int classes) throws IOException {
            float[][] values = file.matrix(tensor);
            if (values.length != rows || (classes > 0 && values[0].length != classes)) {
                throw file.problem("values: expected [%d, %s], got %s"
                        .formatted(rows, classes > 0 ? classes : "classes", tensor.shape()));
            }
            int[] labels = new int[rows];
            for (int i = 0; i < rows; i++) {
                int ones = 0;
                for (int c = 0; c < values[i].length; c++) {
                    if (values[i][c] == 1) {
                        labels[i] = c;
                        ones++;
                    } else if (values[i][c] != 0) {
                        ones = 2; // no number that a label has
                    }
                }
                if (ones != 1) {
                    throw file.problem("row " + i + " of values is not one-hot: expected a single 1");
                }
            }
            return labels;
        }

        /** The part of the data that each row is in, or null where nothing says. */
        Split[] splits(int rows) throws IOException {
            TensorView tensor = file.tensor(FeatureTensors.SPLIT);
            if (tensor == null) {
                return null;
            }
            file.requireShape(tensor, tensor.dtype().isInteger(), Shape.of(rows), "integers");
            long[] values = tensor.longs();
            Split[] splits = new Split[rows];
            for (int i = 0; i < rows; i++) {
                int row = i;
                splits[i] = Split.ofCode(values[i])
                        .orElseThrow(() -> file.problem("split %d of row %d: expected 0 (train), 1 (val) or 2 (test)"
                                .formatted(values[row], row)));
            }
            return splits;
        }
    }
}
