package org.coop4j.clip;

import java.util.List;
import org.coop4j.graph.ExecutionPlan;

/** A way to compute the loss of a batch and its gradient in the context. */
interface LossStep {

    /** Computes everything below for these normalised image features and classes. */
    void run(float[] images, int[] labels);

    float loss();

    /** Copies the context's gradient, [vectors, width]. */
    void gradient(float[] target);

    /** Logits of an image by class. */
    float[] logits(int row);

    /** Bytes of native memory for intermediate values. */
    long bytes();

    /** Floating-point operations of the matrix products of a run. */
    long flops();

    /** Number of parts that the classes are cut into. */
    int parts();

    /** Runs again, and says where the time goes. */
    List<ExecutionPlan.OpTime> profile();
}
