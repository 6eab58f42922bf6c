package org.coop4j.weights.download;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;

/**
 * Fetches one file into a folder. A transfer that stalls is asked for again from where it stood,
 * some times. What has come lies in {@code NAME.part}, with the server's ETag beside it in {@code
 * NAME.part.etag}; after an interruption the rest is asked for (Range), and where the server does
 * not do that, or has another file by now, all of it.
 */
final class Fetch {

    private static final int BUFFER = 1 << 16;

    /** How often a transfer that stalls is begun again. */
    private static final int TIMES = 5;

    private final Http http;
    private final Path folder;
    private final Progress progress;

    Fetch(Http http, Path folder, Progress progress) {
        this.http = http;
        this.folder = folder;
        this.progress = progress;
    }

    /**
     * Fetches a file, or what is missing of it.
     *
     * @throws InputException if it cannot be had or is not what it should be; a file with another
     *     hash is removed
     */
    Path fetch(RemoteFile file) throws IOException {
        Path target = folder.resolve(file.name());
        if (Files.exists(target)) {
            return target; // moved there when it was whole
        }
        Path part = folder.resolve(file.name() + ".part");
        try (FileChannel channel = FileChannel.open(
                        part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileLock lock = lock(channel, part)) {
            Optional<String> told = receivePatiently(file, channel);
            channel.force(true);
            check(file, file.sha256().or(() -> told), part, lock);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(etagOf(file));
        return target;
    }

    private static FileLock lock(FileChannel channel, Path part) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new InputException(part + " is being fetched by another process");
        }
        return lock;
    }

    private Path etagOf(RemoteFile file) {
        return folder.resolve(file.name() + ".part.etag");
    }

    /** The same as {@link #receive}, begun again where it stalls. */
    private Optional<String> receivePatiently(RemoteFile file, FileChannel channel) throws IOException {
        for (int time = 1; ; time++) {
            try {
                return receive(file, channel);
            } catch (InputException e) {
                if (time == TIMES || !(e.getCause() instanceof HttpTimeoutException)) {
                    throw e;
                }
                progress.warn("%s: %s; it is asked for again"
                        .formatted(file.address(), e.getCause().getMessage()));
            }
        }
    }

    /** Returns the file's SHA-256 where the server tells it. */
    private Optional<String> receive(RemoteFile file, FileChannel channel) throws IOException {
        Path etagFile = etagOf(file);
        Optional<String> etag = Files.exists(etagFile) ? Optional.of(Files.readString(etagFile)) : Optional.empty();
        // Without a way to tell that the file is still the same, a beginning is worth nothing.
        long have = etag.isPresent() || file.sha256().isPresent() ? channel.size() : 0;
        Http.Answer answer = http.get(file.address(), have, etag);
        HttpResponse<InputStream> response = answer.response();
        if (response.statusCode() == 416 && have > 0) {
            response.body().close();
            have = 0;
            answer = http.get(file.address(), 0, Optional.empty());
            response = answer.response();
        }
        long start = response.statusCode() == 206 ? have : 0;
        channel.truncate(start);
        Optional<String> now = response.headers().firstValue("ETag").filter(e -> !e.isBlank());
        if (now.isPresent()) {
            Files.writeString(etagFile, now.get());
        } else {
            Files.deleteIfExists(etagFile);
        }
        long rest = response.headers().firstValueAsLong("Content-Length").orElse(-1);
        requireRoom(file, rest);
        try (InputStream body = new PatientStream(response.body(), http.patience())) {
            copy(file, body, channel, start, rest);
        }
        return answer.sha256();
    }

    private void requireRoom(RemoteFile file, long bytes) throws IOException {
        long room = Files.getFileStore(folder).getUsableSpace();
        if (bytes > room) {
            throw new InputException("%s has %,d MB, and %s has room for %,d MB"
                    .formatted(file.address(), bytes / 1_000_000, folder, room / 1_000_000));
        }
    }

    private void copy(RemoteFile file, InputStream body, FileChannel channel, long start, long rest)
            throws IOException {
        byte[] buffer = new byte[BUFFER];
        long at = start;
        long total = rest < 0 ? 0 : start + rest;
        try (Progress.Task task = progress.task("downloading " + file.name(), total, Progress.Unit.BYTES)) {
            task.advanceTo(start);
            for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
                while (bytes.hasRemaining()) {
                    at += channel.write(bytes, at);
                }
                task.advance(n);
                if (Thread.interrupted()) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted");
                }
            }
        } catch (IOException e) {
            throw broken(file, at, total, e);
        }
        if (rest >= 0 && at != start + rest) {
            throw broken(file, at, total, null);
        }
    }

    private static InputException broken(RemoteFile file, long at, long total, IOException why) {
        return new InputException(
                "%s: the connection broke after %,d%s bytes; the same command goes on from there"
                        .formatted(file.address(), at, total > 0 ? " of %,d".formatted(total) : ""),
                why);
    }

    private void check(RemoteFile file, Optional<String> sha256, Path part, FileLock held) throws IOException {
        if (sha256.isEmpty()) {
            progress.note(file.name() + ": nothing tells its SHA-256, so it was not checked; it is " + Sha256.of(part));
            return;
        }
        String actual = Sha256.of(part);
        if (!actual.equals(sha256.get())) {
            held.release();
            Files.delete(part);
            Files.deleteIfExists(etagOf(file));
            throw new InputException("%s: expected SHA-256 %s, got %s; what came was removed"
                    .formatted(file.address(), sha256.get(), actual));
        }
    }

    /**
     * A file to fetch.
     *
     * @param address where it is
     * @param name what it is called in the folder that it is fetched into
     * @param sha256 what it must hash to, in hexadecimal; empty where only the server may tell
     */
    record RemoteFile(URI address, String name, Optional<String> sha256) {}
}
