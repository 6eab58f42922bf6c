package org.coop4j.clip;

import java.util.List;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.PlanDraft;
import org.coop4j.graph.host.HostMatrix;

/** A step of all classes together, in one plan. */
final class WholeLossStep implements LossStep {

    private final ExecutionPlan plan;
    private final HostMatrix images;
    private final HostMatrix labels;
    private final HostMatrix logits;
    private final HostMatrix gradient;
    private final int[] sequences;

    WholeLossStep(PlanDraft draft, PackedPrompts prompts) {
        plan = draft.bind();
        images = HostMatrix.of(plan.input("images"));
        labels = HostMatrix.of(plan.input("labels"));
        logits = HostMatrix.of(plan.output("logits"));
        gradient = HostMatrix.of(plan.output(PromptTower.contextGradient()));
        sequences = prompts.sequenceOfPrompt();
    }

    @Override
    public void run(float[] batch, int[] classes) {
        images.fill(batch);
        for (int i = 0; i < classes.length; i++) {
            labels.buffer().put(i, sequences[classes[i]]);
        }
        plan.run();
    }

    @Override
    public float loss() {
        return plan.output("loss").getFloat(0);
    }

    @Override
    public void gradient(float[] target) {
        gradient.buffer().get(0, target, 0, gradient.rows() * gradient.cols());
    }

    @Override
    public float[] logits(int row) {
        float[] bySequence = new float[logits.cols()];
        logits.getRow(row, bySequence);
        float[] byClass = new float[bySequence.length];
        for (int c = 0; c < byClass.length; c++) {
            byClass[c] = bySequence[sequences[c]];
        }
        return byClass;
    }

    @Override
    public long bytes() {
        return plan.bytes();
    }

    @Override
    public long flops() {
        return plan.flops();
    }

    @Override
    public int parts() {
        return 1;
    }

    @Override
    public List<ExecutionPlan.OpTime> profile() {
        return plan.profile();
    }
}
