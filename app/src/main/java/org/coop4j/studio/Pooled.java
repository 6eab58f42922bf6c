package org.coop4j.studio;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.WatchedProgress;
import org.coop4j.pool.Pool;
import org.coop4j.studio.Snapshot.Photo;

/**
 * All encoded pictures of the folder in one {@link Pool}, so that their neighbours are made once for all that asks: joint
 * answers and what to label next, search and map.
 *
 * <p>The worker of {@link Model} calls {@link #add}; {@link #latest} never waits. A content has one row, however many copies
 * there are. Rows stay in their order while pictures are added, and only a new {@link Compared} has others. Labelled
 * pictures are in it; {@link Pool#joint} takes them as known. A picture that has left the folder keeps its row for a while,
 * so whoever asks leaves out what the {@link Snapshot} does not have.
 */
final class Pooled {

    /** Fewest pictures that are compared while others are still being encoded. */
    private static final int FEWEST = 256;

    /** A new pool is made when one of so many pictures has left the folder. */
    private static final int GONE = 10;

    private final EncodedPhotos encoded;
    private final WatchedProgress progress;
    private volatile Compared latest;
    private volatile boolean comparing;

    /**
     * Pictures that are compared with each other.
     *
     * @param contents hash of the picture of each row
     * @param rows by content
     */
    record Compared(Pool pool, List<String> contents, Map<String, Integer> rows) {

        /** Returns the identifier of a row's picture, as browsers know it. */
        String id(int row) {
            return Photo.id(contents.get(row));
        }

        private boolean isMostlyOf(Map<String, Photo> present) {
            long gone =
                    contents.stream().filter(one -> !present.containsKey(one)).count();
            return gone * GONE <= contents.size();
        }
    }

    /**
     * @param listener called when there is something new
     */
    Pooled(EncodedPhotos encoded, Runnable listener) {
        this.encoded = encoded;
        this.progress = new WatchedProgress(listener);
    }

    /** Returns the pictures that are compared; null before the first. */
    Compared latest() {
        return latest;
    }

    /** Returns how far the comparison is that is being made; null if none is. */
    WatchedProgress progress() {
        return comparing ? progress : null;
    }

    /** Has a comparison end soon, by a {@link java.util.concurrent.CancellationException}. */
    void cancel() {
        progress.cancel();
    }

    /**
     * Compares encoded pictures that are new with all: at once if there are as many as all others, so that most pairs are
     * compared once while many are being encoded.
     *
     * @param more true if others will be encoded soon
     */
    void add(Snapshot now, boolean more) {
        Map<String, Photo> present = now.byContent(encoded::has);
        Compared last = latest == null || latest.isMostlyOf(present) ? latest : null;
        List<String> contents = new ArrayList<>(last == null ? List.of() : last.contents);
        List<String> added = present.keySet().stream()
                .filter(one -> last == null || !last.rows.containsKey(one))
                .toList();
        if (added.isEmpty() || (more && added.size() < Math.max(FEWEST, contents.size()))) {
            return;
        }
        contents.addAll(added);
        Map<String, Integer> rows = new HashMap<>();
        contents.forEach(content -> rows.put(content, rows.size()));
        progress.begin("Comparing pictures");
        comparing = true;
        try {
            Pool pool = last == null
                    ? Pool.of(encoded.ofContents(added), progress)
                    : last.pool.with(encoded.ofContents(added), progress);
            latest = new Compared(pool, List.copyOf(contents), Map.copyOf(rows));
        } finally {
            comparing = false;
        }
    }
}
