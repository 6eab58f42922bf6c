package org.coop4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file being written that appears whole or not at all: bytes go to a hidden temporary file in the
 * target's folder, which {@link #commit()} moves over the target. Closed without a commit, or when
 * the process is interrupted, it leaves no trace.
 */
public final class AtomicFile implements AutoCloseable {
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final Thread onInterrupt;
    private boolean committed;

    private AtomicFile(Path target, Path temporary, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
        this.onInterrupt = new Thread(this::discard, "discard-" + target.getFileName());
    }

    /**
     * Begins a file.
     *
     * @throws WeightsException when the target's folder does not exist or the target is a folder
     */
    public static AtomicFile create(Path target) throws IOException {
        if (Files.isDirectory(target)) {
            throw new WeightsException(target + " is a folder: name a file to write");
        }
        Path absolute = target.toAbsolutePath();
        String hidden = "." + absolute.getFileName() + "." + UUID.randomUUID() + ".tmp";
        Path temporary = absolute.resolveSibling(hidden);
        try {
            FileChannel channel =
                    FileChannel.open(
                            temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            AtomicFile file = new AtomicFile(target, temporary, channel);
            Runtime.getRuntime().addShutdownHook(file.onInterrupt);
            return file;
        } catch (AccessDeniedException e) {
            throw new WeightsException(
                    "no permission to write in the folder " + absolute.getParent(), e);
        } catch (NoSuchFileException e) {
            throw new WeightsException("no such folder: " + absolute.getParent(), e);
        } catch (FileAlreadyExistsException e) {
            throw new WeightsException("cannot create " + temporary, e);
        }
    }

    /** Writes a whole file. */
    public static void write(Path target, byte[] content) throws IOException {
        try (AtomicFile file = create(target)) {
            file.write(ByteBuffer.wrap(content), 0);
            file.commit();
        }
    }

    /** The file that will be written. */
    public Path target() {
        return target;
    }

    /** Writes all that remains in {@code source} at {@code position}. */
    public void write(ByteBuffer source, long position) throws IOException {
        long at = position;
        try {
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        } catch (IOException e) {
            throw problem(e);
        }
    }

    /** What the system says, such as "No space left on device", with the file that it is about. */
    private IOException problem(IOException e) {
        return new IOException("cannot write " + target + ": " + e.getMessage(), e);
    }

    /** Brings the bytes to the disk and moves them over the target. */
    public void commit() throws IOException {
        try {
            channel.force(true);
            channel.close();
        } catch (IOException e) {
            throw problem(e);
        }
        Files.move(
                temporary,
                target.toAbsolutePath(),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        committed = true;
    }

    /** Deletes the temporary file unless it was committed. */
    @Override
    public void close() throws IOException {
        channel.close();
        try {
            Runtime.getRuntime().removeShutdownHook(onInterrupt);
        } catch (IllegalStateException e) {
            return; // the process is ending: the hook discards the file
        }
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
    }

    /** Runs when the process ends before the file is closed. */
    private void discard() {
        try {
            channel.close();
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            // Nobody is left to be told.
        }
    }
}
