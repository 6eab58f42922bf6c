package org.coop4j.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.ExecutionPlan.Arena;
import org.coop4j.graph.Graph;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.PlanDraft;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A {@link StepGraph} planned: values go in from the heap, a loss and gradients come out. */
final class StepPlan implements AutoCloseable {

    private final StepGraph graph;
    private final ExecutionPlan plan;
    private final int[] rowOfClass;
    private final float[] scratch;
    private final int losses;
    private final Arena arena; // null where another plan owns the memory
    private ArrayValues logits; // null until they are read after a run

    /**
     * A plan that has no memory yet.
     *
     * @param plan what it needs
     */
    record Draft(StepGraph graph, PlanDraft plan) {

        long bytes() {
            return plan.bytes();
        }
    }

    /** The classes from {@code from} up to but not {@code to}. */
    record Range(int from, int to) {

        private static Range of(int classes, int chunk, int count) {
            return new Range((int) ((long) classes * chunk / count), (int) ((long) classes * (chunk + 1) / count));
        }
    }

    private StepPlan(StepGraph graph, ExecutionPlan plan, Arena arena) {
        this.graph = graph;
        this.plan = plan;
        this.arena = arena;
        int[] classes = graph.classOfRow();
        rowOfClass = new int[Arrays.stream(classes).max().orElse(-1) + 1];
        for (int row = 0; row < classes.length; row++) {
            rowOfClass[classes[row]] = row;
        }
        IntStream lengths = graph.learnedArrays().keySet().stream().mapToInt(t -> t.values().length);
        scratch = new float[lengths.max().orElse(0)];
        losses = Math.max(1, graph.losses().size());
    }

    /** One plan in memory of its own. */
    static StepPlan of(Draft draft) {
        return bind(List.of(draft)).get(0);
    }

    /** Plans that run one after another in the memory that the largest needs, which the first frees. */
    private static List<StepPlan> bind(List<Draft> drafts) {
        Arena arena = Arena.of(drafts.stream().map(Draft::plan).toList());
        List<StepPlan> plans = new ArrayList<>();
        for (Draft draft : drafts) {
            plans.add(new StepPlan(draft.graph, draft.plan.bind(arena), plans.isEmpty() ? arena : null));
        }
        return plans;
    }

    /**
     * As few chunks of classes, of about one size, as the limit allows; they run one after another.
     *
     * @param classes number of classes
     * @param draft plans the classes of a range
     * @throws MemoryLimit.ExceededException if one class alone needs more than the limit
     */
    static List<StepPlan> within(MemoryLimit memory, int classes, Function<Range, Draft> draft) {
        int count = 1;
        while (true) {
            List<Draft> drafts = new ArrayList<>();
            long largest = 0;
            for (int chunk = 0; chunk < count && largest <= memory.bytes(); chunk++) {
                drafts.add(draft.apply(Range.of(classes, chunk, count)));
                largest = Math.max(largest, drafts.get(chunk).bytes());
            }
            if (largest <= memory.bytes()) {
                return bind(drafts);
            }
            drafts.forEach(d -> d.graph().close());
            if (count == classes) {
                throw new MemoryLimit.ExceededException(largest(drafts.size(), largest, classes, draft), memory);
            }
            long wanted = count * ((largest - 1) / memory.bytes() + 1);
            count = (int) Math.min(classes, Math.max(count + 1L, wanted));
        }
    }

    /** What the class with the longest prompt needs, of which the first {@code known} are known. */
    private static long largest(int known, long largest, int classes, Function<Range, Draft> draft) {
        long most = largest;
        for (int one = known; one < classes; one++) {
            Draft alone = draft.apply(Range.of(classes, one, classes));
            most = Math.max(most, alone.bytes());
            alone.graph().close();
        }
        return most;
    }

    /** The loss, the logits where there are any, and the gradients of all that is learned. */
    static Draft ofLoss(StepGraph graph, SDVariable loss, Workers workers) {
        List<SDVariable> losses = graph.losses().isEmpty() ? List.of(loss) : graph.losses();
        List<String> outputs = new ArrayList<>();
        List<String> choices = new ArrayList<>();
        for (int i = 0; i < losses.size(); i++) {
            losses.get(i).rename(loss(i));
            outputs.add(loss(i));
            if (losses.size() > 1) {
                choices.add(StepGraph.choice(i));
            }
        }
        if (graph.hasLogits()) {
            outputs.add(StepGraph.LOGITS);
        }
        return differentiated(graph, loss, outputs, choices, workers);
    }

    private static String loss(int i) {
        return "loss " + i;
    }

    /**
     * The gradients alone of a scalar in all that is learned.
     *
     * @param changing placeholders that change between a run and its repetitions
     */
    static Draft ofGradients(StepGraph graph, SDVariable scalar, List<String> changing, Workers workers) {
        return differentiated(graph, scalar, List.of(), changing, workers);
    }

    private static Draft differentiated(
            StepGraph graph, SDVariable scalar, List<String> outputs, List<String> changing, Workers workers) {
        graph.ops().differentiate(scalar);
        List<String> names = List.copyOf(graph.usedTensors());
        return new Draft(graph, graph.ops().gradientDraft(outputs, names, changing, workers));
    }

    /** A variable's values, without gradients. */
    static Draft ofValues(StepGraph graph, String output, Workers workers) {
        return new Draft(graph, graph.ops().draft(List.of(output), workers));
    }

    /** Computes everything for these images and labels; those that it does not read may be null. */
    void run(float[] images, int[] labels) {
        graph.lock().hold(() -> compute(images, labels));
    }

    private Void compute(float[] images, int[] labels) {
        for (Map.Entry<LearnedTensor, INDArray> tensor : graph.learnedArrays().entrySet()) {
            ArrayValues.of(tensor.getValue()).fill(tensor.getKey().values());
        }
        if (graph.readsImages()) {
            ArrayValues.of(plan.input(StepGraph.IMAGES)).fill(images);
        }
        if (graph.readsLabels()) {
            ArrayValues rows = ArrayValues.of(plan.input(StepGraph.LABELS));
            for (int i = 0; i < labels.length; i++) {
                if (labels[i] < 0 || labels[i] >= rowOfClass.length) {
                    throw new IllegalArgumentException(
                            "label %d of an image: expected 0 to %d".formatted(labels[i], rowOfClass.length - 1));
                }
                rows.buffer().put(i, rowOfClass[labels[i]]);
            }
            rows.store();
        }
        choose(0);
        logits = null;
        plan.run();
        return null;
    }

    /** After a run: the gradients of another loss of the same batch. */
    void runForLoss(int i) {
        choose(i);
        repeat();
    }

    /** After a run: the gradients with what changes as it is now. */
    void repeat() {
        graph.lock().hold(() -> {
            plan.repeat();
            return null;
        });
    }

    private void choose(int loss) {
        for (int i = 0; i < losses && losses > 1; i++) {
            plan.input(StepGraph.choice(i)).assign(i == loss ? 1f : 0f);
        }
    }

    /** Number of losses whose gradients are computed one after another. */
    int losses() {
        return losses;
    }

    float lossValue(int i) {
        return (float) ArrayValues.scalar(plan.output(loss(i)));
    }

    StepGraph.GradientRule rule() {
        return graph.rule();
    }

    /** Copies the gradient in a tensor, which is 0 where the graph does not read it. */
    void readGradient(LearnedTensor tensor, float[] gradient) {
        if (graph.usedTensors().contains(tensor.name())) {
            ArrayValues values = ArrayValues.of(plan.output(Graph.gradientName(tensor.name())));
            values.load();
            values.buffer().get(0, gradient, 0, tensor.values().length);
        } else {
            Arrays.fill(gradient, 0f);
        }
    }

    /** Adds the gradient in a tensor, which is 0 where the graph does not read it. */
    void addGradient(LearnedTensor tensor, float[] sum) {
        if (graph.usedTensors().contains(tensor.name())) {
            readGradient(tensor, scratch);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += scratch[i];
            }
        }
    }

    /** The logits of image {@code image}, by class. */
    float[] logits(int image) {
        if (logits == null) {
            logits = ArrayValues.of(plan.output(StepGraph.LOGITS));
            logits.load();
        }
        float[] byRow = new float[logits.cols()];
        logits.getRow(image, byRow);
        float[] byClass = new float[byRow.length];
        for (int row = 0; row < byRow.length; row++) {
            byClass[graph.classOfRow()[row]] = byRow[row];
        }
        return byClass;
    }

    /** Copies an output with one row a class to the rows of all classes. */
    void readByClass(String output, float[] byClass) {
        ArrayValues matrix = ArrayValues.of(plan.output(output));
        matrix.load();
        int[] classes = graph.classOfRow();
        for (int row = 0; row < classes.length; row++) {
            matrix.buffer().get(row * matrix.cols(), byClass, classes[row] * matrix.cols(), matrix.cols());
        }
    }

    /** The reverse of {@link #readByClass}, to a placeholder. */
    void writeByClass(float[] byClass, String placeholder) {
        ArrayValues matrix = ArrayValues.of(plan.input(placeholder));
        int[] classes = graph.classOfRow();
        for (int row = 0; row < classes.length; row++) {
            matrix.buffer().put(row * matrix.cols(), byClass, classes[row] * matrix.cols(), matrix.cols());
        }
        matrix.store();
    }

    ExecutionPlan plan() {
        return plan;
    }

    /** Frees the plan, and the memory that it shares with the other chunks if it owns it. */
    @Override
    public void close() {
        logits = null;
        plan.close();
        graph.close();
        if (arena != null) {
            arena.close();
        }
    }
}
