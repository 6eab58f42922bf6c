package org.coop4j.base;

import java.io.Closeable;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A file held open for reading at any position, from any thread.
 *
 * <p>What was opened is what is read, even when another file takes its place. It is not a {@link
 * FileChannel} because a thread that is interrupted while it reads closes a channel for every other
 * thread.
 */
public final class OpenFile implements Closeable {
    private static final int CHUNK = 1 << 16;

    private final Path path;
    private final RandomAccessFile file;
    private final long length;
    private final Optional<FileState> state;

    private OpenFile(Path path, RandomAccessFile file, long length, Optional<FileState> state) {
        this.path = path;
        this.file = file;
        this.length = length;
        this.state = state;
    }

    /**
     * Opens a file.
     *
     * @throws InputException when there is none, or it is a folder, pipe or device
     */
    public static OpenFile open(Path path) throws IOException {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw InputException.in(
                    path, "expected a file, got a " + (Files.isDirectory(path) ? "folder" : "pipe or device"));
        }
        Optional<FileState> before = FileState.of(path);
        RandomAccessFile file;
        try {
            file = new RandomAccessFile(path.toFile(), "r");
        } catch (FileNotFoundException e) {
            throw reason(path, e);
        }
        try {
            // If it is the same before and after, it is that of what was opened in between.
            Optional<FileState> state = FileState.of(path).equals(before) ? before : Optional.empty();
            return new OpenFile(path, file, file.length(), state);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Why a file cannot be opened; the one exception stands for "no such file", "denied" and more.
     */
    private static IOException reason(Path path, FileNotFoundException unspecific) {
        try {
            Files.newByteChannel(path).close();
            return unspecific;
        } catch (NoSuchFileException e) {
            return new InputException("no such file: " + path, e);
        } catch (IOException e) {
            return e;
        }
    }

    /** Where it was opened. */
    public Path path() {
        return path;
    }

    /** Bytes of the file when it was opened. */
    public long length() {
        return length;
    }

    /** The file's state when it was opened; empty if it is not known. */
    public Optional<FileState> state() {
        return state;
    }

    /** All bytes of the file. */
    public FileRegion region() {
        return new FileRegion(this, 0, length);
    }

    /** The first bytes, fewer where the file is shorter. */
    public byte[] firstBytes(int count) throws IOException {
        return region().slice(0, Math.min(count, length)).bytes();
    }

    /**
     * SHA-256 of the whole file in hexadecimal.
     *
     * @param progress is told the bytes of each chunk read
     */
    public String sha256(LongConsumer progress) throws IOException {
        Sha256 hash = new Sha256();
        byte[] chunk = new byte[CHUNK];
        for (long at = 0; at < length; at += chunk.length) {
            int n = (int) Math.min(chunk.length, length - at);
            ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, n);
            read(bytes, at);
            hash.add(bytes.flip());
            progress.accept(n);
        }
        return hash.hex();
    }

    /** Fills {@code target} with the bytes from {@code position} on. */
    public void read(ByteBuffer target, long position) throws IOException {
        byte[] bytes = target.hasArray() ? target.array() : new byte[target.remaining()];
        int offset = target.hasArray() ? target.arrayOffset() + target.position() : 0;
        try {
            synchronized (file) {
                file.seek(position);
                file.readFully(bytes, offset, target.remaining());
            }
        } catch (EOFException e) {
            throw new InputException(path + ": the file became shorter while it was read", e);
        }
        if (target.hasArray()) {
            target.position(target.limit());
        } else {
            target.put(bytes);
        }
    }

    /** Maps {@code size} bytes from {@code position} on, read-only. */
    public MappedByteBuffer map(long position, long size) throws IOException {
        // A thread that is interrupted already would close the file for everybody.
        boolean interrupted = Thread.interrupted();
        try {
            return file.getChannel().map(FileChannel.MapMode.READ_ONLY, position, size);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
