package org.coop4j.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;

/**
 * Features of pictures in a file, labelled or not; some may be zero or not finite.
 *
 * @param names name of each row, as the file gives it; its number if the file does not
 * @param labels class of each row, counted from 0, −1 for none of the classes; null if the file has no labels
 * @param classNames names of the classes; null if the file has none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PoolFile(StoredFeatures features, List<String> names, int[] labels, List<String> classNames) {

    /**
     * Reads a file.
     *
     * @throws InputException if it is damaged, or its labels are sets
     */
    public static PoolFile read(Path file) throws IOException {
        try (FeatureTensors tensors = FeatureTensors.open(file)) {
            StoredFeatures features = tensors.unchecked();
            int rows = features.rows().count();
            List<String> inputs = tensors.inputs(rows);
            List<String> names = inputs == null
                    ? IntStream.range(0, rows).mapToObj(Integer::toString).toList()
                    : inputs;
            return new PoolFile(features, names, tensors.singleLabels(rows), tensors.list(FeatureTensors.CLASS_NAMES));
        }
    }

    /**
     * Returns the names of classes whose texts' features a file has, one row each: its class names, or its texts, or their
     * numbers.
     */
    public static List<String> classNames(Path texts) throws IOException {
        PoolFile file = read(texts);
        return file.classNames == null ? file.names : file.classNames;
    }
}
