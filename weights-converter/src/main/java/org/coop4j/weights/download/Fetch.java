package org.coop4j.weights.download;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.base.TextFile;

/**
 * Fetches one file into a folder. A stalled transfer is resumed a few times. The received beginning is kept in {@code
 * NAME.part}, with the server's ETag in {@code NAME.part.etag}; after an interruption only the rest is
 * requested (Range), or the whole file if the server does not support that or has another file by now.
 *
 * @param mostBytes largest file whose length the server does not declare
 */
record Fetch(Http http, Path folder, long mostBytes, Progress progress) {
    private static final int BUFFER = 1 << 16;

    /** Number of attempts at a transfer that stalls. */
    private static final int ATTEMPTS = 5;

    /** Longest ETag that is kept: a longer one would make the next request too large. */
    private static final int MAX_ETAG = 1024;

    /**
     * Fetches a file, or its missing rest.
     *
     * @throws InputException if it is unavailable or not the expected one; a file with another hash is removed
     */
    Path fetch(RemoteFile file) throws IOException {
        Path target = folder.resolve(file.name());
        if (Files.exists(target)) {
            return target; // moved there when it was complete
        }
        Path part = folder.resolve(file.name() + ".part");
        try (FileChannel channel = OpenFile.channel(
                        part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileLock lock = OpenFile.lock(channel)) {
            require(lock != null, "%s is being fetched by another process", part);
            Optional<String> served = receivePatiently(file, channel);
            channel.force(true);
            check(file, file.sha256().or(() -> served), part, lock);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(etagOf(file));
        return target;
    }

    private Path etagOf(RemoteFile file) {
        return folder.resolve(file.name() + ".part.etag");
    }

    private Optional<String> receivePatiently(RemoteFile file, FileChannel channel) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return receive(file, channel);
            } catch (InputException e) {
                if (attempt == ATTEMPTS || !(e.getCause() instanceof SocketTimeoutException)) {
                    throw e;
                }
                progress.warn(file.address() + ": the transfer stalled; resuming it");
            }
        }
    }

    /** Receives the rest of a file, and returns the file's SHA-256 if the server sends it. */
    private Optional<String> receive(RemoteFile file, FileChannel channel) throws IOException {
        Path etagFile = etagOf(file);
        Optional<String> etag = Files.exists(etagFile) ? Optional.of(TextFile.read(etagFile)) : Optional.empty();
        // A beginning is useless if nothing shows that the file is still the same.
        long have = etag.isPresent() || file.sha256().isPresent() ? channel.size() : 0;
        Http.Answer answer = http.get(file.address(), have, etag);
        if (!continues(answer.connection(), have)) {
            answer.connection().disconnect();
            have = 0;
            answer = http.get(file.address(), 0, Optional.empty());
        }
        HttpURLConnection connection = answer.connection();
        if (!continues(connection, have)) {
            connection.disconnect();
            throw new InputException(file.address() + ": expected the whole file, got a part of it");
        }
        long start = connection.getResponseCode() == 206 ? have : 0;
        channel.truncate(start);
        String newEtag = connection.getHeaderField("ETag");
        if (newEtag != null && !newEtag.isBlank() && newEtag.length() <= MAX_ETAG) {
            Files.writeString(etagFile, newEtag);
        } else {
            Files.deleteIfExists(etagFile);
        }
        long rest = connection.getContentLengthLong();
        long room = Files.getFileStore(folder).getUsableSpace();
        require(
                rest <= room,
                "%s has %s, and %s has room for %s",
                file.address(),
                Numbers.bytes(rest),
                folder,
                Numbers.bytes(room));
        copy(file, connection, channel, start, rest);
        return answer.sha256();
    }

    /** Returns true for the whole file, or for the part that begins where the received beginning ends. */
    private static boolean continues(HttpURLConnection connection, long have) throws IOException {
        String range = connection.getHeaderField("Content-Range");
        return switch (connection.getResponseCode()) {
            case 206 -> have > 0 && range != null && range.startsWith("bytes " + have + "-");
            case 416 -> false; // nothing, or another file, beyond what is there
            default -> true;
        };
    }

    private void copy(RemoteFile file, HttpURLConnection connection, FileChannel channel, long start, long rest)
            throws IOException {
        byte[] buffer = new byte[BUFFER];
        long at = start;
        long total = rest < 0 ? 0 : start + rest;
        try (InputStream body = connection.getInputStream();
                Progress.Task task = progress.task("downloading " + file.name(), total, Progress.Unit.BYTES)) {
            task.advanceTo(start);
            for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
                if (rest < 0 && at + n > mostBytes) {
                    throw new InputException("%s: expected at most %s of a file without a declared length, got more"
                            .formatted(file.address(), Numbers.bytes(mostBytes)));
                }
                at = OpenFile.write(channel, ByteBuffer.wrap(buffer, 0, n), at);
                task.advance(n);
                if (Thread.interrupted()) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted");
                }
            }
        } catch (InputException e) {
            throw e;
        } catch (IOException e) {
            throw broken(file, at, total, e);
        }
        if (rest >= 0 && at != total) {
            throw broken(file, at, total, null);
        }
    }

    private static InputException broken(RemoteFile file, long at, long total, IOException why) {
        return new InputException(
                "%s: the connection broke after %,d%s bytes: run the same command again to continue from there"
                        .formatted(file.address(), at, total > 0 ? " of %,d".formatted(total) : ""),
                why);
    }

    private void check(RemoteFile file, Optional<String> sha256, Path part, FileLock held) throws IOException {
        String actual = Sha256.of(part);
        if (sha256.isEmpty()) {
            progress.note(file.name() + ": not checked, since its SHA-256 is unknown; it is " + actual);
        } else if (!actual.equals(sha256.get())) {
            held.release();
            Files.delete(part);
            Files.deleteIfExists(etagOf(file));
            throw new InputException("%s: expected SHA-256 %s, got %s; the file was removed"
                    .formatted(file.address(), sha256.get(), actual));
        }
    }

    /**
     * A file to fetch.
     *
     * @param name its name in the folder
     * @param sha256 expected, in hexadecimal; empty if only the server may know it
     */
    record RemoteFile(URI address, String name, Optional<String> sha256) {}
}
