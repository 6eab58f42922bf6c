package org.coop4j.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.coop4j.base.Settings;
import org.coop4j.method.train.Training;

/**
 * What a plan, a dataset or a method says of training; the rest is the reference's.
 *
 * @param training settings of {@link Training} by name, but for the epochs
 * @param epochs by the number of shots
 * @param otherEpochs those of all other numbers of shots
 * @param views random crops of each training image, by the number of epochs
 * @param checkpointEvery epochs between checkpoints
 */
record Overrides(
        Map<String, Object> training,
        Map<Integer, Integer> epochs,
        Optional<Integer> otherEpochs,
        Optional<IntUnaryOperator> views,
        Optional<Integer> checkpointEvery) {

    private static final String EPOCHS = "epochs";
    private static final String VIEWS = "views";
    private static final String CHECKPOINT_EVERY = "checkpoint_every";
    private static final int MOST = 1_000_000;

    Overrides {
        training = Map.copyOf(training);
        epochs = Map.copyOf(epochs);
    }

    /** Nothing said. */
    static Overrides none() {
        return new Overrides(
                Map.of(), Map.of(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** The keys of a plan that are settings of training. */
    static List<String> keys() {
        List<String> keys = new ArrayList<>(Settings.of(Training.none()).keySet());
        keys.add(VIEWS);
        keys.add(CHECKPOINT_EVERY);
        return keys;
    }

    /** These, and what they do not say from others. */
    Overrides or(Overrides others) {
        Map<String, Object> merged = new LinkedHashMap<>(others.training);
        merged.putAll(training);
        Map<Integer, Integer> byShots =
                new LinkedHashMap<>(otherEpochs.isPresent() ? Map.of() : others.epochs);
        byShots.putAll(epochs);
        return new Overrides(
                merged,
                byShots,
                otherEpochs.or(() -> others.otherEpochs),
                views.or(() -> others.views),
                checkpointEvery.or(() -> others.checkpointEvery));
    }

    /** A method's training with these settings; one that is not trained by steps stays so. */
    Training applied(Training reference, int shots) {
        if (!reference.trains()) {
            return reference;
        }
        Map<String, Object> settings = new LinkedHashMap<>(training);
        Optional.ofNullable(epochs.get(shots))
                .or(() -> otherEpochs)
                .ifPresent(said -> settings.put(EPOCHS, said));
        return Settings.with(reference, settings);
    }

    /** Random crops of each training image. */
    int views(Training trained) {
        return trained.trains()
                ? views.map(said -> said.applyAsInt(trained.epochs())).orElse(0)
                : 0;
    }

    /** The settings among the keys of a mapping. */
    static Overrides of(PlanNode.Mapping mapping) throws PlanException {
        Map<String, Object> training = new LinkedHashMap<>();
        for (String name : Settings.of(Training.none()).keySet()) {
            PlanNode node = mapping.get(name);
            if (node != null && !name.equals(EPOCHS)) {
                training.put(name, checked(name, node));
            }
        }
        PlanNode epochs = mapping.get(EPOCHS);
        boolean byShots = epochs != null && epochs.isMapping();
        return new Overrides(
                training,
                byShots ? byShots(epochs.mapping()) : Map.of(),
                byShots ? Optional.empty() : whole(epochs, EPOCHS),
                views(mapping.get(VIEWS)),
                whole(mapping.get(CHECKPOINT_EVERY), CHECKPOINT_EVERY));
    }

    private static Optional<Integer> whole(PlanNode node, String key) throws PlanException {
        return node == null ? Optional.empty() : Optional.of((int) node.whole(key, 1, MOST));
    }

    private static String checked(String name, PlanNode node) throws PlanException {
        String value = node.text(name);
        try {
            Settings.with(Training.coop(1, 1), Map.of(name, value));
            return value;
        } catch (IllegalArgumentException e) {
            throw node.problem(e.getMessage());
        }
    }

    private static Map<Integer, Integer> byShots(PlanNode.Mapping mapping) throws PlanException {
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        for (Map.Entry<String, PlanNode> shots : mapping.keys().entrySet()) {
            epochs.put(
                    (int) shots.getValue().whole("shots of epochs", 0, MOST),
                    (int) mapping.get(shots.getKey()).whole(EPOCHS, 1, MOST));
        }
        return epochs;
    }

    private static Optional<IntUnaryOperator> views(PlanNode node) throws PlanException {
        if (node == null) {
            return Optional.empty();
        }
        if (node.text(VIEWS).equals(EPOCHS)) {
            return Optional.of(epochs -> epochs); // a new crop each epoch
        }
        try {
            int views = (int) node.whole(VIEWS, 0, MOST);
            return Optional.of(epochs -> views);
        } catch (PlanException e) {
            throw new PlanException(e.getMessage() + ", or \"epochs\"", e);
        }
    }
}
