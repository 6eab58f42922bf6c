package org.coop4j.weights.torch;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.weights.pickle.PickleInput;
import org.coop4j.weights.pickle.Unpickler;
import org.coop4j.weights.pickle.Unpickler.Limits;
import org.coop4j.weights.zip.ZipArchive;

/**
 * An open PyTorch file: the tree of objects that was saved, with tensors that are read when asked
 * for. Nothing in the file is executed; objects of unknown classes are inert.
 *
 * <pre>{@code
 * try (TorchFile file = TorchFile.open(path)) {
 *     float[] bias = file.stateDict().get("ln_final.bias").floats();
 * }
 * }</pre>
 */
public final class TorchFile implements Closeable {
    private static final int ZIP_MAGIC = 0x504b_0304;

    /** How the file is laid out. */
    public enum Form {
        /** A zip file with code beside the tensors, from {@code torch.jit.save}. */
        TORCHSCRIPT,
        /** A zip file, from {@code torch.save} since PyTorch 1.6. */
        ZIP,
        /** Pickles and storages in a row, from {@code torch.save} before PyTorch 1.6. */
        LEGACY
    }

    private final OpenFile source;
    private final Form form;
    private final Object root;
    private final List<CheckedEntry> checked;

    private record CheckedEntry(ZipArchive archive, ZipArchive.Entry entry, FileRegion region) {}

    private TorchFile(OpenFile source, Form form, Object root, List<CheckedEntry> checked) {
        this.source = source;
        this.form = form;
        this.root = root;
        this.checked = checked;
    }

    /** Opens a file with the default limits. */
    public static TorchFile open(Path path) throws IOException {
        return open(path, Limits.DEFAULT);
    }

    /**
     * Opens a file of any of the three forms, told apart by content, and reads its pickle.
     *
     * @throws InputException when there is no such file, it is none of PyTorch's, it is damaged,
     *     or it exceeds the limits
     */
    public static TorchFile open(Path path, Limits limits) throws IOException {
        return of(OpenFile.open(path), limits);
    }

    /**
     * Reads the pickle of an open file, which is closed with what is returned or if that fails.
     *
     * @throws InputException when it is none of PyTorch's, it is damaged, or it exceeds the
     *     limits
     */
    public static TorchFile of(OpenFile source, Limits limits) throws IOException {
        try {
            return read(source.region(), limits);
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /** Whether the first bytes of a file are those of a zip archive or of a pickle. */
    public static boolean looksLike(byte[] firstBytes) {
        return isZip(firstBytes) || isPickle(firstBytes);
    }

    private static TorchFile read(FileRegion file, Limits limits) throws IOException {
        byte[] firstBytes = file.slice(0, Math.min(4, file.length())).bytes();
        if (isZip(firstBytes)) {
            return readArchive(file, limits);
        }
        if (isPickle(firstBytes)) {
            Object root = LegacyReader.read(file, limits);
            return new TorchFile(file.source(), Form.LEGACY, root, List.of());
        }
        throw InputException.in(file.file(), "not a PyTorch file: it is neither a zip archive nor a pickle");
    }

    private static boolean isZip(byte[] bytes) {
        return bytes.length >= 4 && ByteBuffer.wrap(bytes).getInt(0) == ZIP_MAGIC;
    }

    private static boolean isPickle(byte[] bytes) {
        return bytes.length >= 2 && bytes[0] == (byte) 0x80 && bytes[1] >= 1 && bytes[1] <= 5;
    }

    private static TorchFile readArchive(FileRegion file, Limits limits) throws IOException {
        ZipArchive archive = ZipArchive.open(file);
        String folder = rootFolder(file.file(), archive);
        checkByteOrder(file.file(), archive, folder);
        List<CheckedEntry> checked = new ArrayList<>();
        TorchBindings bindings = new TorchBindings(file.file(), storage -> {
            ZipArchive.Entry entry = archive.entries().get(folder + "data/" + storage.key());
            FileRegion region = locate(file.file(), archive, entry, storage);
            checked.add(new CheckedEntry(archive, entry, region));
            return region.slice(0, storage.bytes());
        });
        ZipArchive.Entry pickle = archive.entries().get(folder + "data.pkl");
        byte[] bytes = archive.read(pickle, limits.maxBytes());
        Object root = Unpickler.read(PickleInput.of(file.file(), bytes), limits, bindings);
        boolean script = archive.entries().containsKey(folder + "constants.pkl");
        Form form = script ? Form.TORCHSCRIPT : Form.ZIP;
        return new TorchFile(file.source(), form, root, checked);
    }

    private static FileRegion locate(Path file, ZipArchive archive, ZipArchive.Entry entry, Storage storage)
            throws IOException {
        if (entry == null) {
            throw InputException.in(file, "storage " + storage.key() + " is not in the file");
        }
        FileRegion region = archive.stored(entry);
        if (region.length() < storage.bytes()) {
            throw InputException.in(
                    file,
                    "storage %s has %d bytes where its %d elements need %d"
                            .formatted(storage.key(), region.length(), storage.elements(), storage.bytes()));
        }
        return region;
    }

    /** The one folder at the archive's top, with its slash. */
    private static String rootFolder(Path file, ZipArchive archive) throws InputException {
        List<String> folders = archive.entries().keySet().stream()
                .filter(name -> name.matches("[^/]+/data\\.pkl"))
                .map(name -> name.substring(0, name.length() - "data.pkl".length()))
                .toList();
        if (folders.size() != 1) {
            throw InputException.in(file, "a zip archive, but not one of PyTorch's: it needs one data.pkl");
        }
        return folders.get(0);
    }

    private static void checkByteOrder(Path file, ZipArchive archive, String folder) throws IOException {
        Optional<ZipArchive.Entry> entry = Optional.ofNullable(archive.entries().get(folder + "byteorder"));
        if (entry.isPresent()) {
            byte[] text = archive.read(entry.get(), 64);
            String order = new String(text, StandardCharsets.US_ASCII).strip();
            if (!order.equals("little")) {
                throw InputException.in(
                        file,
                        "byte order is \"%s\": only little-endian files are supported; load and".formatted(order)
                                + " save it again on a little-endian machine");
            }
        }
    }

    /** Where the file lies. */
    public Path path() {
        return source.path();
    }

    /** How the file is laid out. */
    public Form form() {
        return form;
    }

    /**
     * What was saved, in the Java types that the {@code pickle} package describes, with {@link
     * TorchTensor}s in it. Its containers may refer to each other in circles.
     */
    public Object root() {
        return root;
    }

    /**
     * The model's tensors by dotted name: those of the TorchScript or Python module tree, or of the
     * state dict, which may lie under {@code state_dict}, {@code model_state_dict} or {@code
     * model}. The prefix {@code module.} of data-parallel training is taken off.
     *
     * @throws InputException when there is none
     */
    public Map<String, TorchTensor> stateDict() throws InputException {
        return new LinkedHashMap<>(StateDict.find(path(), root));
    }

    /** Bytes that {@link #verifyChecksums} would read. */
    public long checkedBytes() {
        return checked.stream().mapToLong(c -> c.region().length()).sum();
    }

    /**
     * Compares every storage with the checksum that the archive has for it, where it has one.
     *
     * @param progress is told the bytes of each chunk read
     * @throws InputException when one differs: the file is damaged
     */
    public void verifyChecksums(LongConsumer progress) throws IOException {
        for (CheckedEntry item : checked) {
            item.archive().verify(item.entry(), item.region(), progress);
        }
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
