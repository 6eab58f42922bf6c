package org.coop4j.method;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.coop4j.data.ClassNames;
import org.coop4j.weights.Shape;

/** Files of tensors with one row a class, for other classes than those that were learned. */
final class ClassRows {

    private ClassRows() {}

    /**
     * The file of these classes: one that was learned keeps its rows, a new one gets some.
     *
     * @param tensors names of the tensors with one row a class
     * @param added the rows of new classes: their names → tensor → rows; asked only if there are
     *     any
     */
    static ClassifierFile select(
            ClassifierFile file,
            List<String> names,
            List<String> tensors,
            Function<List<String>, Map<String, float[]>> added) {
        int[] positions = ClassNames.find(names, file.classNames());
        List<String> unknown = new ArrayList<>();
        for (int i = 0; i < positions.length; i++) {
            if (positions[i] < 0) {
                unknown.add(names.get(i));
            }
        }
        Map<String, float[]> rows = unknown.isEmpty() ? Map.of() : added.apply(unknown);
        ClassifierFile result = file.withClassNames(names);
        for (String tensor : tensors) {
            result = with(result, tensor, positions, rows.getOrDefault(tensor, new float[0]));
        }
        return result;
    }

    private static ClassifierFile with(
            ClassifierFile file, String name, int[] positions, float[] added) {
        ClassifierFile.Tensor old = file.tensor(name);
        List<Long> dims = new ArrayList<>(old.shape().dims());
        int width = old.values().length / Math.toIntExact(dims.get(0));
        float[] rows = new float[Math.multiplyExact(positions.length, width)];
        int used = 0;
        for (int i = 0; i < positions.length; i++) {
            boolean known = positions[i] >= 0;
            System.arraycopy(
                    known ? old.values() : added,
                    (known ? positions[i] : used++) * width,
                    rows,
                    i * width,
                    width);
        }
        dims.set(0, (long) positions.length);
        return file.with(name, new Shape(dims), rows);
    }
}
