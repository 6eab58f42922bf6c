package org.coop4j.weights.torch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Puts archives together as PyTorch has them, or nearly so. */
public final class TorchZip {
    private final Map<String, byte[]> stored = new LinkedHashMap<>();
    private final Map<String, byte[]> deflated = new LinkedHashMap<>();

    /** An uncompressed entry of the folder {@code m/}. */
    public TorchZip store(String name, byte[] contents) {
        stored.put("m/" + name, contents);
        return this;
    }

    /** A compressed entry, which Java writes with a data descriptor. */
    TorchZip deflate(String name, byte[] contents) {
        deflated.put("m/" + name, contents);
        return this;
    }

    /** An uncompressed entry of float32 numbers. */
    TorchZip floats(String name, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return store(name, bytes.array());
    }

    TorchZip store(String name, String contents) {
        return store(name, contents.getBytes(UTF_8));
    }

    /** Writes the archive. */
    public Path write(Path file) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, byte[]> entry : stored.entrySet()) {
                ZipEntry header = new ZipEntry(entry.getKey());
                header.setMethod(ZipEntry.STORED);
                header.setSize(entry.getValue().length);
                header.setCrc(crc(entry.getValue()));
                zip.putNextEntry(header);
                zip.write(entry.getValue());
            }
            for (Map.Entry<String, byte[]> entry : deflated.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue());
            }
        }
        return file;
    }

    /** The stored entries as an archive whose every size and place is in zip64 fields. */
    byte[] zip64() {
        ByteBuffer out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer directory = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (Map.Entry<String, byte[]> entry : stored.entrySet()) {
            byte[] name = entry.getKey().getBytes(UTF_8);
            byte[] contents = entry.getValue();
            int at = out.position();
            // Bit 3 of the flags: sizes follow the contents in a data descriptor.
            out.putInt(0x0403_4b50).putShort((short) 45).putShort((short) 8).putShort((short) 0);
            out.putInt(0).putInt(0).putInt(-1).putInt(-1);
            out.putShort((short) name.length).putShort((short) 0).put(name).put(contents);
            out.putInt(0x0807_4b50).putInt((int) crc(contents));
            out.putLong(contents.length).putLong(contents.length);
            directory.putInt(0x0201_4b50).putInt(45 << 16 | 45).putShort((short) 8);
            directory.putShort((short) 0).putInt(0).putInt((int) crc(contents));
            directory.putInt(-1).putInt(-1);
            directory.putShort((short) name.length).putShort((short) 28).putShort((short) 0);
            directory
                    .putShort((short) 0)
                    .putShort((short) 0)
                    .putInt(0)
                    .putInt(-1)
                    .put(name);
            directory.putShort((short) 1).putShort((short) 24);
            directory.putLong(contents.length).putLong(contents.length).putLong(at);
        }
        long start = out.position();
        out.put(directory.flip());
        long end = out.position();
        out.putInt(0x0606_4b50).putLong(44).putInt(45 << 16 | 45).putInt(0).putInt(0);
        out.putLong(stored.size()).putLong(stored.size()).putLong(end - start).putLong(start);
        out.putInt(0x0706_4b50).putInt(0).putLong(end).putInt(1);
        out.putInt(0x0605_4b50).putInt(0).putInt(-1).putInt(-1).putInt(-1).putShort((short) 0);
        byte[] bytes = new byte[out.position()];
        out.get(0, bytes);
        return bytes;
    }

    private static long crc(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return crc.getValue();
    }
}
