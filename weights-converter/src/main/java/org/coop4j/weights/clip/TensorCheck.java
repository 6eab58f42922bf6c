package org.coop4j.weights.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.WeightsException;

/** Compares the tensors that are there with those that an architecture needs. */
final class TensorCheck {
    private static final int NAMES_LISTED = 12;

    private TensorCheck() {}

    /**
     * Checks names, shapes and that all are floating-point.
     *
     * @throws WeightsException naming what is missing, unexpected and misshapen
     */
    static void check(ClipArchitecture architecture, Map<String, TensorSpec> actual)
            throws WeightsException {
        Map<String, Shape> expected = architecture.expectedTensors();
        List<String> missing = new ArrayList<>(expected.keySet());
        missing.removeAll(actual.keySet());
        List<String> unexpected = new ArrayList<>(actual.keySet());
        unexpected.removeAll(expected.keySet());
        List<String> wrong = new ArrayList<>();
        for (TensorSpec tensor : actual.values()) {
            Shape shape = expected.get(tensor.name());
            if (shape != null && !shape.equals(tensor.shape())) {
                wrong.add("%s %s, wanted %s".formatted(tensor.name(), tensor.shape(), shape));
            } else if (shape != null && !tensor.dtype().isFloat()) {
                wrong.add(tensor.name() + " of " + tensor.dtype() + ", wanted floating-point");
            }
        }
        List<String> problems = new ArrayList<>();
        describe("missing", missing, problems);
        describe("unexpected", unexpected, problems);
        describe("of the wrong shape or type", wrong, problems);
        if (!problems.isEmpty()) {
            throw new WeightsException(
                    "the tensors are not those of a CLIP model: " + String.join("; ", problems));
        }
    }

    private static void describe(String what, List<String> names, List<String> problems) {
        if (names.isEmpty()) {
            return;
        }
        List<String> listed = names.subList(0, Math.min(NAMES_LISTED, names.size()));
        int more = names.size() - listed.size();
        problems.add(
                "%d %s: %s%s"
                        .formatted(
                                names.size(),
                                what,
                                String.join(", ", listed),
                                more > 0 ? " and " + more + " more" : ""));
    }
}
