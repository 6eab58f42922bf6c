package org.coop4j.pretrain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.host.ArrayValues;

/**
 * The running means and variances of a model's batch norms, by the tensors' names: averages of the
 * batches' statistics with PyTorch's momentum, the variance unbiased.
 */
final class RunningStatistics {

    private static final double MOMENTUM = 0.1;

    private final Map<String, Integer> normPixels;
    private final Map<String, float[]> averages = new LinkedHashMap<>();

    /**
     * @param normPixels the batch norms: name → pixels of one image that it sees
     */
    RunningStatistics(InitialModel initial, Map<String, Integer> normPixels) {
        this.normPixels = normPixels;
        for (String norm : normPixels.keySet()) {
            averages.put(mean(norm), initial.floats(mean(norm)));
            averages.put(variance(norm), initial.floats(variance(norm)));
        }
    }

    private static String mean(String norm) {
        return norm + ".running_mean";
    }

    private static String variance(String norm) {
        return norm + ".running_var";
    }

    /** Returns the outputs of a plan that {@link #update} reads. */
    List<String> outputs() {
        List<String> outputs = new ArrayList<>();
        for (String norm : normPixels.keySet()) {
            outputs.add(TrainedParameters.meanName(norm));
            outputs.add(TrainedParameters.varianceName(norm));
        }
        return outputs;
    }

    /** Takes the statistics of the batch that a plan has run. */
    void update(ExecutionPlan plan, int batch) {
        normPixels.forEach((norm, pixels) -> {
            long n = (long) batch * pixels;
            average(plan, mean(norm), TrainedParameters.meanName(norm), 1);
            average(plan, variance(norm), TrainedParameters.varianceName(norm), n / (n - 1.0));
        });
    }

    private void average(ExecutionPlan plan, String name, String output, double factor) {
        float[] values = averages.get(name);
        float[] batch = ArrayValues.of(plan.output(output)).toArray();
        for (int i = 0; i < values.length; i++) {
            double fresh = batch[i] * factor;
            values[i] = (float) ((1 - MOMENTUM) * values[i] + MOMENTUM * fresh);
        }
    }

    /** Returns all averages by name, not copied. */
    Map<String, float[]> byName() {
        return averages;
    }
}
