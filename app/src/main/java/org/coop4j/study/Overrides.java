package org.coop4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.method.train.Training;
import org.coop4j.run.RunConfig;

/**
 * Settings of training in a plan, of a dataset or of a method; all others are the reference's.
 *
 * @param settings settings of {@link Training} by name, but for the epochs; {@code views} and {@code checkpoint_every}
 * @param epochs by the number of shots, {@link #ANY_SHOTS} for all others
 */
record Overrides(Map<String, Object> settings, Map<Integer, Integer> epochs) {

    static final String EPOCHS = "epochs";

    /** Random crops of each training image. */
    static final String VIEWS = "views";

    /** Epochs between checkpoints. */
    static final String CHECKPOINT_EVERY = "checkpoint_every";

    static final int ANY_SHOTS = -1;
    static final int A_NEW_VIEW_EACH_EPOCH = -1;

    /** Returns overrides that set nothing. */
    static Overrides none() {
        return new Overrides(Map.of(), Map.of());
    }

    /** Returns the keys of a plan that are settings of training. */
    static List<String> keys() {
        List<String> keys = new ArrayList<>(Settings.of(Training.none()).keySet());
        keys.add(VIEWS);
        keys.add(CHECKPOINT_EVERY);
        return keys;
    }

    /** Returns these settings, and others where these have none. */
    Overrides or(Overrides lower) {
        return new Overrides(
                merged(lower.settings, settings),
                epochs.containsKey(ANY_SHOTS) ? epochs : merged(lower.epochs, epochs));
    }

    private static <K, V> Map<K, V> merged(Map<K, V> lower, Map<K, V> upper) {
        Map<K, V> merged = new LinkedHashMap<>(lower);
        merged.putAll(upper);
        return merged;
    }

    /** Returns a method's training with these settings; one that is not trained by steps stays so. */
    Training applied(Training reference, int shots) {
        if (!reference.trains()) {
            return reference;
        }
        Map<String, Object> own = new LinkedHashMap<>(settings);
        own.keySet().removeAll(List.of(VIEWS, CHECKPOINT_EVERY));
        Integer planned = epochs.getOrDefault(shots, epochs.get(ANY_SHOTS));
        if (planned != null) {
            own.put(EPOCHS, planned);
        }
        return Settings.with(reference, own);
    }

    /** Returns random crops of each training image. */
    int views(Training trained) {
        int views = trained.trains() ? (int) settings.getOrDefault(VIEWS, 0) : 0;
        return views == A_NEW_VIEW_EACH_EPOCH ? trained.epochs() : views;
    }

    int checkpointEvery() {
        return (int) settings.getOrDefault(CHECKPOINT_EVERY, RunConfig.CHECKPOINT_EVERY);
    }
}
