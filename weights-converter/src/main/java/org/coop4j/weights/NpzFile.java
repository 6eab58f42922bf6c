package org.coop4j.weights;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Require;

/**
 * An open {@code .npz} file of NumPy: a zip archive with one array per entry. Arrays of Python objects
 * are refused, so that nothing is executed.
 *
 * <p>An array of strings is read as their code points, [strings, longest], padded with zeros. Compressed arrays are
 * unpacked into temporary files, which are deleted when the file is closed.
 */
public final class NpzFile implements Closeable {
    private static final String SUFFIX = ".npy";

    /** NumPy itself reads no more of an untrusted file. */
    private static final int MAX_HEADER = 10_000;

    private static final int MAX_ARRAYS = 4_096;
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final Pattern HEADER =
            Pattern.compile("\\{\\s*'descr':\\s*'([^']{1,20})',\\s*'fortran_order':\\s*(True|False),"
                    + "\\s*'shape':\\s*\\(([\\d, ]*)\\),?\\s*\\}\\s*");

    private final OpenFile source;
    private final Map<String, TensorView> arrays = new LinkedHashMap<>();
    private final Map<OpenFile, Path> unpacked = new LinkedHashMap<>();

    private NpzFile(OpenFile source) {
        this.source = source;
    }

    /**
     * Opens a file and reads the headers of all arrays.
     *
     * @param mostUnpacked largest total size of compressed arrays once unpacked
     * @throws InputException if it is not such an archive, damaged, or too large
     */
    public static NpzFile open(Path path, long mostUnpacked) throws IOException {
        NpzFile file = new NpzFile(OpenFile.open(path));
        try {
            ZipArchive archive = ZipArchive.open(file.source.region());
            InputException.require(
                    archive.entries().size() <= MAX_ARRAYS, "%s has more than %s arrays", path, MAX_ARRAYS);
            file.requireRoom(archive, mostUnpacked);
            for (ZipArchive.Entry entry : archive.entries().values()) {
                if (!entry.name().endsWith(SUFFIX)) {
                    throw InputException.in(path, "its entry " + entry.name() + " is not a NumPy array");
                }
                String name = entry.name().substring(0, entry.name().length() - SUFFIX.length());
                file.arrays.put(name, array(name, file.contents(archive, entry)));
            }
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Checks the stated sizes before anything is unpacked; no more than what they state is written. */
    private void requireRoom(ZipArchive archive, long mostUnpacked) throws InputException {
        long left = mostUnpacked;
        for (ZipArchive.Entry entry : archive.entries().values()) {
            left -= entry.isStored() ? 0 : entry.size();
            if (left < 0) {
                throw InputException.in(
                        source.path(),
                        "its arrays unpack to more than the %d MB allowed: use numpy.savez, which does not compress, or give Java more memory"
                                .formatted(mostUnpacked >> 20));
            }
        }
    }

    private FileRegion contents(ZipArchive archive, ZipArchive.Entry entry) throws IOException {
        if (entry.isStored()) {
            archive.read(entry, chunk -> {}); // compares the checksum
            return archive.stored(entry);
        }
        Path file = Files.createTempFile("coop4j-", SUFFIX);
        try {
            long room = Files.getFileStore(file).getUsableSpace();
            if (entry.size() > room) {
                throw InputException.in(
                        source.path(),
                        "its entry %s unpacks to %d bytes, and %s has room for %d: use numpy.savez, which does not compress"
                                .formatted(entry.name(), entry.size(), file.getParent(), room));
            }
            try (WritableByteChannel target = Files.newByteChannel(file, StandardOpenOption.WRITE)) {
                archive.read(entry, target::write);
            }
            OpenFile open = OpenFile.open(file);
            unpacked.put(open, file);
            return open.region();
        } catch (IOException | RuntimeException e) {
            Files.delete(file);
            throw e;
        }
    }

    /** Reads the header of an array (NumPy Enhancement Proposal 1, versions 1 to 3 of the format). */
    private static TensorView array(String name, FileRegion file) throws IOException {
        byte[] start = file.slice(0, Math.min(12, file.length())).bytes();
        if (start.length < 12 || !Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw problem(file, name, "is not in NumPy's format");
        }
        ByteBuffer prefix = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
        boolean first = start[6] == 1;
        long length = first ? prefix.getShort(8) & 0xffff : Integer.toUnsignedLong(prefix.getInt(8));
        int from = first ? 10 : 12;
        if (length > MAX_HEADER || length > file.length() - from) {
            throw problem(file, name, "has a header of " + length + " bytes");
        }
        String literal = new String(file.slice(from, length).bytes(), StandardCharsets.ISO_8859_1);
        Matcher header = HEADER.matcher(literal);
        if (!header.matches()) {
            throw problem(file, name, "does not have the header of a plain array: " + literal.strip());
        }
        long begin = from + length;
        try {
            return array(name, file.slice(begin, file.length() - begin), header);
        } catch (IllegalArgumentException e) {
            throw new InputException("%s: array %s: %s".formatted(file.file(), name, e.getMessage()), e);
        }
    }

    private static TensorView array(String name, FileRegion elements, Matcher header) throws InputException {
        String descriptor = header.group(1);
        List<Long> dims = dims(header.group(3));
        boolean strings = descriptor.matches("<U\\d{1,6}");
        if (strings) {
            dims.add(Long.parseLong(descriptor.substring(2)));
        }
        DType dtype = DType.ofNumPy(strings ? "<u4" : descriptor)
                .orElseThrow(() -> problem(
                        elements,
                        name,
                        descriptor.equals("|O")
                                ? "holds Python objects, which are never loaded"
                                : "has elements of type " + descriptor
                                        + ": expected little-endian numbers or strings"));
        Shape shape = new Shape(dims);
        boolean columnMajor = header.group(2).equals("True") && dims.size() > 1;
        if (columnMajor && strings) {
            throw problem(elements, name, "has strings in column-major order");
        }
        if (shape.bytes(dtype) != elements.length()) {
            throw problem(
                    elements,
                    name,
                    "of shape %s takes %d bytes, and %d are there"
                            .formatted(shape, shape.bytes(dtype), elements.length()));
        }
        long[] strides = shape.rowMajorStrides();
        long step = 1;
        for (int axis = 0; columnMajor && axis < strides.length; axis++) {
            strides[axis] = step;
            step *= Math.max(1, shape.dim(axis));
        }
        return TensorView.strided(name, dtype, shape, elements, 0, strides);
    }

    private static List<Long> dims(String text) {
        List<Long> dims = new ArrayList<>();
        for (String dim : text.split(",", -1)) {
            if (!dim.isBlank()) {
                Require.that(dim.strip().matches("\\d{1,18}"), "not a shape: (%s)", text);
                dims.add(Long.parseLong(dim.strip()));
            }
        }
        return dims;
    }

    private static InputException problem(FileRegion array, String name, String what) {
        return InputException.in(array.file(), "array " + name + " " + what);
    }

    /** Returns the arrays by name, in the order of the archive. */
    public Map<String, TensorView> arrays() {
        return Collections.unmodifiableMap(arrays);
    }

    /** Returns the open file. */
    public OpenFile source() {
        return source;
    }

    @Override
    public void close() throws IOException {
        for (Map.Entry<OpenFile, Path> one : unpacked.entrySet()) {
            one.getKey().close();
            Files.deleteIfExists(one.getValue());
        }
        unpacked.clear();
        source.close();
    }
}
