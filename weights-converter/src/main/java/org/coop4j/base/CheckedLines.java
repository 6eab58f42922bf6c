package org.coop4j.base;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.slf4j.Logger;

/**
 * A file that only grows, by lines after their checksums. It is read as a stream, or from the end of a beginning that is
 * known. A damaged tail is set aside in a file of its own.
 */
public final class CheckedLines implements Closeable {

    private static final Logger LOG = Log.of(CheckedLines.class);
    private static final int CHECKSUM = 16;
    private static final int CHUNK = 1 << 20;
    private static final int LONGEST = 1 << 28; // bytes of a line

    private final FileChannel channel; // for writing: an interrupt while it reads would close it
    private final OpenFile file;
    private final CRC32C checksum = new CRC32C(); // of the bytes before the end
    private long end;
    private boolean wasDamaged;

    /** A number of bytes at the beginning of a file, with their checksum. */
    public record Beginning(long bytes, long checksum) {}

    /** Receives lines. */
    @FunctionalInterface
    public interface Reader {

        /**
         * Takes a line.
         *
         * @param at where it begins in the file
         * @return true to go on
         */
        boolean takes(String line, long at);
    }

    private CheckedLines(FileChannel channel, OpenFile file) {
        this.channel = channel;
        this.file = file;
    }

    /** Opens a file, which is made if it is not there; {@link #read} reads its lines. */
    public static CheckedLines open(Path file) throws IOException {
        FileChannel channel = OpenFile.channel(file, CREATE, WRITE);
        try {
            return new CheckedLines(channel, OpenFile.open(file));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Reads the lines of a file that may be missing, up to damage, and changes nothing. */
    public static void each(Path file, Reader each) throws IOException {
        if (Files.exists(file)) {
            try (OpenFile opened = OpenFile.open(file)) {
                long unused = new CheckedLines(null, opened).read(0, opened.length(), each);
            }
        }
    }

    /** Passes over a beginning whose lines are known; returns false if the file does not begin like that. */
    public boolean skip(Beginning known) throws IOException {
        if (known.bytes < 0 || known.bytes > file.length()) {
            return false;
        }
        sum(known.bytes);
        if (checksum.getValue() == known.checksum) {
            return true;
        }
        checksum.reset();
        end = 0;
        return false;
    }

    /** Moves the end. */
    private void sum(long to) throws IOException {
        byte[] chunk = new byte[CHUNK];
        while (end < to) {
            int count = (int) Math.min(chunk.length, to - end);
            file.read(ByteBuffer.wrap(chunk, 0, count), end);
            checksum.update(chunk, 0, count);
            end += count;
        }
    }

    /** Reads the lines after those that were passed over, and sets a damaged tail aside. */
    public void read(Reader each) throws IOException {
        sum(read(end, file.length(), each));
        if (end < file.length()) {
            Path aside = AtomicFile.numbered(file.path(), ".damaged-");
            byte[] chunk = new byte[CHUNK];
            try (FileChannel tail = FileChannel.open(aside, CREATE_NEW, WRITE)) {
                for (long at = end; at < file.length(); at += chunk.length) {
                    ByteBuffer some = ByteBuffer.wrap(chunk, 0, (int) Math.min(chunk.length, file.length() - at));
                    file.read(some, at);
                    OpenFile.write(tail, some.flip(), at - end);
                }
            }
            LOG.warn("{} ends in a damaged record, which is now in {}", file.path(), aside);
            channel.truncate(end);
            wasDamaged = true;
        }
    }

    /** Reads lines again, from a place on. */
    public void readAgain(long from, Reader each) throws IOException {
        read(from, end, each);
    }

    /** Reads lines; returns the end of the last one that is whole and was taken. */
    private long read(long from, long to, Reader each) throws IOException {
        byte[] chunk = new byte[CHUNK];
        int held = 0; // bytes of a line's beginning
        long start = from;
        while (start + held < to) {
            if (held == chunk.length) {
                InputException.require(
                        held < LONGEST, "%s has a line of more than %d MB: move it away", file.path(), LONGEST >> 20);
                chunk = Arrays.copyOf(chunk, 2 * held);
            }
            int count = (int) Math.min(chunk.length - held, to - start - held);
            file.read(ByteBuffer.wrap(chunk, held, count), start + held);
            int begin = 0;
            for (int i = held; i < held + count; i++) {
                if (chunk[i] == '\n') {
                    long at = start + begin;
                    if (!isWhole(chunk, begin, i)) {
                        return at;
                    }
                    String line = new String(chunk, begin + CHECKSUM + 1, i - begin - CHECKSUM - 1, UTF_8);
                    begin = i + 1;
                    if (!each.takes(line, at)) {
                        return start + begin;
                    }
                }
            }
            held += count - begin;
            start += begin;
            System.arraycopy(chunk, begin, chunk, 0, held);
        }
        return start;
    }

    private static boolean isWhole(byte[] chunk, int begin, int end) {
        int text = begin + CHECKSUM + 1;
        return text <= end
                && new String(chunk, begin, CHECKSUM, US_ASCII)
                        .equals(checksum(ByteBuffer.wrap(chunk, text, end - text)));
    }

    private static String checksum(ByteBuffer line) {
        return new Sha256().add(line).hex().substring(0, CHECKSUM);
    }

    /** Returns true if a damaged tail was set aside. */
    public boolean wasDamaged() {
        return wasDamaged;
    }

    /** Returns what the file holds now, as a beginning of what it will hold. */
    public Beginning beginning() {
        return new Beginning(end, checksum.getValue());
    }

    /**
     * Appends a line; after a failure the file ends as before.
     *
     * @param lasts true to have it on the disk when this returns
     */
    public void add(String line, boolean lasts) throws IOException {
        byte[] text = line.getBytes(UTF_8);
        byte[] bytes = (checksum(ByteBuffer.wrap(text)) + " " + line + "\n").getBytes(UTF_8);
        try {
            OpenFile.write(channel, ByteBuffer.wrap(bytes), end);
            if (lasts) {
                force();
            }
        } catch (IOException e) {
            channel.truncate(end);
            throw e;
        }
        checksum.update(bytes);
        end += bytes.length;
    }

    /** Has all lines on the disk when this returns. */
    public void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
        file.close();
    }
}
