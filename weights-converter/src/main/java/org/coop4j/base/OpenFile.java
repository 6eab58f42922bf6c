package org.coop4j.base;

import java.io.Closeable;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A file held open for reading at any position, from any thread: the one way in which files are opened that may come
 * from strangers.
 *
 * <p>Reads see the file that was opened, even after another has taken its place. Not a {@link FileChannel}, which an
 * interrupt of one reading thread closes for all others.
 */
public final class OpenFile implements Closeable {
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
     * @throws InputException if there is none, or it is a folder, pipe or device
     */
    public static OpenFile open(Path path) throws IOException {
        requireRegular(path);
        Optional<FileState> before = FileState.of(path);
        RandomAccessFile file;
        try {
            file = new RandomAccessFile(path.toFile(), "r");
        } catch (FileNotFoundException e) {
            throw reason(path, e);
        }
        try {
            // The same state before and after is that of the file opened in between.
            Optional<FileState> state = FileState.of(path).equals(before) ? before : Optional.empty();
            return new OpenFile(path, file, file.length(), state);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Returns the content of a file, as long as it is when opened: a file of the system's, such as {@code /proc/kmsg}, may
     * have no end.
     *
     * @param most limit of its size in bytes
     * @throws InputException if it is larger, there is none, or it is a folder, pipe or device
     */
    public static byte[] read(Path path, long most) throws IOException {
        try (OpenFile file = open(path)) {
            InputException.require(
                    file.length <= most, "%s has more than %d MB: expected a smaller file", path, most >> 20);
            return file.region().bytes();
        }
    }

    /**
     * Opens a file to lock it or write in it.
     *
     * @throws InputException if it is a folder, pipe or device
     */
    public static FileChannel channel(Path path, OpenOption... options) throws IOException {
        requireRegular(path);
        return FileChannel.open(path, options);
    }

    /** Locks an open file; null if this process or another has locked it. */
    public static FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** Opens a file that one program at a time writes; empty if this one has it open, or another. */
    public static Optional<FileChannel> locked(Path path) throws IOException {
        FileChannel channel = channel(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (lock(channel) == null) {
            channel.close();
            return Optional.empty();
        }
        return Optional.of(channel);
    }

    /** Writes all that remains in {@code source} at {@code position}; returns the position after it. */
    public static long write(FileChannel channel, ByteBuffer source, long position) throws IOException {
        long at = position;
        while (source.hasRemaining()) {
            at += channel.write(source, at);
        }
        return at;
    }

    /** Returns the parsed contents of this file, which is closed if that fails. */
    public <T> T parse(IoFunction<OpenFile, T> parser) throws IOException {
        try {
            return parser.apply(this);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * Refuses a folder, a pipe or device, which might wait for ever or have no end, and a link to nothing, which would be
     * made elsewhere.
     */
    private static void requireRegular(Path path) throws InputException {
        if (Files.isSymbolicLink(path) && !Files.exists(path)) {
            throw InputException.in(path, "expected a file, got a link to nothing");
        }
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw InputException.in(
                    path, "expected a file, got a " + (Files.isDirectory(path) ? "folder" : "pipe or device"));
        }
    }

    /** Returns a specific exception for one that may mean "no such file", "access denied" and more. */
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

    /** Returns the path that was opened. */
    public Path path() {
        return path;
    }

    /** Returns the file's size when it was opened. */
    public long length() {
        return length;
    }

    /** Returns the file's state when it was opened; empty if unknown. */
    public Optional<FileState> state() {
        return state;
    }

    /** Returns all bytes of the file. */
    public FileRegion region() {
        return new FileRegion(this, 0, length);
    }

    /** Returns the first {@code count} bytes, or all of a shorter file. */
    public byte[] firstBytes(int count) throws IOException {
        return region().slice(0, Math.min(count, length)).bytes();
    }

    /**
     * Returns the SHA-256 of the whole file in hexadecimal.
     *
     * @param progress receives the number of bytes of each chunk
     */
    public String sha256(LongConsumer progress) throws IOException {
        Sha256 hash = new Sha256();
        region().forEachChunk(chunk -> {
            progress.accept(chunk.remaining());
            hash.add(chunk);
        });
        return hash.hex();
    }

    /**
     * Fills {@code target} with the bytes starting at {@code position}.
     *
     * @param target backed by an array
     */
    public void read(ByteBuffer target, long position) throws IOException {
        try {
            synchronized (file) {
                file.seek(position);
                file.readFully(target.array(), target.arrayOffset() + target.position(), target.remaining());
            }
        } catch (EOFException e) {
            throw new InputException(path + ": the file became shorter while it was read", e);
        }
        target.position(target.limit());
    }

    /** Maps {@code size} bytes starting at {@code position}, read-only. */
    public MappedByteBuffer map(long position, long size) throws IOException {
        // Mapping from a thread whose interrupt is pending would close the file for every thread.
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

    /**
     * The attributes of a file that show whether it has changed: device and inode, size, and the times of the last
     * change of its content and of the file itself; programs cannot set the latter.
     */
    public record FileState(Map<String, Object> attributes) {

        /** Longer than a tick of any file system's clock. */
        private static final Duration SETTLED = Duration.ofSeconds(3);

        /** Returns the current state of the file at a path; empty if the file system has no such attributes. */
        public static Optional<FileState> of(Path path) {
            try {
                return Optional.of(
                        new FileState(Files.readAttributes(path, "unix:dev,ino,size,lastModifiedTime,ctime")));
            } catch (UnsupportedOperationException | IOException e) {
                return Optional.empty(); // the system cannot tell
            }
        }

        /** Returns the size in bytes. */
        public long size() {
            return (long) attributes.get("size");
        }

        /**
         * Returns true if a file still has this state, and it was not changed just before a time: a later change may have
         * the same time as an earlier one.
         */
        public boolean lasts(Path path, Instant time) {
            Instant changed = ((FileTime) attributes.get("ctime")).toInstant();
            return changed.isBefore(time.minus(SETTLED)) && of(path).equals(Optional.of(this));
        }

        /** Returns all attributes in one line. */
        public String identity() {
            return "%s:%s %s bytes, modified %s, changed %s"
                    .formatted(
                            attributes.get("dev"),
                            attributes.get("ino"),
                            size(),
                            attributes.get("lastModifiedTime"),
                            attributes.get("ctime"));
        }

        // A record's own equals takes a hundredth of a second when it is first called.
        @Override
        public boolean equals(Object other) {
            return other instanceof FileState state && attributes.equals(state.attributes);
        }

        @Override
        public int hashCode() {
            return attributes.hashCode();
        }
    }
}
