package org.coop4j.clip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.OpenFile.FileState;
import org.coop4j.base.Sha256;
import org.coop4j.base.TextFile;
import org.coop4j.weights.safetensors.SafetensorsFile;

/**
 * The SHA-256 of a model's file, computed when first asked for, or known from an earlier process: hashing a large model
 * takes longer than everything else that one picture needs.
 *
 * <p>A hash is kept in a folder and holds as long as the file's {@link FileState} is the same. The hash of a file that
 * changed just before or during hashing is not kept, as a later change may have the same time. A folder that cannot be
 * read or written only costs time.
 */
final class ModelHash {

    /** Least size of a file whose hash is faster looked up than computed. */
    private static final long LARGE = 8L << 20;

    private final Path file;
    private final SafetensorsFile open; // null for the file at the path
    private final Optional<FileState> state;
    private final Path folder;
    private final Clock clock;
    private String hash; // null until it is asked for

    /** The hash of an open file, kept in the user's cache. */
    ModelHash(SafetensorsFile open) {
        this(open.path(), open, open.state(), CacheFolder.hashes(), Clock.systemUTC());
    }

    ModelHash(Path file, SafetensorsFile open, Optional<FileState> state, Path folder, Clock clock) {
        this.file = file;
        this.open = open;
        this.state = state;
        this.folder = folder;
        this.clock = clock;
    }

    /** Returns the hash of the file at a path, in hexadecimal. */
    static String of(Path file) throws IOException {
        return new ModelHash(file, null, FileState.of(file), CacheFolder.hashes(), Clock.systemUTC()).get();
    }

    private String computed() throws IOException {
        return open == null ? Sha256.of(file) : open.sha256();
    }

    /** Returns the hash in hexadecimal. */
    synchronized String get() throws IOException {
        if (hash == null) {
            Optional<FileState> large = state.filter(now -> now.size() >= LARGE);
            hash = large.isPresent() ? get(large.get()) : computed();
        }
        return hash;
    }

    private String get(FileState hashed) throws IOException {
        Path note = folder.resolve(Sha256.of(file.toAbsolutePath().toString()));
        Optional<String> known = read(note, hashed);
        if (known.isPresent()) {
            return known.get();
        }
        Instant before = clock.instant();
        String computed = computed();
        if (hashed.lasts(file, before)) {
            write(note, hashed, computed);
        }
        return computed;
    }

    private static Optional<String> read(Path note, FileState state) {
        try {
            List<String> lines = TextFile.lines(note);
            boolean holds = lines.size() == 2
                    && lines.get(0).equals(state.identity())
                    && lines.get(1).matches("[0-9a-f]{64}");
            return holds ? Optional.of(lines.get(1)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // none yet, or the folder cannot be read
        }
    }

    private void write(Path note, FileState state, String computed) {
        String text = state.identity() + "\n" + computed + "\n";
        try {
            Files.createDirectories(folder);
            AtomicFile.write(note, text);
        } catch (IOException e) {
            // hashed again the next time
        }
    }
}
