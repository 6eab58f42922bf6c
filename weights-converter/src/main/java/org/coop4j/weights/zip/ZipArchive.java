package org.coop4j.weights.zip;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;

/**
 * The directory of a zip file, with the places of its entries in the file, which {@code
 * java.util.zip} does not tell: tensors are read where they lie.
 *
 * <p>Format: PKWARE APPNOTE 6.3.9, zip64 included. Sizes come from the central directory, so that
 * entries with data descriptors, as PyTorch writes them, are no special case.
 */
public final class ZipArchive {
    private static final int LOCAL_HEADER = 0x0403_4b50;
    private static final int CENTRAL_HEADER = 0x0201_4b50;
    private static final int END = 0x0605_4b50;
    private static final int ZIP64_END = 0x0606_4b50;
    private static final int ZIP64_LOCATOR = 0x0706_4b50;
    private static final int END_BYTES = 22;
    private static final int MAX_COMMENT = 0xffff;
    private static final int MAX_DIRECTORY = 32 << 20;
    private static final int STORED = 0;
    private static final int DEFLATED = 8;
    private static final int CHUNK = 1 << 20;

    /** Deflate cannot pack tighter; an entry that says so is damaged or hostile. */
    private static final long MAX_RATIO = 1032;

    private static final long IN_ZIP64 = 0xffff_ffffL;

    private final FileRegion file;
    private final Map<String, Entry> entries;

    /**
     * A file in the archive.
     *
     * @param crc CRC-32 of the contents; 0 means not computed
     * @param header place of its local header
     */
    public record Entry(String name, int method, long crc, long packed, long size, long header) {

        /** Whether its contents lie in the file as they are. */
        public boolean isStored() {
            return method == STORED;
        }
    }

    private ZipArchive(FileRegion file, Map<String, Entry> entries) {
        this.file = file;
        this.entries = entries;
    }

    /** Reads the directory. */
    public static ZipArchive open(FileRegion file) throws IOException {
        FileRegion directory = findDirectory(file);
        if (directory.length() > MAX_DIRECTORY) {
            throw problem(file, "its directory takes " + directory.length() + " bytes");
        }
        ByteBuffer in = littleEndian(directory.bytes());
        Map<String, Entry> entries = new LinkedHashMap<>();
        while (in.hasRemaining()) {
            Entry entry = readEntry(file, in);
            if (entries.put(entry.name, entry) != null) {
                throw problem(file, "it has the entry " + entry.name + " twice");
            }
        }
        return new ZipArchive(file, Collections.unmodifiableMap(entries));
    }

    /** All entries by name, in the order of the directory. */
    public Map<String, Entry> entries() {
        return entries;
    }

    /** Where the contents of an uncompressed entry lie. */
    public FileRegion stored(Entry entry) throws IOException {
        if (entry.method != STORED || entry.packed != entry.size) {
            throw problem(file, "its entry " + entry.name + " is compressed, and tensors are read where they lie");
        }
        return packed(entry);
    }

    /**
     * The contents of a small entry, inflated if need be.
     *
     * @param limit bytes at most, whatever the archive says
     */
    public byte[] read(Entry entry, int limit) throws IOException {
        if (entry.size > limit || entry.packed > limit) {
            throw problem(
                    file,
                    "its entry %s takes %d bytes, more than the %d allowed".formatted(entry.name, entry.size, limit));
        }
        byte[] contents =
                switch (entry.method) {
                    case STORED -> stored(entry).bytes();
                    case DEFLATED -> inflate(entry);
                    default ->
                        throw problem(
                                file,
                                "its entry %s has the unknown compression method %d"
                                        .formatted(entry.name, entry.method));
                };
        CRC32 crc = new CRC32();
        crc.update(contents);
        checkCrc(entry, crc);
        return contents;
    }

    /**
     * Writes the contents of a compressed entry of any size to a file, a chunk at a time.
     *
     * @throws InputException when they are not what the directory says
     */
    public void unpack(Entry entry, Path target) throws IOException {
        FileRegion packed = packed(entry);
        if (entry.method != DEFLATED || entry.size / MAX_RATIO > entry.packed) {
            throw problem(
                    file, "its entry %s cannot unpack %d bytes to %d".formatted(entry.name, entry.packed, entry.size));
        }
        ByteBuffer in = ByteBuffer.allocate(CHUNK);
        byte[] out = new byte[CHUNK];
        CRC32 crc = new CRC32();
        Inflater inflater = new Inflater(true);
        try (OutputStream stream = Files.newOutputStream(target)) {
            long read = 0;
            long done = 0;
            while (!inflater.finished()) {
                if (inflater.needsInput()) {
                    in.clear().limit((int) Math.min(CHUNK, packed.length() - read));
                    packed.read(in, read);
                    read += in.limit();
                    inflater.setInput(in.array(), 0, in.limit());
                }
                int n = inflater.inflate(out);
                done += n;
                if (done > entry.size || (n == 0 && read == packed.length())) {
                    break;
                }
                crc.update(out, 0, n);
                stream.write(out, 0, n);
            }
            if (done != entry.size) {
                throw problem(file, "its entry " + entry.name + " is not of its stated size");
            }
        } catch (DataFormatException e) {
            throw notInflated(entry, e);
        } finally {
            inflater.end();
        }
        checkCrc(entry, crc);
    }

    /**
     * Compares the contents of an uncompressed entry with their checksum.
     *
     * @param progress is told the bytes of each chunk read
     * @throws InputException when they differ: the file is damaged
     */
    public void verify(Entry entry, FileRegion contents, LongConsumer progress) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        CRC32 crc = new CRC32();
        for (long at = 0; at < contents.length(); at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(CHUNK, contents.length() - at));
            contents.read(chunk, at);
            crc.update(chunk.flip());
            progress.accept(chunk.limit());
        }
        checkCrc(entry, crc);
    }

    /** Compares a checksum of an entry's contents with the archive's; 0 there means none. */
    private void checkCrc(Entry entry, CRC32 crc) throws InputException {
        if (entry.crc != 0 && entry.crc != crc.getValue()) {
            throw problem(file, "the contents of " + entry.name + " differ from their checksum");
        }
    }

    private byte[] inflate(Entry entry) throws IOException {
        byte[] packed = packed(entry).bytes();
        byte[] contents = new byte[(int) entry.size];
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(packed);
            int done = 0;
            while (done < contents.length) {
                int n = inflater.inflate(contents, done, contents.length - done);
                if (n == 0) {
                    throw problem(file, "its entry " + entry.name + " is truncated");
                }
                done += n;
            }
            if (inflater.inflate(new byte[1]) > 0) {
                throw problem(file, "its entry " + entry.name + " expands beyond its stated size");
            }
            return contents;
        } catch (DataFormatException e) {
            throw notInflated(entry, e);
        } finally {
            inflater.end();
        }
    }

    private InputException notInflated(Entry entry, DataFormatException e) {
        return new InputException(
                "%s: damaged archive: its entry %s cannot be inflated".formatted(file.file(), entry.name), e);
    }

    private FileRegion packed(Entry entry) throws IOException {
        ByteBuffer header = at(file, entry.header, 30, "the header of " + entry.name);
        if (header.getInt(0) != LOCAL_HEADER) {
            throw problem(file, "its entry " + entry.name + " is not where the directory says");
        }
        long names = (long) (header.getShort(26) & 0xffff) + (header.getShort(28) & 0xffff);
        return slice(file, entry.header + 30 + names, entry.packed, entry.name);
    }

    private static FileRegion findDirectory(FileRegion file) throws IOException {
        int tail = (int) Math.min(file.length(), END_BYTES + MAX_COMMENT);
        long tailStart = file.length() - tail;
        ByteBuffer in = at(file, tailStart, tail, "its end");
        for (int i = tail - END_BYTES; i >= 0; i--) {
            if (in.getInt(i) == END && (in.getShort(i + 20) & 0xffff) == tail - END_BYTES - i) {
                return directory(file, in.slice(i, END_BYTES).order(ByteOrder.LITTLE_ENDIAN), i + tailStart);
            }
        }
        throw problem(file, "its directory is missing: the file is truncated");
    }

    private static FileRegion directory(FileRegion file, ByteBuffer end, long endAt) throws IOException {
        long size = Integer.toUnsignedLong(end.getInt(12));
        long start = Integer.toUnsignedLong(end.getInt(16));
        boolean zip64 = size == IN_ZIP64 || start == IN_ZIP64 || end.getShort(10) == -1;
        if (zip64 && endAt >= 20) {
            ByteBuffer locator = at(file, endAt - 20, 20, "its zip64 locator");
            if (locator.getInt(0) == ZIP64_LOCATOR) {
                ByteBuffer record = at(file, locator.getLong(8), 56, "its zip64 directory");
                if (record.getInt(0) != ZIP64_END) {
                    throw problem(file, "its zip64 directory is not where it should be");
                }
                size = record.getLong(40);
                start = record.getLong(48);
            }
        }
        return slice(file, start, size, "its directory");
    }

    private static Entry readEntry(FileRegion file, ByteBuffer in) throws InputException {
        if (in.remaining() < 46 || in.getInt(in.position()) != CENTRAL_HEADER) {
            throw problem(file, "its directory is damaged");
        }
        ByteBuffer header = in.slice(in.position(), 46).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + 46);
        int nameBytes = header.getShort(28) & 0xffff;
        int extraBytes = header.getShort(30) & 0xffff;
        int commentBytes = header.getShort(32) & 0xffff;
        if (in.remaining() < nameBytes + extraBytes + commentBytes) {
            throw problem(file, "its directory is damaged");
        }
        if ((header.getShort(8) & 1) != 0) {
            throw problem(file, "it is encrypted");
        }
        byte[] name = new byte[nameBytes];
        in.get(name);
        long[] sizes = {
            Integer.toUnsignedLong(header.getInt(24)),
            Integer.toUnsignedLong(header.getInt(20)),
            Integer.toUnsignedLong(header.getInt(42))
        };
        readZip64(in.slice(in.position(), extraBytes).order(ByteOrder.LITTLE_ENDIAN), sizes);
        in.position(in.position() + extraBytes + commentBytes);
        if (sizes[0] < 0 || sizes[1] < 0 || sizes[2] < 0) {
            throw problem(file, "its directory is damaged");
        }
        return new Entry(
                new String(name, StandardCharsets.UTF_8),
                header.getShort(10) & 0xffff,
                Integer.toUnsignedLong(header.getInt(16)),
                sizes[1],
                sizes[0],
                sizes[2]);
    }

    /** Extra field 1 has, in this order, those of size, packed size and place that did not fit. */
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

    private static ByteBuffer at(FileRegion file, long start, int size, String what) throws IOException {
        return littleEndian(slice(file, start, size, what).bytes());
    }

    private static FileRegion slice(FileRegion file, long start, long size, String what) throws InputException {
        if (start < 0 || size < 0 || start > file.length() - size) {
            throw problem(file, what + " lies outside the file");
        }
        return file.slice(start, size);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static InputException problem(FileRegion file, String what) {
        return InputException.in(file.file(), "damaged archive: " + what);
    }
}
