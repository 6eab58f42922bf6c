package org.coop4j.weights;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.coop4j.base.FileRegion;
import org.coop4j.base.FileRegion.ChunkConsumer;
import org.coop4j.base.InputException;

/**
 * The directory of a zip file, with the offsets of its entries, which {@code java.util.zip} does not give: tensors are
 * read in place.
 *
 * <p>Format: PKWARE APPNOTE 6.3.9, zip64 included. Sizes come from the central directory, so that entries with data
 * descriptors, as PyTorch writes them, need no special case.
 */
public final class ZipArchive {
    private static final int LOCAL_HEADER = 0x0403_4b50;
    private static final int CENTRAL_HEADER = 0x0201_4b50;
    private static final int END = 0x0605_4b50;
    private static final int ZIP64_END = 0x0606_4b50;
    private static final int ZIP64_LOCATOR = 0x0706_4b50;
    private static final int CENTRAL_BYTES = 46;
    private static final int END_BYTES = 22;
    private static final int MAX_COMMENT = 0xffff;
    private static final int MAX_DIRECTORY = 32 << 20;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final int CHUNK = 1 << 18;
    private static final long IN_ZIP64 = 0xffff_ffffL;

    private final FileRegion file;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * A file in the archive.
     *
     * @param crc CRC-32 of the contents; 0 if not computed
     * @param packed compressed size
     * @param header offset of its local header
     */
    public record Entry(String name, int method, long crc, long packed, long size, long header) {
        /** Returns true if the contents are not compressed. */
        public boolean isStored() {
            return method == STORED;
        }
    }

    private ZipArchive(FileRegion file) {
        this.file = file;
    }

    /** Reads the directory. */
    public static ZipArchive open(FileRegion file) throws IOException {
        ZipArchive archive = new ZipArchive(file);
        archive.readDirectory();
        return archive;
    }

    private void readDirectory() throws IOException {
        FileRegion directory = findDirectory();
        if (directory.length() > MAX_DIRECTORY) {
            throw problem("its directory takes " + directory.length() + " bytes");
        }
        ByteBuffer in = directory.littleEndian();
        while (in.hasRemaining()) {
            Entry entry = readEntry(in);
            if (entries.put(entry.name, entry) != null) {
                throw problem("it has the entry " + entry.name + " twice");
            }
        }
    }

    /** Returns all entries by name, in the order of the directory. */
    public Map<String, Entry> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** Returns the contents of an uncompressed entry in place. */
    public FileRegion stored(Entry entry) throws IOException {
        if (entry.method != STORED || entry.packed != entry.size) {
            throw problem("its entry " + entry.name + " is compressed, and tensors are read in place");
        }
        return packed(entry);
    }

    /**
     * Returns the contents of a small entry, inflated if need be.
     *
     * @param limit largest size accepted
     */
    public byte[] read(Entry entry, int limit) throws IOException {
        if (entry.size > limit || entry.packed > limit) {
            throw problem(
                    "its entry %s takes %d bytes, more than the %d allowed".formatted(entry.name, entry.size, limit));
        }
        ByteBuffer contents = ByteBuffer.allocate((int) entry.size);
        read(entry, contents::put);
        return contents.array();
    }

    /**
     * Passes the contents of an entry on in chunks, inflated if need be.
     *
     * @throws InputException if they do not have the size and checksum that the directory states
     */
    public void read(Entry entry, ChunkConsumer target) throws IOException {
        CRC32 crc = new CRC32();
        byte[] chunk = new byte[CHUNK];
        long left = entry.size;
        Inflater inflater = new Inflater(true);
        try (InputStream in = contents(entry, inflater)) {
            for (int n = in.read(chunk); n >= 0 && left >= 0; n = in.read(chunk)) {
                left -= n;
                if (left >= 0) {
                    crc.update(chunk, 0, n);
                    target.accept(ByteBuffer.wrap(chunk, 0, n));
                }
            }
        } catch (EOFException | ZipException e) {
            throw new InputException(
                    problem("its entry " + entry.name + " cannot be inflated").getMessage(), e);
        } finally {
            inflater.end();
        }
        if (left != 0) {
            throw problem("its entry " + entry.name + " is not of its stated size " + entry.size);
        }
        if (entry.crc != 0 && entry.crc != crc.getValue()) {
            throw problem("the contents of " + entry.name + " differ from their checksum");
        }
    }

    private InputStream contents(Entry entry, Inflater inflater) throws IOException {
        return switch (entry.method) {
            case STORED -> packed(entry).stream();
            case DEFLATED -> new InflaterInputStream(packed(entry).stream(), inflater, CHUNK);
            default ->
                throw problem("its entry %s has the unknown compression method %d".formatted(entry.name, entry.method));
        };
    }

    private FileRegion packed(Entry entry) throws IOException {
        ByteBuffer header =
                slice(entry.header, 30, "the header of " + entry.name).littleEndian();
        if (header.getInt(0) != LOCAL_HEADER) {
            throw problem("its entry " + entry.name + " is not where the directory says");
        }
        return slice(entry.header + 30 + u2(header, 26) + u2(header, 28), entry.packed, entry.name);
    }

    private FileRegion findDirectory() throws IOException {
        int tail = (int) Math.min(file.length(), END_BYTES + MAX_COMMENT);
        long tailStart = file.length() - tail;
        ByteBuffer in = file.slice(tailStart, tail).littleEndian();
        for (int i = tail - END_BYTES; i >= 0; i--) {
            if (in.getInt(i) == END && u2(in, i + 20) == tail - END_BYTES - i) {
                return directory(in, i, tailStart + i);
            }
        }
        throw problem("its directory is missing: the file is truncated");
    }

    /**
     * Returns the directory that an end record names.
     *
     * @param end holds the record at index {@code i}
     * @param endAt offset of the record in the file
     */
    private FileRegion directory(ByteBuffer end, int i, long endAt) throws IOException {
        long size = u4(end, i + 12);
        long start = u4(end, i + 16);
        boolean zip64 = size == IN_ZIP64 || start == IN_ZIP64 || end.getShort(i + 10) == -1;
        if (zip64 && endAt >= 20) {
            ByteBuffer locator = file.slice(endAt - 20, 20).littleEndian();
            if (locator.getInt(0) == ZIP64_LOCATOR) {
                ByteBuffer record =
                        slice(locator.getLong(8), 56, "its zip64 directory").littleEndian();
                if (record.getInt(0) != ZIP64_END) {
                    throw problem("its zip64 directory is not where it should be");
                }
                size = record.getLong(40);
                start = record.getLong(48);
            }
        }
        return slice(start, size, "its directory");
    }

    private Entry readEntry(ByteBuffer in) throws InputException {
        int at = in.position();
        if (in.remaining() < CENTRAL_BYTES || in.getInt(at) != CENTRAL_HEADER) {
            throw problem("its directory is damaged");
        }
        byte[] name = new byte[u2(in, at + 28)];
        int extraBytes = u2(in, at + 30);
        int rest = name.length + extraBytes + u2(in, at + 32); // and the comment
        if (in.remaining() < CENTRAL_BYTES + rest) {
            throw problem("its directory is damaged");
        }
        if ((in.getShort(at + 8) & 1) != 0) {
            throw problem("it is encrypted");
        }
        in.position(at + CENTRAL_BYTES).get(name);
        long[] sizes = {u4(in, at + 24), u4(in, at + 20), u4(in, at + 42)};
        readZip64(in.slice(in.position(), extraBytes).order(ByteOrder.LITTLE_ENDIAN), sizes);
        in.position(at + CENTRAL_BYTES + rest);
        if (sizes[0] < 0 || sizes[1] < 0 || sizes[2] < 0) {
            throw problem("its directory is damaged");
        }
        String text = new String(name, StandardCharsets.UTF_8);
        return new Entry(text, u2(in, at + 10), u4(in, at + 16), sizes[1], sizes[0], sizes[2]);
    }

    /** Replaces size, packed size and offset, in this order, by those in extra field 1 where they did not fit. */
    private static void readZip64(ByteBuffer extra, long[] sizes) {
        while (extra.remaining() >= 4) {
            int id = extra.getShort() & 0xffff;
            int length = Math.min(extra.getShort() & 0xffff, extra.remaining());
            int next = extra.position() + length;
            for (int i = 0; id == 1 && i < sizes.length; i++) {
                if (sizes[i] == IN_ZIP64 && next - extra.position() >= Long.BYTES) {
                    sizes[i] = extra.getLong();
                }
            }
            extra.position(next);
        }
    }

    private FileRegion slice(long start, long size, String what) throws InputException {
        if (start < 0 || size < 0 || start > file.length() - size) {
            throw problem(what + " lies outside the file");
        }
        return file.slice(start, size);
    }

    private static int u2(ByteBuffer in, int at) {
        return in.getShort(at) & 0xffff;
    }

    private static long u4(ByteBuffer in, int at) {
        return Integer.toUnsignedLong(in.getInt(at));
    }

    private InputException problem(String what) {
        return InputException.in(file.file(), "damaged archive: " + what);
    }
}
