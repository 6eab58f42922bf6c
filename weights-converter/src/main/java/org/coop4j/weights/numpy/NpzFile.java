package org.coop4j.weights.numpy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.zip.ZipArchive;

/**
 * An open {@code .npz} file of NumPy: a zip archive with an array an entry. Nothing in it is
 * executed: arrays of Python objects are refused.
 *
 * <p>An array of texts is one of their code points, [texts, longest], filled up with zeros.
 * Compressed arrays are unpacked into temporary files, which go with the file's closing.
 */
public final class NpzFile implements Closeable {

    private static final String SUFFIX = ".npy";

    private final OpenFile source;
    private final long mostUnpacked;
    private final Map<String, TensorView> arrays = new LinkedHashMap<>();
    private final Map<OpenFile, Path> unpacked = new LinkedHashMap<>();

    private NpzFile(OpenFile source, long mostUnpacked) {
        this.source = source;
        this.mostUnpacked = mostUnpacked;
    }

    /**
     * Reads the headers of all arrays of an open file, which is closed with what is returned or if
     * that fails.
     *
     * @param mostUnpacked bytes that compressed arrays may have when they are unpacked, all
     *     together
     * @throws InputException when it is no such archive, or damaged, or too large
     */
    public static NpzFile of(OpenFile source, long mostUnpacked) throws IOException {
        NpzFile file = new NpzFile(source, mostUnpacked);
        try {
            file.read();
            return file;
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Opens a file; what {@link #of} says holds. */
    public static NpzFile open(Path file, long mostUnpacked) throws IOException {
        return of(OpenFile.open(file), mostUnpacked);
    }

    private void read() throws IOException {
        ZipArchive archive = ZipArchive.open(source.region());
        requireRoom(archive);
        for (ZipArchive.Entry entry : archive.entries().values()) {
            if (!entry.name().endsWith(SUFFIX)) {
                throw InputException.in(source.path(), "its entry " + entry.name() + " is no array of NumPy");
            }
            String name = entry.name().substring(0, entry.name().length() - SUFFIX.length());
            FileRegion region = region(archive, entry);
            NpyHeader header = NpyHeader.read(name, region);
            long length;
            try {
                length = header.shape().bytes(header.dtype());
            } catch (IllegalArgumentException e) {
                throw NpyHeader.problem(region, name, "of " + header.shape() + " is too large");
            }
            if (length != region.length() - header.bytes()) {
                throw NpyHeader.problem(
                        region,
                        name,
                        "of shape %s takes %d bytes, and %d are there"
                                .formatted(header.shape(), length, region.length() - header.bytes()));
            }
            arrays.put(
                    name,
                    TensorView.strided(
                            name,
                            header.dtype(),
                            header.shape(),
                            region.slice(header.bytes(), length),
                            0,
                            header.strides()));
        }
    }

    /** Before anything is unpacked; what is unpacked has the size that the archive states. */
    private void requireRoom(ZipArchive archive) throws InputException {
        long left = mostUnpacked;
        for (ZipArchive.Entry entry : archive.entries().values()) {
            left -= entry.isStored() ? 0 : entry.size();
            if (left < 0) {
                throw InputException.in(
                        source.path(),
                        "its arrays unpack to more than the %d MB that are allowed here: save it with numpy.savez, which does not compress, or give Java more memory"
                                .formatted(mostUnpacked >> 20));
            }
        }
    }

    private FileRegion region(ZipArchive archive, ZipArchive.Entry entry) throws IOException {
        if (entry.isStored()) {
            FileRegion contents = archive.stored(entry);
            archive.verify(entry, contents, bytes -> {});
            return contents;
        }
        Path file = Files.createTempFile("coop4j-", SUFFIX);
        try {
            long room = Files.getFileStore(file).getUsableSpace();
            if (entry.size() > room) {
                throw InputException.in(
                        source.path(),
                        "its entry %s unpacks to %d bytes, and %s has room for %d: save it with numpy.savez, which does not compress"
                                .formatted(entry.name(), entry.size(), file.getParent(), room));
            }
            archive.unpack(entry, file);
            OpenFile open = OpenFile.open(file);
            unpacked.put(open, file);
            return open.region();
        } catch (IOException | RuntimeException e) {
            Files.delete(file);
            throw e;
        }
    }

    /** The arrays by name, in the order of the archive. */
    public Map<String, TensorView> arrays() {
        return new LinkedHashMap<>(arrays);
    }

    /** SHA-256 of the whole file that is open, in hexadecimal. */
    public String sha256() throws IOException {
        return source.sha256(bytes -> {});
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
