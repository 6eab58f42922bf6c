package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureKind;
import org.coop4j.graph.host.Precision;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Features of image views in one file, appended as they are computed and read through a memory map.
 *
 * <p>The file is a header that tells its {@link Key}, then records of one size: key, features,
 * checksum. A process killed at any moment leaves at worst a last record that is not whole; opening
 * the bank checks every record, so that a damaged one is computed again and never used.
 *
 * <p>Any number of processes may have a bank open. The file is locked only while its end is looked
 * at or records are appended; whole records never change, and are read without a lock. What others
 * append is seen when the bank is opened and when it appends. One thread at a time.
 */
final class BankFile implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(BankFile.class);

    /** The byte whose lock counts, behind any data: on Windows a locked byte cannot be read. */
    private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

    private static final int HEADER_BYTES = 512;
    private static final String MAGIC = "coop4j feature bank 1\n";

    /**
     * What the rows of a bank depend on besides the image and the view.
     *
     * @param weights SHA-256 of the model file, in hexadecimal
     * @param transform name of the transform, such as {@code test-224}
     * @param kind which row of the image tower
     * @param precision of the products that made them
     * @param width length of a row
     */
    record Key(String weights, String transform, FeatureKind kind, Precision precision, int width) {

        /**
         * The key of a model's rows of a kind.
         *
         * @throws IOException if the model file cannot be read
         */
        static Key of(Clip clip, ImageTransform transform, FeatureKind kind) throws IOException {
            return new Key(clip.modelSha256(), transform.id(), kind, clip.precision(), clip.featureWidth(kind));
        }

        /** The bank's file below a folder. */
        Path file(Path folder) {
            String name = String.join(".", parts());
            return folder.resolve(weights.substring(0, 16)).resolve(name + ".bank");
        }

        /** The transform, then what is not as in the first banks: embeddings in float32. */
        private List<String> parts() {
            List<String> parts = new ArrayList<>(List.of(transform));
            if (kind != FeatureKind.EMBEDDED) {
                parts.add(kind.id());
            }
            if (precision != Precision.FLOAT32) {
                parts.add(precision.id());
            }
            return parts;
        }

        /** The first bytes of the file. */
        byte[] header() {
            List<String> lines = new ArrayList<>(parts());
            lines.add(0, weights);
            lines.add(2, String.valueOf(width));
            String text = MAGIC + String.join("\n", lines) + "\n";
            return ByteBuffer.allocate(HEADER_BYTES)
                    .put(text.getBytes(StandardCharsets.UTF_8))
                    .array();
        }
    }

    /**
     * Which view of which image content: the first 16 bytes of a SHA-256.
     *
     * @param high the first eight bytes
     * @param low the second eight bytes
     */
    record ViewKey(long high, long low) {

        static final int BYTES = 16;

        static ViewKey of(String contentHash, int view) {
            return read(
                    ByteBuffer.wrap(new Sha256().add(contentHash + "/" + view).bytes()), 0);
        }

        static ViewKey read(ByteBuffer from, int offset) {
            return new ViewKey(from.getLong(offset), from.getLong(offset + Long.BYTES));
        }

        void write(ByteBuffer to, int offset) {
            to.putLong(offset, high).putLong(offset + Long.BYTES, low);
        }
    }

    private final Path file;
    private final FileChannel channel;
    private final int width;
    private final int recordBytes;
    private final Map<ViewKey, Integer> records = new HashMap<>();

    /** Records that are known, the damaged ones included. */
    private int count;

    private BankFile(Path file, FileChannel channel, Key key) {
        this.file = file;
        this.channel = channel;
        this.width = key.width();
        this.recordBytes = ViewKey.BYTES + width * Float.BYTES + Integer.BYTES;
    }

    /**
     * Opens a bank under {@code folder}, or begins it.
     *
     * @throws IOException if it cannot be opened, or the file is a bank of something else
     */
    static BankFile open(Path folder, Key key) throws IOException {
        Path file = key.file(folder);
        BankFile bank = new BankFile(file, openFile(file), key);
        try {
            int whole = bank.locked(() -> {
                bank.readHeader(key.header());
                return bank.wholeRecords();
            });
            bank.verify(whole);
            return bank;
        } catch (IOException | RuntimeException e) {
            bank.close();
            throw e;
        }
    }

    private static FileChannel openFile(Path file) throws IOException {
        try {
            Files.createDirectories(file.getParent());
            return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new IOException(
                    "cannot open the feature bank %s (%s): give --bank a folder that you may write to"
                            .formatted(file, e.getClass().getSimpleName()),
                    e);
        }
    }

    /** Work that needs the file for itself. */
    private interface Work<T> {
        T run() throws IOException;
    }

    /**
     * Waits for the file and works on it alone. A lock is the whole process's, and closing any
     * channel of the file gives it up: in this process one bank at a time, {@link #close} included.
     */
    private <T> T locked(Work<T> work) throws IOException {
        synchronized (BankFile.class) {
            FileLock lock = lock();
            try {
                return work.run();
            } finally {
                lock.release();
            }
        }
    }

    private FileLock lock() throws IOException {
        try {
            return channel.lock(LOCKED_BYTE, 1, false);
        } catch (IOException e) {
            throw new IOException(
                    "cannot lock the feature bank %s (%s): give --bank a folder on another disk"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    private void readHeader(byte[] expected) throws IOException {
        if (channel.size() < expected.length) {
            channel.truncate(0);
            write(ByteBuffer.wrap(expected), 0);
            return;
        }
        ByteBuffer found = ByteBuffer.allocate(expected.length);
        read(found, 0);
        if (!Arrays.equals(found.array(), expected)) {
            throw new IOException(file
                    + " is not the feature bank of this model and transform (the model file"
                    + " may have changed since it was built): delete it or give another"
                    + " --bank folder");
        }
    }

    /** Number of whole records; cuts off what a killed process left behind them. */
    private int wholeRecords() throws IOException {
        int whole = Math.toIntExact((channel.size() - HEADER_BYTES) / recordBytes);
        channel.truncate(position(whole));
        return whole;
    }

    private long position(int record) {
        return HEADER_BYTES + (long) record * recordBytes;
    }

    /** Reads the records up to {@code whole} that are not yet known; passes over damaged ones. */
    private void verify(int whole) throws IOException {
        int most = Math.max(1, (1 << 20) / recordBytes);
        ByteBuffer chunk = buffer(most * recordBytes);
        int damaged = 0;
        while (count < whole) {
            int n = Math.min(whole - count, most);
            chunk.clear().limit(n * recordBytes);
            read(chunk, position(count));
            for (int i = 0; i < n; i++) {
                if (checksumHolds(chunk, i * recordBytes)) {
                    records.put(ViewKey.read(chunk, i * recordBytes), count + i);
                } else {
                    damaged++;
                }
            }
            count += n;
        }
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
    int size() {
        return records.size();
    }

    /** Length of a row. */
    int width() {
        return width;
    }

    boolean contains(ViewKey key) {
        return records.containsKey(key);
    }

    /**
     * Adds the features of views that are not in the bank, where others may have appended some of
     * them; no kill of the process loses them once this returns.
     *
     * @param features a row for each key
     * @throws IOException if they cannot be written, as on a full disk; the bank keeps what it had
     */
    void append(List<ViewKey> keys, List<float[]> features) throws IOException {
        try {
            locked(() -> {
                verify(wholeRecords());
                appendNew(keys, features);
                return null;
            });
        } catch (IOException e) {
            throw new IOException(
                    "cannot write to the feature bank %s (%s): make room and run again, what it holds is kept"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    private void appendNew(List<ViewKey> keys, List<float[]> features) throws IOException {
        ByteBuffer bytes = buffer(keys.size() * recordBytes);
        int added = 0;
        for (int i = 0; i < keys.size(); i++) {
            if (contains(keys.get(i))) {
                continue;
            }
            int offset = added++ * recordBytes;
            keys.get(i).write(bytes, offset);
            for (int j = 0; j < width; j++) {
                int at = offset + ViewKey.BYTES + j * Float.BYTES;
                bytes.putFloat(at, features.get(i)[j]);
            }
            bytes.putInt(offset + recordBytes - Integer.BYTES, checksum(bytes, offset));
        }
        bytes.limit(added * recordBytes);
        write(bytes, position(count));
        for (int i = 0; i < added; i++) {
            records.put(ViewKey.read(bytes, i * recordBytes), count + i);
        }
        count += added;
    }

    /** The number of a view's record. */
    int record(ViewKey key) {
        Integer record = records.get(key);
        if (record == null) {
            throw new IllegalStateException("view " + key + " is not in the bank " + file);
        }
        return record;
    }

    /** The records as they are now. */
    Rows rows() throws IOException {
        return Rows.map(channel, width, recordBytes, count);
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

    /** Closes the file; rows that were mapped stay readable. */
    @Override
    public void close() throws IOException {
        synchronized (BankFile.class) {
            channel.close();
        }
    }

    /**
     * The records of a bank's file, as many as there were when they were mapped, read through a memory
     * map that outlives the file's closing. Whole records never change, so that any thread may read.
     */
    static final class Rows {

        private static final long SEGMENT_BYTES = 1L << 28;

        private final int width;
        private final int recordFloats;
        private final int recordsPerSegment;
        private final FloatBuffer[] segments;

        private Rows(int width, int recordBytes, int recordsPerSegment, FloatBuffer[] segments) {
            this.width = width;
            this.recordFloats = recordBytes / Float.BYTES;
            this.recordsPerSegment = recordsPerSegment;
            this.segments = segments;
        }

        /** Maps the first {@code count} records. */
        static Rows map(FileChannel channel, int width, int recordBytes, int count) throws IOException {
            int each = Math.max(1, (int) (SEGMENT_BYTES / recordBytes));
            FloatBuffer[] segments = new FloatBuffer[(count + each - 1) / each];
            for (int i = 0; i < segments.length; i++) {
                int first = i * each;
                segments[i] = channel.map(
                                FileChannel.MapMode.READ_ONLY,
                                HEADER_BYTES + (long) first * recordBytes,
                                (long) Math.min(each, count - first) * recordBytes)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer();
            }
            return new Rows(width, recordBytes, each, segments);
        }

        /** Copies the features of a record to {@code target} from {@code offset} on. */
        void copy(int record, float[] target, int offset) {
            int at = record % recordsPerSegment * recordFloats + ViewKey.BYTES / Float.BYTES;
            segments[record / recordsPerSegment].get(at, target, offset, width);
        }
    }
}
