package org.coop4j.method.train;

import java.util.Locale;
import org.coop4j.graph.host.Floats;

/**
 * The loss, or a parameter after a step, became infinite or not a number; the last good checkpoint
 * is kept.
 */
public final class NonFiniteLossException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private NonFiniteLossException(String what, int epoch, int batch) {
        super(
                String.format(
                        Locale.ROOT,
                        "%s in epoch %d, batch %d: training stopped, and the last checkpoint, if"
                                + " there is one, is kept. A smaller learning rate may help",
                        what,
                        epoch + 1,
                        batch + 1));
    }

    /** The loss of a batch; epoch and batch count from 0. */
    public static NonFiniteLossException ofLoss(double loss, int epoch, int batch) {
        return new NonFiniteLossException("loss " + loss, epoch, batch);
    }

    /** The loss was finite, the step that followed was not. */
    public static NonFiniteLossException ofParameter(float value, int epoch, int batch) {
        return new NonFiniteLossException("a parameter became " + value, epoch, batch);
    }

    /**
     * Checks a tensor after a step, which may be infinite where the loss was finite.
     *
     * @throws NonFiniteLossException naming the first value that is infinite or not a number
     */
    public static void requireFinite(float[] values, int epoch, int batch) {
        if (Floats.areFinite(values)) {
            return;
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw ofParameter(value, epoch, batch);
            }
        }
    }
}
