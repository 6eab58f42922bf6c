package org.coop4j.sweep;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.train.Settings;
import org.coop4j.train.Training;

/**
 * What a plan, a dataset or a method says of training; the rest is the reference's.
 *
 * @param training settings of {@link Training} by name, but for the epochs
 */
record Overrides(
        Map<String, Object> training,
        Optional<Epochs> epochs,
        Optional<PlannedViews> views,
        Optional<Integer> checkpointEvery) {

    private static final String EPOCHS = "epochs";
    private static final String VIEWS = "views";
    private static final String CHECKPOINT_EVERY = "checkpoint_every";
    private static final int MOST = 1_000_000;

    Overrides {
        training = Map.copyOf(training);
    }

    /** Nothing said. */
    static Overrides none() {
        return new Overrides(Map.of(), Optional.empty(), Optional.empty(), Optional.empty());
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
        return new Overrides(
                merged,
                epochs.map(e -> others.epochs.map(e::or).orElse(e)).or(() -> others.epochs),
                views.or(() -> others.views),
                checkpointEvery.or(() -> others.checkpointEvery));
    }

    /** A method's training with these settings; one that is not trained by steps stays so. */
    Training applied(Training reference, int shots) {
        if (!reference.trains()) {
            return reference;
        }
        Map<String, Object> settings = new LinkedHashMap<>(training);
        epochs.flatMap(said -> said.of(shots)).ifPresent(said -> settings.put(EPOCHS, said));
        return Settings.with(reference, settings);
    }

    /** Random crops of each training image. */
    int views(Training trained) {
        return trained.trains() ? views.map(said -> said.of(trained.epochs())).orElse(0) : 0;
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
        PlanNode checkpoints = mapping.get(CHECKPOINT_EVERY);
        return new Overrides(
                training,
                epochs(mapping.get(EPOCHS)),
                views(mapping.get(VIEWS)),
                checkpoints == null
                        ? Optional.empty()
                        : Optional.of((int) checkpoints.whole(CHECKPOINT_EVERY, 1, MOST)));
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

    private static Optional<Epochs> epochs(PlanNode node) throws PlanException {
        if (node == null) {
            return Optional.empty();
        }
        if (!node.isMapping()) {
            return Optional.of(new Epochs.Fixed((int) node.whole(EPOCHS, 1, MOST)));
        }
        Map<Integer, Integer> epochs = new LinkedHashMap<>();
        PlanNode.Mapping byShots = node.mapping();
        for (Map.Entry<String, PlanNode> shots : byShots.keys().entrySet()) {
            epochs.put(
                    (int) shots.getValue().whole("shots of epochs", 0, MOST),
                    (int) byShots.get(shots.getKey()).whole(EPOCHS, 1, MOST));
        }
        return Optional.of(new Epochs.ByShots(epochs));
    }

    private static Optional<PlannedViews> views(PlanNode node) throws PlanException {
        if (node == null) {
            return Optional.empty();
        }
        if (node.text(VIEWS).equals(EPOCHS)) {
            return Optional.of(new PlannedViews.EachEpoch());
        }
        try {
            return Optional.of(new PlannedViews.Fixed((int) node.whole(VIEWS, 0, MOST)));
        } catch (PlanException e) {
            throw new PlanException(e.getMessage() + ", or \"epochs\"", e);
        }
    }
}
