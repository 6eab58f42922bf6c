package org.coop4j.method.train;

import org.coop4j.base.Setting;
import org.coop4j.method.train.Optimizer.Adam;
import org.coop4j.method.train.Optimizer.Sgd;

/** How a method's tensors are trained: epochs, batches, optimizer and learning rate. */
public record Training(
        @Setting("number of epochs") int epochs,
        @Setting("images of a step") int batch,
        @Setting("the optimizer") Optimizer.Kind optimizer,
        @Setting("the highest learning rate") double rate,
        @Setting("momentum of SGD, 0 up to but not 1") double momentum,
        @Setting("weight decay: coupled for SGD and Adam, decoupled for AdamW") double weightDecay,
        @Setting("epsilon of Adam and AdamW") double epsilon,
        @Setting("how the learning rate changes") Schedule schedule,
        @Setting("epochs at the warm-up rate, where the schedule goes by epochs") int warmupEpochs,
        @Setting("learning rate of the warm-up") double warmupRate) {

    /** How the learning rate changes. */
    public enum Schedule {
        /**
         * The reference's: constant while warming up, then half a cosine that begins after the warm-up but is as long
         * as the whole training (so that it never reaches 0).
         */
        EPOCH_COSINE,

        /** rate · (1 + cos(π i / S)) / 2 at step i of S. */
        STEP_COSINE,

        /**
         * The warm-up rate at step 0, rate · i / 50 up to step 50, then rate · (1 + cos(π (i − 50) / S)) / 2
         * (cross-modal adaptation's repository).
         */
        LINEAR_WARMUP_COSINE,

        /** The same rate always. */
        CONSTANT
    }

    /** A batch as large as any: a step is of all images. */
    public static final int ALL_IMAGES = 1 << 20;

    /** Steps of the linear warm-up that cross-modal adaptation begins with. */
    private static final int LINEAR_WARMUP = 50;

    public Training {
        if (epochs < 0 || batch < 1 || warmupEpochs < 0) {
            throw new IllegalArgumentException(
                    "epochs %d, batch %d, warm-up epochs %d: expected a batch of 1 or more, and no negative number"
                            .formatted(epochs, batch, warmupEpochs));
        }
        if (!(rate > 0) || !(warmupRate > 0)) {
            throw new IllegalArgumentException("learning rates must be positive, got " + rate + " and " + warmupRate);
        }
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("momentum: expected 0 or more and less than 1, got " + momentum);
        }
        if (!(weightDecay >= 0) || !(epsilon > 0)) {
            throw new IllegalArgumentException(
                    "weight decay must not be negative and epsilon must be positive, got %s and %s"
                            .formatted(weightDecay, epsilon));
        }
    }

    /** What a method that is not trained by steps has. */
    public static Training none() {
        return coop(0, 1);
    }

    /**
     * CoOp's: SGD at 0.002 with momentum 0.9 and weight decay 5e-4 (Dassl's default), one epoch at
     * 1e-5, then half a cosine.
     */
    public static Training coop(int epochs, int batch) {
        return sgd(epochs, batch, 0.002, 5e-4, Schedule.EPOCH_COSINE);
    }

    /** SGD with momentum 0.9. A schedule by epochs begins with one at 1e-5, as CoOp's. */
    public static Training sgd(int epochs, int batch, double rate, double weightDecay, Schedule schedule) {
        return new Training(
                epochs, batch, Optimizer.Kind.SGD, rate, 0.9, weightDecay, 1e-8, schedule, warmup(schedule), 1e-5);
    }

    /** Adam, or AdamW: the decay decoupled. */
    public static Training adam(
            Optimizer.Kind adam,
            int epochs,
            int batch,
            double rate,
            double weightDecay,
            double epsilon,
            Schedule schedule) {
        return new Training(epochs, batch, adam, rate, 0, weightDecay, epsilon, schedule, warmup(schedule), 1e-5);
    }

    private static int warmup(Schedule schedule) {
        return schedule == Schedule.EPOCH_COSINE ? 1 : 0;
    }

    /** The epochs of CoOp's scripts: 50 for 1 shot, 100 for 2 and 4, 200 for more or all. */
    public static int coopEpochs(int shots) {
        if (shots == 1) {
            return 50;
        }
        return shots == 2 || shots == 4 ? 100 : 200;
    }

    /** Whether anything is trained by steps. */
    public boolean trains() {
        return epochs > 0;
    }

    /** A new optimizer. */
    public Optimizer newOptimizer() {
        return switch (optimizer) {
            case SGD -> new Sgd(momentum, weightDecay);
            case ADAM -> Adam.coupled(epsilon, weightDecay);
            case ADAMW -> Adam.decoupled(epsilon, weightDecay);
        };
    }

    /**
     * The learning rate of a step.
     *
     * @param epoch its epoch, from 0
     * @param number its batch of the epoch, from 0
     * @param batches batches of an epoch
     */
    public double rate(int epoch, int number, int batches) {
        long step = (long) epoch * batches + number;
        double steps = (double) epochs * batches;
        return switch (schedule) {
            case EPOCH_COSINE -> epoch < warmupEpochs ? warmupRate : cosine(epoch - warmupEpochs, epochs);
            case STEP_COSINE -> cosine((double) step, steps);
            case LINEAR_WARMUP_COSINE -> {
                if (step >= LINEAR_WARMUP) {
                    yield cosine((double) (step - LINEAR_WARMUP), steps);
                }
                yield step == 0 ? warmupRate : rate * step / LINEAR_WARMUP;
            }
            case CONSTANT -> rate;
        };
    }

    private double cosine(double part, double whole) {
        return rate * (1 + Math.cos(Math.PI * part / whole)) / 2;
    }
}
