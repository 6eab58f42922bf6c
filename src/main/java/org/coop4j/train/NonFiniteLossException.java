package org.coop4j.train;

/** The loss became infinite or not a number; the last good checkpoint is kept. */
public final class NonFiniteLossException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NonFiniteLossException(double loss, int epoch, int batch) {
        super(
                String.format(
                        "loss %s in epoch %d, batch %d: training stopped; the last checkpoint is"
                                + " kept. A smaller learning rate may help",
                        loss, epoch + 1, batch + 1));
    }
}
