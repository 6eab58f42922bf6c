package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Features of image views in one file, appended as they are computed and read through a memory map.
 *
 * <p>The file is a header that names the weights, the transform and the width, then records of one
 * size: key, features, checksum. A process killed at any moment leaves at worst a last record that
 * is not whole; opening the bank checks every record, so that a damaged one is computed again and
 * never used. One process at a time.
 */
public final class FeatureBank implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(FeatureBank.class);

    private static final int HEADER_BYTES = 512;
    private static final String MAGIC = "coop4j feature bank 1\n";
    private static final long SEGMENT_BYTES = 1L << 28;

    private final Path file;
    private final FileChannel channel;
    private final int width;
    private final int recordBytes;
    private final int recordsPerSegment;
    private final Map<ViewKey, Integer> rows = new HashMap<>();
    private final List<MappedByteBuffer> segments = new ArrayList<>();
    private int count;
    private int mapped;

    private FeatureBank(Path file, FileChannel channel, int width) {
        this.file = file;
        this.channel = channel;
        this.width = width;
        this.recordBytes = ViewKey.BYTES + width * Float.BYTES + Integer.BYTES;
        this.recordsPerSegment = Math.max(1, (int) (SEGMENT_BYTES / recordBytes));
    }

    /**
     * Opens the bank of these weights and this transform under {@code folder}, or begins it.
     *
     * @param weights SHA-256 of the model file
     * @param transform name of the transform, such as {@code test}
     * @param width width of a feature
     * @throws IOException if another process has it open, or the file is a bank of something else
     */
    public static FeatureBank open(Path folder, String weights, String transform, int width)
            throws IOException {
        Path file = folder.resolve(weights.substring(0, 16)).resolve(transform + ".bank");
        FileChannel channel = openFile(file);
        try {
            lock(file, channel);
            FeatureBank bank = new FeatureBank(file, channel, width);
            bank.readHeader(weights, transform);
            bank.verifyRecords();
            return bank;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static FileChannel openFile(Path file) throws IOException {
        try {
            Files.createDirectories(file.getParent());
            return FileChannel.open(
                    file,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "cannot open the feature bank "
                            + file
                            + " ("
                            + e.getClass().getSimpleName()
                            + "): give --bank a folder that you may write to",
                    e);
        }
    }

    /** The lock is held until the channel is closed. */
    private static void lock(Path file, FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // The same process has it: the message below says what to do.
        }
        throw new IOException(
                "the feature bank "
                        + file
                        + " is in use by another run: wait for it to end, or"
                        + " give this run another --bank folder");
    }

    private void readHeader(String weights, String transform) throws IOException {
        String expected = MAGIC + weights + "\n" + transform + "\n" + width + "\n";
        byte[] bytes = new byte[HEADER_BYTES];
        byte[] text = expected.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(text, 0, bytes, 0, text.length);
        if (channel.size() < HEADER_BYTES) {
            channel.truncate(0);
            write(ByteBuffer.wrap(bytes), 0);
            return;
        }
        ByteBuffer found = ByteBuffer.allocate(HEADER_BYTES);
        read(found, 0);
        if (!java.util.Arrays.equals(found.array(), bytes)) {
            throw new IOException(
                    file
                            + " is not the feature bank of this model and transform (the model file"
                            + " may have changed since it was built): delete it or give another"
                            + " --bank folder");
        }
    }

    /** Reads every record; passes over damaged ones, and cuts off a last one that is not whole. */
    private void verifyRecords() throws IOException {
        long size = channel.size();
        count = Math.toIntExact((size - HEADER_BYTES) / recordBytes);
        ByteBuffer chunk = buffer(Math.max(1, (1 << 20) / recordBytes) * recordBytes);
        int damaged = 0;
        for (int first = 0; first < count; first += chunk.capacity() / recordBytes) {
            int n = Math.min(count - first, chunk.capacity() / recordBytes);
            chunk.clear().limit(n * recordBytes);
            read(chunk, HEADER_BYTES + (long) first * recordBytes);
            for (int i = 0; i < n; i++) {
                if (checksumHolds(chunk, i * recordBytes)) {
                    rows.put(ViewKey.read(chunk, i * recordBytes), first + i);
                } else {
                    damaged++;
                }
            }
        }
        channel.truncate(HEADER_BYTES + (long) count * recordBytes);
        if (damaged > 0) {
            log.warn("{}: {} of {} views are damaged and not used", file, damaged, count);
        }
    }

    private boolean checksumHolds(ByteBuffer chunk, int offset) {
        return checksum(chunk, offset) == chunk.getInt(offset + recordBytes - Integer.BYTES);
    }

    private int checksum(ByteBuffer records, int offset) {
        CRC32C crc = new CRC32C();
        crc.update(records.duplicate().position(offset).limit(offset + recordBytes - 4));
        return (int) crc.getValue();
    }

    /** Number of views in the bank. */
    public int size() {
        return rows.size();
    }

    /** Width of a feature. */
    public int width() {
        return width;
    }

    boolean contains(ViewKey key) {
        return rows.containsKey(key);
    }

    /**
     * Adds the features of views; no kill of the process loses them once this returns.
     *
     * @throws IOException if they cannot be written, as on a full disk; the bank keeps what it had
     */
    void append(List<ViewKey> keys, float[] features) throws IOException {
        ByteBuffer records = buffer(keys.size() * recordBytes);
        for (int i = 0; i < keys.size(); i++) {
            int offset = i * recordBytes;
            keys.get(i).write(records, offset);
            for (int j = 0; j < width; j++) {
                int at = offset + ViewKey.BYTES + j * Float.BYTES;
                records.putFloat(at, features[i * width + j]);
            }
            records.putInt(offset + recordBytes - Integer.BYTES, checksum(records, offset));
        }
        try {
            write(records, HEADER_BYTES + (long) count * recordBytes);
        } catch (IOException e) {
            throw new IOException(
                    "cannot write to the feature bank "
                            + file
                            + " ("
                            + e.getMessage()
                            + "): make room and run again, what it holds is kept",
                    e);
        }
        for (ViewKey key : keys) {
            rows.put(key, count++);
        }
    }

    /** Copies the features of a view, not normalised, to {@code target} from {@code offset} on. */
    void copy(ViewKey key, float[] target, int offset) throws IOException {
        Integer row = rows.get(key);
        if (row == null) {
            throw new IllegalStateException("view " + key + " is not in the bank " + file);
        }
        if (row >= mapped) {
            map();
        }
        MappedByteBuffer segment = segments.get(row / recordsPerSegment);
        int at = row % recordsPerSegment * recordBytes + ViewKey.BYTES;
        for (int i = 0; i < width; i++) {
            target[offset + i] = segment.getFloat(at + i * Float.BYTES);
        }
    }

    private void map() throws IOException {
        segments.clear();
        for (int first = 0; first < count; first += recordsPerSegment) {
            long length = (long) Math.min(recordsPerSegment, count - first) * recordBytes;
            MappedByteBuffer segment =
                    channel.map(
                            FileChannel.MapMode.READ_ONLY,
                            HEADER_BYTES + (long) first * recordBytes,
                            length);
            segment.order(ByteOrder.LITTLE_ENDIAN);
            segments.add(segment);
        }
        mapped = count;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void write(ByteBuffer bytes, long position) throws IOException {
        bytes.rewind();
        while (bytes.hasRemaining()) {
            position += channel.write(bytes, position);
        }
    }

    private void read(ByteBuffer target, long position) throws IOException {
        while (target.hasRemaining()) {
            int n = channel.read(target, position);
            if (n < 0) {
                throw new IOException(file + " ends at byte " + position);
            }
            position += n;
        }
    }

    /** Closes the file, which gives up its lock. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
