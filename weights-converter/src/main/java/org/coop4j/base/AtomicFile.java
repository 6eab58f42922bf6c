package org.coop4j.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file being written that appears whole or not at all: bytes go to a hidden temporary file in the
 * target's folder, which {@link #commit()} moves over the target. Closed without a commit, or when
 * the process is interrupted, it leaves no trace.
 *
 * <p>A killed process leaves its temporary file; the next one to write the same target removes it.
 * Who is alive holds a lock on its own, so that only what nobody writes any more is removed.
 */
public final class AtomicFile implements AutoCloseable {
    /**
     * Tells this process's temporary files from those of others. A process must not open its own to
     * try the lock: POSIX drops a process's locks on a file when it closes any of its handles.
     */
    private static final String PROCESS = hexadecimal();

    private static final String SUFFIX = "-[0-9a-f]{16}\\.tmp";

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
     * @throws InputException when the target's folder does not exist or the target is a folder
     */
    public static AtomicFile create(Path target) throws IOException {
        if (Files.isDirectory(target)) {
            throw new InputException(target + " is a folder: name a file to write");
        }
        Path absolute = target.toAbsolutePath();
        removeLeftOvers(absolute);
        try {
            while (true) {
                Path temporary = absolute.resolveSibling(prefix(absolute) + PROCESS + suffix());
                FileChannel channel =
                        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                // Another process may have taken the new file for a left-over before the lock.
                if (isLocked(channel) && Files.exists(temporary)) {
                    AtomicFile file = new AtomicFile(target, temporary, channel);
                    Runtime.getRuntime().addShutdownHook(file.onInterrupt);
                    return file;
                }
                channel.close();
                Files.deleteIfExists(temporary);
            }
        } catch (AccessDeniedException e) {
            throw new InputException("no permission to write in the folder " + absolute.getParent(), e);
        } catch (NoSuchFileException e) {
            throw new InputException("no such folder: " + absolute.getParent(), e);
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
            throw new InputException("cannot write " + target + ": " + reason, e);
        }
    }

    private static String prefix(Path target) {
        return "." + target.getFileName() + ".";
    }

    private static String suffix() {
        return "-" + hexadecimal() + ".tmp";
    }

    private static String hexadecimal() {
        return HexFormat.of().toHexDigits(UUID.randomUUID().getLeastSignificantBits());
    }

    /** True also where the file system knows no locks: nobody can then take the file away. */
    private static boolean isLocked(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException e) {
            return true;
        }
    }

    /** Deletes what killed processes left of this target; a failure to do so hinders nothing. */
    private static void removeLeftOvers(Path target) {
        Pattern name = Pattern.compile(Pattern.quote(prefix(target)) + "([0-9a-f]{16})" + SUFFIX);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(target.getParent(), file -> {
            Matcher matcher = name.matcher(file.getFileName().toString());
            return matcher.matches() && !matcher.group(1).equals(PROCESS);
        })) {
            for (Path file : files) {
                removeUnlessLocked(file);
            }
        } catch (IOException | DirectoryIteratorException e) {
            // The folder is missing or cannot be listed, which create() reports if it matters.
        }
    }

    private static void removeUnlessLocked(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | OverlappingFileLockException e) {
            // Not ours to remove, or the file system cannot tell whether somebody writes it.
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
        String what = e instanceof ClosedByInterruptException ? "interrupted" : e.getMessage();
        return new IOException("cannot write " + target + ": " + what, e);
    }

    /** Brings the bytes to the disk and moves them over the target. */
    public void commit() throws IOException {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw problem(e);
        }
        // Before the channel is closed, and with it the lock given up.
        Files.move(
                temporary,
                target.toAbsolutePath(),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        committed = true;
        channel.close();
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
