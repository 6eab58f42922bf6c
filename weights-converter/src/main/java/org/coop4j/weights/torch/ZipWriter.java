package org.coop4j.weights.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;

/** Writes a zip archive of uncompressed entries, each aligned by padding in its extra field. */
final class ZipWriter {
    /** Contents begin at multiples of this in the file, as PyTorch has them, to be mapped. */
    private static final int ALIGNMENT = 64;

    /** Beyond these a zip file needs the zip64 form, which is not written here. */
    private static final long MAX_BYTES = 0xffff_0000L;

    private static final int MAX_ENTRIES = 0xfff0;
    private static final int LOCAL = 30;
    private static final int CENTRAL = 46;
    private static final int DATE_1980 = 0x21;

    private final AtomicFile file;
    private final List<ByteBuffer> directory = new ArrayList<>();
    private long at;

    ZipWriter(AtomicFile file) {
        this.file = file;
    }

    void add(String name, ByteBuffer contents) throws IOException {
        byte[] nameBytes = name.getBytes(StandardCharsets.US_ASCII);
        int size = contents.remaining();
        if (at + size > MAX_BYTES || directory.size() == MAX_ENTRIES) {
            throw InputException.in(file.target(), "would exceed 4 GB or 65,520 entries");
        }
        CRC32 crc = new CRC32();
        crc.update(contents.duplicate());
        int padding = padding(at + LOCAL + nameBytes.length);
        ByteBuffer local = buffer(LOCAL + nameBytes.length + padding);
        local.putInt(0x0403_4b50);
        fields(local, crc, size, nameBytes.length);
        local.putShort((short) padding).put(nameBytes);
        // "FB" is the extra field in which PyTorch pads.
        local.put((byte) 'F').put((byte) 'B').putShort((short) (padding - 4));
        local.position(0);
        ByteBuffer central = buffer(CENTRAL + nameBytes.length);
        central.putInt(0x0201_4b50).putShort((short) 0);
        fields(central, crc, size, nameBytes.length);
        central.position(42);
        central.putInt((int) at).put(nameBytes).flip();
        directory.add(central);
        int header = local.remaining();
        file.write(local, at);
        file.write(contents, at + header);
        at += header + (long) size;
    }

    void finish() throws IOException {
        long start = at;
        for (ByteBuffer entry : directory) {
            int bytes = entry.remaining();
            file.write(entry, at);
            at += bytes;
        }
        ByteBuffer end = buffer(22);
        end.putInt(0, 0x0605_4b50);
        end.putShort(8, (short) directory.size());
        end.putShort(10, (short) directory.size());
        end.putInt(12, (int) (at - start));
        end.putInt(16, (int) start);
        file.write(end, at);
    }

    /** The fields that both headers share: version to name length. */
    private static void fields(ByteBuffer header, CRC32 crc, int size, int nameLength) {
        header.putShort((short) 20).putShort((short) 0).putShort((short) 0);
        header.putShort((short) 0).putShort((short) DATE_1980);
        header.putInt((int) crc.getValue()).putInt(size).putInt(size);
        header.putShort((short) nameLength);
    }

    private static int padding(long unpadded) {
        int needed = (int) (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT;
        return needed < 4 ? needed + ALIGNMENT : needed;
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
