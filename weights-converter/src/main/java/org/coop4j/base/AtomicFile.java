package org.coop4j.base;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file being written that appears whole or not at all: bytes go to a hidden temporary file in the target's folder,
 * which {@link #commit()} moves over the target. Closed without a commit, or when the process is interrupted, it leaves
 * no trace.
 *
 * <p>A killed process leaves its temporary file, which the next writer of the same target removes. Writers hold a lock
 * on their files, so that only abandoned ones are removed.
 */
public final class AtomicFile implements AutoCloseable {
    /**
     * Marks the temporary files of this process. It must not open them to try their locks: POSIX drops a process's
     * locks on a file when it closes any of its handles.
     */
    private static final String PROCESS = hexadecimal();

    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.([0-9a-f]{16})-[0-9a-f]{16}\\.tmp");

    private static final String REPLACED = ".replaced-";

    /** Entries of a folder that is not listed for every file. */
    private static final int LARGE = 1000;

    /** By large folder, the time at which it is listed again. */
    private static final Map<Path, Long> NEXT_LOOKS = new ConcurrentHashMap<>();

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
     * @throws InputException if the target's folder does not exist or the target is a folder
     */
    public static AtomicFile create(Path target) throws IOException {
        InputException.require(!Files.isDirectory(target), "%s is a folder: expected a file to write", target);
        Path absolute = target.toAbsolutePath();
        removeLeftOvers(absolute);
        try {
            while (true) {
                Path temporary = absolute.resolveSibling(prefix(absolute) + PROCESS + "-" + hexadecimal() + ".tmp");
                FileChannel channel =
                        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                // Before it was locked, another process may have removed it as abandoned.
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

    private static String hexadecimal() {
        return HexFormat.of().toHexDigits(UUID.randomUUID().getLeastSignificantBits());
    }

    /** Locks the file; true also on a file system without locks, where nobody removes the file. */
    private static boolean isLocked(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException e) {
            return true;
        }
    }

    /**
     * Deletes what killed processes left of this target, as far as that is possible. A large folder is listed again after 20
     * times as long as it took, so that many files can be written into it.
     */
    public static void removeLeftOvers(Path target) {
        Path folder = target.toAbsolutePath().getParent();
        long start = System.nanoTime();
        Long due = NEXT_LOOKS.get(folder);
        if (due != null && start - due < 0) {
            return;
        }
        int entries = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                entries++;
                if (file.getFileName().toString().startsWith(prefix(target))) {
                    removeLeftOver(file);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // The folder is missing or cannot be listed, which create() reports if it matters.
        }
        if (entries > LARGE) {
            NEXT_LOOKS.put(folder, start + 21 * (System.nanoTime() - start));
        }
    }

    /** Deletes a file if a killed process left it of any target, as far as that is possible. */
    public static void removeLeftOver(Path file) {
        Matcher matcher = TEMPORARY.matcher(file.getFileName().toString());
        if (matcher.matches() && !matcher.group(1).equals(PROCESS)) {
            removeUnlessLocked(file);
        }
    }

    private static void removeUnlessLocked(Path file) {
        try (FileChannel channel = OpenFile.channel(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock lock = OpenFile.lock(channel)) {
            if (lock != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // It belongs to somebody else, or the file system cannot tell whether it is being written.
        }
    }

    /** Writes a whole file of text in UTF-8. */
    public static void write(Path target, String text) throws IOException {
        write(target, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a whole file. */
    public static void write(Path target, byte[] content) throws IOException {
        try (AtomicFile file = create(target)) {
            file.write(ByteBuffer.wrap(content), 0);
            file.commit();
        }
    }

    /**
     * Copies a file to a name that no other file has. The copy has its time, is on the disk, and was compared with it.
     *
     * @throws FileAlreadyExistsException if the name is taken
     */
    public static void copy(Path from, Path target) throws IOException {
        try (AtomicFile copy = create(target)) {
            Files.copy(from, copy.stream());
            copy.permissionsOf(from, false);
            Files.setLastModifiedTime(copy.temporary, Files.getLastModifiedTime(from));
            copy.force();
            InputException.require(
                    Files.mismatch(from, copy.temporary) < 0, "%s was changed while it was copied", from);
            try {
                Files.createLink(target.toAbsolutePath(), copy.temporary);
            } catch (FileAlreadyExistsException e) {
                throw e;
            } catch (UnsupportedOperationException | FileSystemException e) { // this disk has no hard links
                rename(copy.temporary, target.toAbsolutePath());
            }
        }
    }

    /** Renames a file without a hard link; the name is taken first, so that no file of another program is replaced. */
    static void rename(Path file, Path name) throws IOException {
        Files.createFile(name);
        try {
            Files.move(file, name, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.delete(name);
            throw e;
        }
    }

    /** Writes all that remains in {@code source} at {@code position}. */
    public void write(ByteBuffer source, long position) throws IOException {
        try {
            OpenFile.write(channel, source, position);
        } catch (IOException e) {
            throw problem(e);
        }
    }

    /** Returns a stream that writes starting at the beginning of the file; closing it does nothing. */
    public OutputStream stream() {
        return new OutputStream() {
            private long position;

            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                AtomicFile.this.write(ByteBuffer.wrap(bytes, offset, length), position);
                position += length;
            }
        };
    }

    /** Adds the target to the system's message, such as "No space left on device". */
    private IOException problem(IOException e) {
        String what = e instanceof ClosedByInterruptException ? "interrupted" : e.getMessage();
        return new IOException("cannot write " + target + ": " + what, e);
    }

    /**
     * Gives the file the permissions of another, without that to execute it, where the file system has them.
     *
     * @param writable true if its owner may write the file in any case
     */
    public void permissionsOf(Path other, boolean writable) throws IOException {
        if (temporary.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(other);
            permissions.removeIf(one -> one.name().endsWith("EXECUTE"));
            if (writable) {
                permissions.add(PosixFilePermission.OWNER_WRITE);
            }
            Files.setPosixFilePermissions(temporary, permissions);
        }
    }

    /** Forces the bytes to the disk and moves the file over the target. */
    public void commit() throws IOException {
        force();
        replace();
    }

    /** Moves the file over the target; a power failure may leave it empty, so this is for what can be made again. */
    public void replace() throws IOException {
        // Before closing the channel, which gives up the lock.
        Files.move(
                temporary,
                target.toAbsolutePath(),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        committed = true;
        channel.close();
    }

    private void force() throws IOException {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw problem(e);
        }
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
            // The process ends; there is nobody to tell.
        }
    }

    /**
     * Moves a folder aside, so that its name is free and nothing is lost.
     *
     * @return its new place, {@code NAME.replaced-N}
     */
    public static Path moveAside(Path folder) throws IOException {
        return Files.move(folder, numbered(folder, REPLACED));
    }

    /** Returns the first free name of a folder's kind: its own, an ending, and 1 or more. */
    public static Path numbered(Path folder, String ending) {
        for (int n = 1; ; n++) {
            Path numbered = folder.resolveSibling(folder.getFileName() + ending + n);
            if (!Files.exists(numbered, LinkOption.NOFOLLOW_LINKS)) {
                return numbered;
            }
        }
    }

    /** Returns true if a folder was moved aside for another, so that its runs do not count. */
    public static boolean isReplaced(Path folder) {
        return String.valueOf(folder.getFileName()).matches(".*\\Q" + REPLACED + "\\E\\d+");
    }
}
