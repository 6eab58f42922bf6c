package org.coop4j.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;

/**
 * A file of labelled images' features, such as {@code coop embed --data} writes: {@code features} [images, width],
 * {@code labels} [images] and, optionally, {@code split} [images] (0 train, 1 val, 2 test), with the class names in the
 * metadata. Without a split each class is split by {@link SplitShares}; without names the labels are the names.
 */
record FeatureList(DataFiles from) {

    /** Reads the features and their labels. */
    ImageDataset load() throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(from.place())) {
            StoredFeatures features = tensors.features();
            int rows = features.rows().rows();
            List<String> named = tensors.list(FeatureTensors.CLASS_NAMES);
            int[] labels = tensors.labels(rows, named == null ? 0 : named.size());
            List<String> names = from.renamed(named == null ? numbers(labels) : named);
            List<LabelledImage> images = images(tensors, features, labels, names);
            return from.dataset(from.name(), names, images, tensors.splits(rows));
        }
    }

    private static List<String> numbers(int[] labels) {
        int classes = IntStream.of(labels).max().orElse(0) + 1;
        return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
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
            throw new InputException(from.place() + ": " + e.getMessage(), e);
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
}
