package org.coop4j.model.download;

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
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.base.TextFile;
import org.coop4j.model.ModelMetadata.Publication.Received;

/**
 * Fetches one file into a folder. A stalled transfer is resumed a few times. The received beginning is kept in {@code
 * NAME.part}, with the server's ETag and the file's length in {@code NAME.part.etag}; after an interruption only the
 * rest is requested (Range), or the whole file if the server does not support that or answers with another ETag or
 * length.
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
        return target;
    }

    /** Returns the account of a file that was fetched, now or before. */
    Received received(RemoteFile file) throws IOException {
        return new Received(Begun.read(etagOf(file)).etag, Sha256.of(folder.resolve(file.name())));
    }

    /** Returns the file of a file's ETag, which stays until the files are removed. */
    Path etagOf(RemoteFile file) {
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

    /**
     * The file whose beginning was received.
     *
     * @param etag strong, or empty
     * @param length in bytes; -1 if the server did not declare it
     */
    private record Begun(String etag, long length) {

        static Begun read(Path file) throws IOException {
            List<String> lines =
                    Files.exists(file) ? TextFile.read(file).lines().toList() : List.of();
            boolean whole = lines.size() == 2 && lines.get(1).matches("\\d{1,18}");
            return whole ? new Begun(lines.get(0), Long.parseLong(lines.get(1))) : new Begun("", -1);
        }

        /** Returns the file of an answer. */
        static Begun of(HttpURLConnection connection) {
            String etag = Objects.requireNonNullElse(connection.getHeaderField("ETag"), "");
            boolean strong = etag.startsWith("\"") && etag.length() <= MAX_ETAG;
            return new Begun(strong ? etag : "", connection.getContentLengthLong());
        }

        /** Returns true if an answer is the rest of this file, or a whole one. */
        boolean goesOn(HttpURLConnection connection, long have) throws IOException {
            return switch (connection.getResponseCode()) {
                case 206 ->
                    have > 0
                            && "bytes %d-%d/%d"
                                    .formatted(have, length - 1, length)
                                    .equals(connection.getHeaderField("Content-Range"))
                            && of(connection).equals(new Begun(etag, length - have));
                case 416 -> false; // nothing, or another file, beyond what is there
                default -> true;
            };
        }
    }

    /** Receives the rest of a file, and returns the file's SHA-256 if the server sends it. */
    private Optional<String> receive(RemoteFile file, FileChannel channel) throws IOException {
        Path etagFile = etagOf(file);
        Begun begun = Begun.read(etagFile);
        // A beginning is useless if nothing shows that the file is still the same.
        boolean known = !begun.etag.isEmpty() || file.sha256().isPresent();
        long have = known && begun.length >= 0 ? channel.size() : 0;
        Http.Answer answer =
                http.get(file.address(), have, Optional.of(begun.etag).filter(etag -> !etag.isEmpty()));
        if (!begun.goesOn(answer.connection(), have)) {
            answer.connection().disconnect();
            have = 0;
            answer = http.get(file.address(), 0, Optional.empty());
        }
        HttpURLConnection connection = answer.connection();
        if (!begun.goesOn(connection, have)) {
            connection.disconnect();
            throw new InputException(file.address() + ": expected the whole file, got a part of it");
        }
        long start = connection.getResponseCode() == 206 ? have : 0;
        channel.truncate(start);
        if (start == 0) {
            Begun now = Begun.of(connection);
            Files.writeString(etagFile, now.etag + "\n" + now.length + "\n");
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
