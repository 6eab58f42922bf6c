package org.coop4j.clip;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.Graph;
import org.coop4j.graph.host.HostMatrix;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A step in parts of the classes, within a memory limit: class features part by part, the loss and
 * its gradient in the features, then each part again with that gradient pulled back to the context,
 * and the sum of what the parts give. Exact, for a second forward pass.
 */
final class PartedLossStep implements LossStep {

    private final ClassParts forward;
    private final ClassParts backward;
    private final ExecutionPlan head;
    private final HostMatrix features;
    private final HostMatrix pull;
    private final float[] featureValues;
    private final float[] gradient;
    private final float[] partGradient;

    PartedLossStep(PromptGraphs graphs, List<int[]> prompts, MemoryLimit memory, int batch) {
        forward = ClassParts.within(memory, prompts, graphs, PromptGraphs::features);
        backward = ClassParts.within(memory, prompts, graphs, PromptGraphs::pulledBack);
        INDArray array = Nd4j.create(DataType.FLOAT, prompts.size(), graphs.embed());
        features = HostMatrix.of(array);
        head = graphs.lossOfFeatures(array, batch).bind();
        pull = HostMatrix.of(head.output(Graph.gradientName("features")));
        featureValues = new float[prompts.size() * graphs.embed()];
        gradient = new float[graphs.context().rows() * graphs.context().cols()];
        partGradient = new float[gradient.length];
    }

    @Override
    public void run(float[] images, int[] labels) {
        HostMatrix.of(head.input("images")).fill(images);
        HostMatrix classes = HostMatrix.of(head.input("labels"));
        for (int i = 0; i < labels.length; i++) {
            classes.buffer().put(i, labels[i]);
        }
        forward.forEach(
                part -> {
                    part.plan().run();
                    part.readByClass(part.plan().output("features"), featureValues);
                });
        features.fill(featureValues);
        head.run();
        Arrays.fill(gradient, 0f);
        backward.forEach(this::addGradient);
    }

    private void addGradient(ClassParts.Part part) {
        part.writeBySequence(pull, part.plan().input("pull"));
        part.plan().run();
        HostMatrix.of(part.plan().output(PromptTower.contextGradient()))
                .buffer()
                .get(0, partGradient, 0, partGradient.length);
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] += partGradient[i];
        }
    }

    @Override
    public float loss() {
        return head.output("loss").getFloat(0);
    }

    @Override
    public void gradient(float[] target) {
        System.arraycopy(gradient, 0, target, 0, gradient.length);
    }

    @Override
    public float[] logits(int row) {
        HostMatrix logits = HostMatrix.of(head.output("logits"));
        float[] result = new float[logits.cols()];
        logits.getRow(row, result);
        return result;
    }

    @Override
    public long bytes() {
        return forward.bytes() + backward.bytes() + head.bytes();
    }

    @Override
    public long flops() {
        return forward.flops() + head.flops() + backward.flops();
    }

    @Override
    public int parts() {
        return backward.size();
    }

    @Override
    public List<ExecutionPlan.OpTime> profile() {
        Map<String, ExecutionPlan.OpTime> times = new LinkedHashMap<>();
        forward.forEach(part -> merge(times, part.plan().profile()));
        merge(times, head.profile());
        backward.forEach(part -> merge(times, part.plan().profile()));
        return times.values().stream()
                .sorted((a, b) -> Long.compare(b.nanos(), a.nanos()))
                .toList();
    }

    private static void merge(
            Map<String, ExecutionPlan.OpTime> times, List<ExecutionPlan.OpTime> more) {
        more.forEach(time -> times.merge(time.op(), time, ExecutionPlan.OpTime::plus));
    }
}
