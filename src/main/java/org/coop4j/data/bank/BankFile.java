package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.base.Log;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.graph.host.Precision;
import org.coop4j.weights.HalfFloats;
import org.slf4j.Logger;

/**
 * Features of image views in one file, appended as they are computed and read through a memory map.
 *
 * <p>The file is a header with its {@link Key}, followed by records of one size: key, features, checksum. Features are
 * float32, tokens float16. A process
 * killed at any moment leaves an incomplete last record at worst; opening the bank checks every record, so that a damaged
 * one is computed again and never used.
 *
 * <p>Any number of processes may have a bank open. The file is locked only while its end is read or records are appended;
 * complete records never change, and are read without a lock. Records of other processes become visible when the bank is
 * opened and when it appends. One thread at a time.
 */
final class BankFile implements AutoCloseable {

    private static final Logger log = Log.of(BankFile.class);

    /** The byte that is locked, beyond all data: on Windows a locked byte cannot be read. */
    private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

    private static final int HEADER_BYTES = 512;
    private static final long SEGMENT_BYTES = 1L << 28;
    private static final String MAGIC = "coop4j feature bank 1\n";

    /**
     * Everything besides the image and the view that determines the rows of a bank.
     *
     * @param weights SHA-256 of the model file, in hexadecimal
     * @param transform name of the transform, such as {@code test-224}
     * @param kind the row of the image tower
     * @param precision precision of the products
     * @param width length of a row
     */
    record Key(String weights, String transform, FeatureKind kind, Precision precision, int width) {

        /** Returns the bank's file below a folder. */
        Path file(Path folder) {
            String name = String.join(".", parts());
            return folder.resolve(weights.substring(0, 16)).resolve(name + ".bank");
        }

        /** Returns the transform, the kind unless it is an embedding, and the precision unless it is float32. */
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

        /** Returns true if rows are float16: the tokens of a view are some hundred thousand numbers. */
        boolean isHalf() {
            return kind instanceof FeatureKind.Tokens;
        }

        /** Returns the first bytes of the file. */
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
     * A view of an image's content: the first 16 bytes of a SHA-256.
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
    private final boolean writable;
    private final int width;
    private final boolean half;
    private final int recordBytes;
    private final Map<ViewKey, Integer> records = new HashMap<>();

    /** Number of records that are known, including damaged ones. */
    private int count;

    private BankFile(Path file, FileChannel channel, boolean writable, Key key) {
        this.file = file;
        this.channel = channel;
        this.writable = writable;
        this.width = key.width();
        this.half = key.isHalf();
        int floats = half ? (width + 1) / 2 : width; // as much room
        this.recordBytes = ViewKey.BYTES + floats * Float.BYTES + Integer.BYTES;
    }

    /**
     * Opens a bank under {@code folder}, creating it if necessary; one that cannot be written is only read.
     *
     * @throws IOException if it cannot be opened, or the file is another bank
     */
    static BankFile open(Path folder, Key key) throws IOException {
        Path file = key.file(folder);
        FileChannel channel;
        try {
            Files.createDirectories(file.getParent());
            channel = OpenFile.channel(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            if (Files.isRegularFile(file) && Files.isReadable(file)) {
                return openToRead(file, key);
            }
            throw new IOException(
                    "cannot open the feature bank %s (%s): choose a bank folder that you may write to"
                            .formatted(file, InputException.reason(e)),
                    e);
        }
        return open(new BankFile(file, channel, true, key), key);
    }

    /** Opens a bank that cannot be written. */
    static BankFile openToRead(Path file, Key key) throws IOException {
        return open(new BankFile(file, OpenFile.channel(file, StandardOpenOption.READ), false, key), key);
    }

    private static BankFile open(BankFile bank, Key key) throws IOException {
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

    /**
     * Waits for exclusive access to the file. A lock belongs to the whole process, and closing any channel of the file
     * releases it: this process uses one bank at a time, including {@link #close}. A bank that cannot be written cannot
     * be locked; its complete records never change.
     */
    private int locked(IoSupplier<Integer> work) throws IOException {
        if (!writable) {
            return work.get();
        }
        synchronized (BankFile.class) {
            FileLock lock = lock();
            try {
                return work.get();
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
                    "cannot lock the feature bank %s (%s): choose a bank folder on another disk"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    private void readHeader(byte[] expected) throws IOException {
        if (readable(channel::size) < expected.length && writable) {
            channel.truncate(0);
            OpenFile.write(channel, ByteBuffer.wrap(expected), 0);
            return;
        }
        ByteBuffer found = ByteBuffer.allocate(expected.length);
        read(found, 0);
        if (!Arrays.equals(found.array(), expected)) {
            throw new IOException(
                    file + " is not the feature bank of this model and transform (has the model changed?):"
                            + " delete it, or choose another bank folder");
        }
    }

    /** Returns the number of complete records, cutting off an incomplete one that a killed process left. */
    private int wholeRecords() throws IOException {
        int whole = Math.toIntExact((readable(channel::size) - HEADER_BYTES) / recordBytes);
        if (writable) {
            channel.truncate(position(whole));
        }
        return whole;
    }

    private long position(int record) {
        return HEADER_BYTES + (long) record * recordBytes;
    }

    /** Reads the records up to {@code whole} that are not yet known, skipping damaged ones. */
    private void verify(int whole) throws IOException {
        int most = Math.max(1, (1 << 20) / recordBytes);
        ByteBuffer chunk = buffer(most * recordBytes);
        int damaged = 0;
        while (count < whole) {
            int n = Math.min(whole - count, most);
            chunk.clear().limit(n * recordBytes);
            read(chunk, position(count));
            for (int i = 0; i < n; i++) {
                int offset = i * recordBytes;
                if (checksum(chunk, offset) == chunk.getInt(offset + recordBytes - Integer.BYTES)) {
                    records.put(ViewKey.read(chunk, offset), count + i);
                } else {
                    damaged++;
                }
            }
            count += n;
        }
        if (damaged > 0) {
            log.warn("{}: {} of {} views are damaged and will be computed again", file, damaged, count);
        }
    }

    private int checksum(ByteBuffer records, int offset) {
        CRC32C crc = new CRC32C();
        crc.update(records.duplicate().position(offset).limit(offset + recordBytes - 4));
        return (int) crc.getValue();
    }

    /** Returns the number of views in the bank. */
    int size() {
        return records.size();
    }

    /** Returns the bytes of a view. */
    int recordBytes() {
        return recordBytes;
    }

    /** Returns the length of a row. */
    int width() {
        return width;
    }

    boolean contains(ViewKey key) {
        return records.containsKey(key);
    }

    /**
     * Appends the features of views that the bank lacks, unless another process has appended them. They survive a kill of
     * the process once this returns.
     *
     * @param features a row for each key; null for a view without features
     * @throws IOException if they cannot be written, as on a full disk; the bank keeps its contents
     */
    void append(List<ViewKey> keys, List<float[]> features) throws IOException {
        if (!writable && features.stream().anyMatch(Objects::nonNull)) {
            throw new IOException("the feature bank " + file
                    + " lacks features and cannot be written: choose a bank folder that you may write to");
        }
        try {
            locked(() -> {
                verify(wholeRecords());
                appendNew(keys, features);
                return count;
            });
        } catch (IOException e) {
            throw new IOException(
                    "cannot write to the feature bank %s (%s): make room and run again; its contents are kept"
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    private void appendNew(List<ViewKey> keys, List<float[]> features) throws IOException {
        ByteBuffer bytes = buffer(keys.size() * recordBytes);
        int added = 0;
        for (int i = 0; i < keys.size(); i++) {
            if (features.get(i) == null || contains(keys.get(i))) {
                continue;
            }
            int offset = added++ * recordBytes;
            keys.get(i).write(bytes, offset);
            int at = offset + ViewKey.BYTES;
            for (int j = 0; j < width; j++) {
                if (half) {
                    bytes.putShort(at + j * Short.BYTES, HalfFloats.toHalf(features.get(i)[j]));
                } else {
                    bytes.putFloat(at + j * Float.BYTES, features.get(i)[j]);
                }
            }
            bytes.putInt(offset + recordBytes - Integer.BYTES, checksum(bytes, offset));
        }
        OpenFile.write(channel, bytes.limit(added * recordBytes), position(count));
        for (int i = 0; i < added; i++) {
            records.put(ViewKey.read(bytes, i * recordBytes), count + i);
        }
        count += added;
    }

    /** Returns the number of each view's record. */
    Map<ViewKey, Integer> records() {
        return Collections.unmodifiableMap(records);
    }

    /** Returns the number of a view's record. */
    int record(ViewKey key) {
        Integer record = records.get(key);
        if (record == null) {
            throw new IllegalStateException("view " + key + " is not in the bank " + file);
        }
        return record;
    }

    /** Returns the current records. */
    Rows rows() throws IOException {
        int each = Math.max(1, (int) (SEGMENT_BYTES / recordBytes));
        ByteBuffer[] segments = new ByteBuffer[(count + each - 1) / each];
        for (int i = 0; i < segments.length; i++) {
            int first = i * each;
            long bytes = (long) Math.min(each, count - first) * recordBytes;
            segments[i] = readable(() -> channel.map(FileChannel.MapMode.READ_ONLY, position(first), bytes))
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
        return half
                ? new Halves(
                        width,
                        recordBytes / Short.BYTES,
                        each,
                        Stream.of(segments).map(ByteBuffer::asShortBuffer).toArray(ShortBuffer[]::new))
                : new Floats(
                        width,
                        recordBytes / Float.BYTES,
                        each,
                        Stream.of(segments).map(ByteBuffer::asFloatBuffer).toArray(FloatBuffer[]::new));
    }

    /** Does some reading; its failures name the file. */
    private <T> T readable(IoSupplier<T> read) throws IOException {
        try {
            return read.get();
        } catch (IOException e) {
            throw new IOException(
                    "cannot read the feature bank %s (%s): run again, or choose another bank folder"
                            .formatted(
                                    file, e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()),
                    e);
        }
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void read(ByteBuffer target, long position) throws IOException {
        while (target.hasRemaining()) {
            long at = position;
            int n = readable(() -> channel.read(target, at));
            if (n < 0) {
                throw new IOException(file + " ends at byte " + position);
            }
            position += n;
        }
    }

    /** Closes the file; rows that were mapped remain readable. */
    @Override
    public void close() throws IOException {
        synchronized (BankFile.class) {
            channel.close();
        }
    }

    /**
     * The records of a bank's file at the time of mapping, read through a memory map that remains valid when the file is
     * closed. Complete records never change, so that any thread may read.
     */
    sealed interface Rows {

        /** Copies the features of a record to {@code target} starting at {@code offset}. */
        void copy(int record, float[] target, int offset);
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Floats(int width, int recordFloats, int recordsPerSegment, FloatBuffer[] segments) implements Rows {

        @Override
        public void copy(int record, float[] target, int offset) {
            int at = record % recordsPerSegment * recordFloats + ViewKey.BYTES / Float.BYTES;
            segments[record / recordsPerSegment].get(at, target, offset, width);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Halves(int width, int recordHalves, int recordsPerSegment, ShortBuffer[] segments) implements Rows {

        @Override
        public void copy(int record, float[] target, int offset) {
            int at = record % recordsPerSegment * recordHalves + ViewKey.BYTES / Short.BYTES;
            ShortBuffer segment = segments[record / recordsPerSegment];
            for (int i = 0; i < width; i++) {
                target[offset + i] = HalfFloats.fromHalf(segment.get(at + i));
            }
        }
    }
}
