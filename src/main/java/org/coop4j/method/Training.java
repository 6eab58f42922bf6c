package org.coop4j.method;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.base.Settings;
import org.coop4j.base.Settings.Setting;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.data.RandomStream;

/** The training of a method's tensors: epochs, batches, optimizer and learning rate. */
public record Training(
        @Setting("number of epochs") int epochs,
        @Setting("images per step") int batch,
        @Setting("the optimizer") Optimizer.Algorithm optimizer,
        @Setting("the highest learning rate") double rate,
        @Setting("momentum of SGD, at least 0 and less than 1") double momentum,
        @Setting("largest norm of the gradient, 0 for no limit") double gradientLimit,
        @Setting("weight decay: coupled for SGD and Adam, decoupled for AdamW") double weightDecay,
        @Setting("epsilon of Adam and AdamW") double epsilon,
        @Setting("schedule of the learning rate") Schedule schedule,
        @Setting("epochs at the warm-up rate, if the schedule goes by epochs") int warmupEpochs,
        @Setting("learning rate of the warm-up") double warmupRate) {

    /** Schedules of the learning rate. */
    public enum Schedule {
        /**
         * CoOp's: constant during the warm-up, then half a cosine that begins after the warm-up but is as long as the
         * whole training, so that it never reaches 0.
         */
        EPOCH_COSINE,

        /** rate · (1 + cos(π i / S)) / 2 at step i of S. */
        STEP_COSINE,

        /** 1e-6 + (rate − 1e-6) · (1 + cos(π i / S)) / 2 at step i of S: PyTorch's with {@code eta_min}. */
        STEP_COSINE_TO_FLOOR,

        /**
         * The warm-up rate at step 0, rate · i / 50 up to step 50, then rate · (1 + cos(π (i − 50) / S)) / 2
         * (cross-modal adaptation's repository).
         */
        LINEAR_WARMUP_COSINE,

        /** A constant rate. */
        CONSTANT
    }

    /** A batch size for steps over all images. */
    public static final int ALL_IMAGES = 1 << 20;

    /** Last rate of a cosine that does not end at 0. */
    private static final double FLOOR = 1e-6;

    /** Number of steps of cross-modal adaptation's linear warm-up. */
    private static final int LINEAR_WARMUP = 50;

    public Training {
        Require.present("optimizer", optimizer);
        Require.present("schedule", schedule);
        Require.notNegative("epochs", epochs);
        Require.notNegative("warmup_epochs", warmupEpochs);
        Require.notNegative("weight_decay", weightDecay);
        Require.notNegative("gradient_limit", gradientLimit);
        Require.positive("batch", batch);
        Require.positive("rate", rate);
        Require.positive("warmup_rate", warmupRate);
        Require.positive("epsilon", epsilon);
        Require.that(momentum >= 0 && momentum < 1, "momentum: expected at least 0 and less than 1, got %s", momentum);
    }

    /** CoOp's learning rate ({@code configs/trainers/CoOp}). */
    public static final double COOP_RATE = 0.002;

    /** Dassl's default weight decay. */
    public static final double WEIGHT_DECAY = 5e-4;

    /** Dassl's default momentum of SGD. */
    private static final double MOMENTUM = 0.9;

    /**
     * Largest norm of a gradient of SGD with a raised rate, multiplied by 100 / s: without a limit, the first steps of a few
     * runs carry the context vectors to where no gradient is left (docs/measurements/learning.md).
     */
    private static final double GRADIENT_LIMIT = 5;

    /** CoOp's learning rate of the first epoch. */
    private static final double WARMUP_RATE = 1e-5;

    /** Returns the training of a method without gradient steps. */
    public static Training none() {
        return coop(0, 1);
    }

    /** Returns CoOp's training: SGD with Dassl's defaults, one epoch of warm-up, then half a cosine. */
    public static Training coop(int epochs, int batch) {
        return sgd(epochs, batch, COOP_RATE, WEIGHT_DECAY, Schedule.EPOCH_COSINE);
    }

    /** Returns a training by SGD with Dassl's momentum. A schedule by epochs begins with CoOp's warm-up. */
    public static Training sgd(int epochs, int batch, double rate, double weightDecay, Schedule schedule) {
        return new Training(
                epochs,
                batch,
                Optimizer.Algorithm.SGD,
                rate,
                MOMENTUM,
                0,
                weightDecay,
                1e-8,
                schedule,
                warmup(schedule),
                WARMUP_RATE);
    }

    /** Returns a training by Adam or AdamW. */
    public static Training adam(
            Optimizer.Algorithm adam,
            int epochs,
            int batch,
            double rate,
            double weightDecay,
            double epsilon,
            Schedule schedule) {
        return new Training(
                epochs, batch, adam, rate, 0, 0, weightDecay, epsilon, schedule, warmup(schedule), WARMUP_RATE);
    }

    private static int warmup(Schedule schedule) {
        return schedule == Schedule.EPOCH_COSINE ? 1 : 0;
    }

    /** Returns the epochs of CoOp's scripts: 50 for 1 shot, 100 for 2 and 4, 200 for more or all. */
    public static int coopEpochs(int shots) {
        if (shots == 1) {
            return 50;
        }
        return shots == 2 || shots == 4 ? 100 : 200;
    }

    /**
     * Returns the reference's logit scale divided by a model's: features must move so many times as far for an equal change
     * of the logits.
     *
     * <p>A penalty on a squared distance from a starting point is therefore weighed by weight / reach², so that an equal
     * change of the logits costs as much. Scales from 90 to 110 leave everything as it is.
     */
    public static double reach(double logitScale) {
        return logitScale >= 90 && logitScale <= 110 ? 1 : FeatureSpace.USUAL_LOGIT_SCALE / logitScale;
    }

    /**
     * Returns the training whose steps change the logits of a model as much as these would at a logit scale of 100.
     *
     * <p>The logits are s c(θ), with s the scale, c the cosines and J their derivative. A step of SGD changes them by s J dθ
     * = −rate s² J Jᵀ (p − y), so that its rate is multiplied by (100 / s)². Adam divides the gradient by its size: its rate
     * is multiplied by 100 / s, and ε, which is compared with the gradient, by s / 100; both to two digits. Where the rate
     * of SGD is raised, the norm of the gradient is limited to 5 s / 100. The rate of the warm-up, which is small at any
     * scale, and the weight decay stay.
     */
    public Training adaptedTo(double logitScale) {
        double reach = reach(logitScale);
        if (reach == 1 || !trains()) {
            return this;
        }
        boolean sgd = optimizer == Optimizer.Algorithm.SGD;
        return Settings.with(
                this,
                Map.of(
                        "rate",
                        rounded(rate * (sgd ? reach * reach : reach)),
                        "gradient_limit",
                        sgd && reach > 1 ? rounded(GRADIENT_LIMIT / reach) : gradientLimit,
                        "epsilon",
                        rounded(epsilon / reach)));
    }

    private static double rounded(double value) {
        return new BigDecimal(value).round(new MathContext(2)).doubleValue();
    }

    /** Returns the same training for another number of epochs. */
    Training withEpochs(int other) {
        return Settings.with(this, Map.of("epochs", other));
    }

    /** Returns true if there are gradient steps. */
    public boolean trains() {
        return epochs > 0;
    }

    /**
     * Returns the learning rate of a step.
     *
     * @param epoch its epoch, from 0
     * @param number index of its batch in the epoch, from 0
     * @param batches number of batches per epoch
     */
    public double rate(int epoch, int number, int batches) {
        long step = (long) epoch * batches + number;
        double steps = (double) epochs * batches;
        return switch (schedule) {
            case EPOCH_COSINE -> epoch < warmupEpochs ? warmupRate : cosine(epoch - warmupEpochs, epochs);
            case STEP_COSINE -> cosine((double) step, steps);
            case STEP_COSINE_TO_FLOOR -> FLOOR + cosine((double) step, steps) * (1 - FLOOR / rate);
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

    /**
     * The examples of each batch of an epoch.
     *
     * @param batches number of batches per epoch
     * @param batchSize examples per batch; the last may have fewer
     * @param epochs maps an epoch to its examples, batch after batch
     */
    public record BatchOrder(int batches, int batchSize, IntFunction<int[][]> epochs) {

        /** Returns the examples of an epoch, batch after batch. */
        public int[][] epoch(int epoch) {
            return epochs.apply(epoch);
        }

        /**
         * Returns a random permutation in each epoch, without the last incomplete batch unless the set is smaller than a
         * batch (Dassl's {@code drop_last} rule).
         *
         * @param examples size of the set, 1 or more
         * @param batch examples per batch, 1 or more
         * @param seed the run's seed
         */
        public static BatchOrder shuffled(int examples, int batch, long seed) {
            return of(examples, Math.min(examples, batch), Math.max(1, examples / Math.max(1, batch)), seed);
        }

        /** Returns a random permutation in each epoch, with the last incomplete batch. */
        public static BatchOrder shuffledWhole(int examples, int batch, long seed) {
            return of(examples, Math.min(examples, batch), (examples - 1) / Math.max(1, batch) + 1, seed);
        }

        /**
         * Returns the first {@code batches} batches of a random permutation in each epoch.
         *
         * @throws IllegalArgumentException if there are too few examples for so many batches
         */
        public static BatchOrder of(int examples, int size, int batches, long seed) {
            Require.that(
                    examples >= 1 && size >= 1 && (long) (batches - 1) * size < examples,
                    "%d examples in %d batches of %d: expected 1 or more in each batch",
                    examples,
                    batches,
                    size);
            return new BatchOrder(batches, size, epoch -> {
                int[] order = permutation(examples, seed, epoch);
                int[][] result = new int[batches][];
                for (int b = 0; b < batches; b++) {
                    result[b] = Arrays.copyOfRange(order, b * size, Math.min(examples, (b + 1) * size));
                }
                return result;
            });
        }

        private static int[] permutation(int examples, long seed, int epoch) {
            int[] order = new int[examples];
            Arrays.setAll(order, i -> i);
            SplittableRandom random = RandomStream.of(seed, "batch order " + epoch);
            for (int i = examples - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int swap = order[i];
                order[i] = order[j];
                order[j] = swap;
            }
            return order;
        }

        /**
         * Returns batches that join those of two sets; each set restarts on its own when it is exhausted.
         *
         * @param second order of the set whose examples are numbered from {@code offset} on
         * @param batches number of batches per epoch
         */
        public static BatchOrder joined(BatchOrder first, BatchOrder second, int offset, int batches) {
            return new BatchOrder(batches, first.batchSize + second.batchSize, epoch -> {
                int[][] result = new int[batches][];
                for (int b = 0; b < batches; b++) {
                    int number = epoch * batches + b;
                    IntStream moved = IntStream.of(second.batch(number)).map(example -> offset + example);
                    result[b] = IntStream.concat(IntStream.of(first.batch(number)), moved)
                            .toArray();
                }
                return result;
            });
        }

        /** Returns epochs of another number of batches, which follow one another as before. */
        public BatchOrder inEpochsOf(int others) {
            return new BatchOrder(others, batchSize, epoch -> {
                int[][] result = new int[others][];
                Arrays.setAll(result, b -> batch(Math.addExact(Math.multiplyExact(epoch, others), b)));
                return result;
            });
        }

        /** Returns a batch of the sequence of all epochs. */
        private int[] batch(int number) {
            return epoch(number / batches)[number % batches];
        }
    }
}
