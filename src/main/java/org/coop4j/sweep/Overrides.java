package org.coop4j.sweep;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Overrides of a training run that a plan, a dataset or a method says; the others are the
 * reference's.
 */
record Overrides(
        Optional<Epochs> epochs,
        Optional<Integer> batch,
        Optional<Double> rate,
        Optional<Integer> warmupEpochs,
        Optional<Double> warmupRate,
        Optional<Double> momentum,
        Optional<Double> weightDecay,
        Optional<Views> views,
        Optional<Integer> checkpointEvery) {

    private static final String EPOCHS = "epochs";
    private static final String BATCH = "batch";
    private static final String RATE = "rate";
    private static final String WARMUP_EPOCHS = "warmup_epochs";
    private static final String WARMUP_RATE = "warmup_rate";
    private static final String MOMENTUM = "momentum";
    private static final String WEIGHT_DECAY = "weight_decay";
    private static final String VIEWS = "views";
    private static final String CHECKPOINT_EVERY = "checkpoint_every";

    /** The keys of a plan that are settings. */
    static final List<String> KEYS =
            List.of(
                    EPOCHS,
                    BATCH,
                    RATE,
                    VIEWS,
                    WARMUP_EPOCHS,
                    WARMUP_RATE,
                    MOMENTUM,
                    WEIGHT_DECAY,
                    CHECKPOINT_EVERY);

    private static final int MOST = 1_000_000;
    private static final double ABOVE_ZERO = Double.MIN_VALUE;

    /** Nothing said. */
    static Overrides none() {
        return new Overrides(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** These settings, and what they do not say from others. */
    Overrides or(Overrides others) {
        return new Overrides(
                epochs.map(e -> others.epochs.map(e::or).orElse(e)).or(() -> others.epochs),
                batch.or(() -> others.batch),
                rate.or(() -> others.rate),
                warmupEpochs.or(() -> others.warmupEpochs),
                warmupRate.or(() -> others.warmupRate),
                momentum.or(() -> others.momentum),
                weightDecay.or(() -> others.weightDecay),
                views.or(() -> others.views),
                checkpointEvery.or(() -> others.checkpointEvery));
    }

    /** The settings among the keys of a mapping. */
    static Overrides of(PlanNode.Mapping mapping, PlanText text) throws PlanException {
        Reader reader = new Reader(mapping, text);
        return new Overrides(
                reader.epochs(),
                reader.whole(BATCH, 1),
                reader.number(RATE, ABOVE_ZERO),
                reader.whole(WARMUP_EPOCHS, 0),
                reader.number(WARMUP_RATE, 0),
                reader.number(MOMENTUM, 0),
                reader.number(WEIGHT_DECAY, 0),
                reader.views(),
                reader.whole(CHECKPOINT_EVERY, 1));
    }

    private record Reader(PlanNode.Mapping mapping, PlanText text) {

        private PlanNode node(String key) {
            return mapping.values().get(key);
        }

        Optional<Integer> whole(String key, int least) throws PlanException {
            PlanNode node = node(key);
            return node == null
                    ? Optional.empty()
                    : Optional.of((int) text.whole(node, key, least, MOST));
        }

        Optional<Double> number(String key, double least) throws PlanException {
            PlanNode node = node(key);
            return node == null ? Optional.empty() : Optional.of(text.number(node, key, least));
        }

        Optional<Epochs> epochs() throws PlanException {
            PlanNode node = node(EPOCHS);
            if (node == null) {
                return Optional.empty();
            }
            if (!(node instanceof PlanNode.Mapping byShots)) {
                return Optional.of(new Epochs.Fixed((int) text.whole(node, EPOCHS, 1, MOST)));
            }
            Map<Integer, Integer> epochs = new LinkedHashMap<>();
            for (Map.Entry<String, PlanNode> entry : byShots.values().entrySet()) {
                PlanNode.Scalar shots =
                        new PlanNode.Scalar(byShots.keyLines().get(entry.getKey()), entry.getKey());
                epochs.put(
                        (int) text.whole(shots, "shots of epochs", 0, MOST),
                        (int) text.whole(entry.getValue(), EPOCHS, 1, MOST));
            }
            return Optional.of(new Epochs.ByShots(epochs));
        }

        Optional<Views> views() throws PlanException {
            PlanNode node = node(VIEWS);
            if (node == null) {
                return Optional.empty();
            }
            if (text.text(node, VIEWS).equals(EPOCHS)) {
                return Optional.of(new Views.EachEpoch());
            }
            try {
                return Optional.of(new Views.Fixed((int) text.whole(node, VIEWS, 0, MOST)));
            } catch (PlanException e) {
                throw new PlanException(e.getMessage() + ", or \"epochs\"", e);
            }
        }
    }
}
