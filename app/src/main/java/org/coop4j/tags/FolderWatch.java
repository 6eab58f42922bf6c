package org.coop4j.tags;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Tells which pictures of a folder are new or changed, and whole. A look at all of them is the truth; the system's notices only
 * bring it forward.
 */
public final class FolderWatch implements Closeable {

    /** How long size and time of a picture must have stood still. */
    private static final Duration STILL = Duration.ofSeconds(2);

    /** Longest pause where the system does not tell what others change, or looks seldom itself. */
    private static final Duration UNTOLD = Duration.ofSeconds(10);

    private static final String NETWORKS = "(?i)nfs\\d*|cifs|smb.*|fuse.*|9p|afs|sshfs|davfs.*|webdav|.*apfs|hfs";
    private static final long[] AGAIN = {2, 4, 8, 16, 32, 60}; // seconds after a failure

    private final TagFolder folder;
    private final long pause;
    private final Consumer<String> notes;
    private final LongSupplier clock;
    private final Set<Object> watched = new HashSet<>();
    private final Map<Path, Look> pictures = new HashMap<>();
    private WatchService service; // null to look only
    private long nextLook;
    private boolean isFirst = true;

    /** A picture as it was seen last. */
    private static final class Look {
        private final TagFolder.Seen seen;
        private long due;
        private int tries;

        Look(TagFolder.Seen seen, long due) {
            this.seen = seen;
            this.due = due;
        }
    }

    /**
     * Begins to watch.
     *
     * @param poll longest pause between two looks
     * @param notes receives what the system cannot do
     */
    public FolderWatch(TagFolder folder, Duration poll, Consumer<String> notes) throws IOException {
        this(folder, poll, notes, System::nanoTime);
    }

    FolderWatch(TagFolder folder, Duration poll, Consumer<String> notes, LongSupplier clock) throws IOException {
        boolean untold = Files.getFileStore(folder.folder()).type().matches(NETWORKS);
        this.folder = folder;
        this.pause = (untold && poll.compareTo(UNTOLD) > 0 ? UNTOLD : poll).toNanos();
        this.notes = notes;
        this.clock = clock;
        try {
            service = FileSystems.getDefault().newWatchService();
        } catch (IOException e) {
            lookOnly(e);
        }
    }

    private void lookOnly(IOException e) {
        notes.accept(
                "the system does not tell of changes (%s; on Linux, see fs.inotify.max_user_watches): looking every %d s"
                        .formatted(e.getMessage(), Duration.ofNanos(pause).toSeconds()));
        close();
    }

    /** Returns the pictures that are to be taken now, a number at most; of those that were there at first too. */
    public List<Path> due(int most) throws IOException {
        long now = clock.getAsLong();
        boolean told = false;
        for (WatchKey key = poll(); key != null; key = poll()) {
            told |= !key.pollEvents().isEmpty(); // whatever they say, and if some were lost
            if (!key.reset()) {
                watched.remove(key.watchable());
            }
        }
        boolean isDue = pictures.values().stream().anyMatch(one -> one.due <= now);
        if (isFirst || told || isDue || now >= nextLook) {
            look(now);
        }
        List<Path> due = new ArrayList<>();
        for (Map.Entry<Path, Look> one : pictures.entrySet()) {
            if (one.getValue().due <= now && due.size() < most) {
                due.add(one.getKey());
                one.getValue().due = Long.MAX_VALUE;
            }
        }
        due.sort(null);
        return due;
    }

    private WatchKey poll() {
        return service == null ? null : service.poll();
    }

    private void look(long now) throws IOException {
        Set<Path> present = new HashSet<>();
        for (Path picture : folder.pictures(this::watch)) {
            TagFolder.Seen seen;
            try {
                seen = TagFolder.Seen.of(picture);
            } catch (IOException e) {
                continue; // gone since
            }
            present.add(picture);
            Look known = pictures.get(picture);
            if (known == null || !known.seen.equals(seen)) {
                pictures.put(picture, new Look(seen, isFirst ? now : now + STILL.toNanos()));
            }
        }
        pictures.keySet().retainAll(present);
        isFirst = false;
        nextLook = now + pause;
    }

    /** Asks for notices of a folder before it is listed, so that nothing is missed. */
    private void watch(Path entered) {
        if (service != null && watched.add(entered)) {
            try {
                entered.register(service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);
            } catch (IOException e) {
                watched.remove(entered);
                if (Files.isDirectory(entered)) { // otherwise it is gone since
                    lookOnly(e);
                }
            }
        }
    }

    /** Has a picture that failed taken again later; returns false if it failed often enough to be named. */
    public boolean triesAgain(Path picture) {
        Look known = pictures.get(picture);
        boolean again = known != null && known.tries < AGAIN.length;
        if (again) {
            known.due =
                    clock.getAsLong() + Duration.ofSeconds(AGAIN[known.tries++]).toNanos();
        }
        return again;
    }

    @Override
    public void close() {
        try {
            if (service != null) {
                service.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        service = null;
    }
}
