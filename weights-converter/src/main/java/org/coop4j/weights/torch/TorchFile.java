package org.coop4j.weights.torch;

import static org.coop4j.base.InputException.require;

import java.io.Closeable;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.weights.ZipArchive;
import org.coop4j.weights.pickle.PickleInput;
import org.coop4j.weights.pickle.Unpickler;

/**
 * An open PyTorch file: the tree of objects that was saved, with tensors that are read on demand. Nothing in the file
 * is executed; objects of unknown classes are inert.
 *
 * <pre>{@code
 * try (TorchFile file = TorchFile.open(path)) {
 *     float[] bias = file.stateDict().get("ln_final.bias").floats();
 * }
 * }</pre>
 */
public final class TorchFile implements Closeable {
    private static final int ZIP_MAGIC = 0x504b_0304;

    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final Long PROTOCOL = 1001L;

    /** Form of a zip file with code beside the tensors, from {@code torch.jit.save}. */
    public static final String TORCHSCRIPT = "torchscript";

    private final OpenFile source;
    private final List<ZipArchive.Entry> checked = new ArrayList<>();
    private ZipArchive archive; // null for the legacy form
    private String form;
    private Object root;

    private TorchFile(OpenFile source) {
        this.source = source;
    }

    /** Opens and reads a file, as {@link #of} does. */
    public static TorchFile open(Path path) throws IOException {
        return of(OpenFile.open(path));
    }

    /**
     * Reads the pickle of an open file of any of the three forms, recognised by content. The file is closed with the
     * result, or if this fails.
     *
     * @throws InputException if it is not a PyTorch file, damaged, or exceeds the limits of {@link Unpickler}
     */
    public static TorchFile of(OpenFile source) throws IOException {
        return source.parse(open -> {
            TorchFile file = new TorchFile(open);
            file.read();
            return file;
        });
    }

    /** Returns true if these are the first bytes of a zip archive or of a pickle. */
    public static boolean looksLike(byte[] firstBytes) {
        return isZip(firstBytes) || isPickle(firstBytes);
    }

    private void read() throws IOException {
        byte[] firstBytes = source.firstBytes(4);
        if (isZip(firstBytes)) {
            archive = ZipArchive.open(source.region());
            readArchive();
        } else if (isPickle(firstBytes)) {
            form = "torch.save before 1.6";
            root = readLegacy(source.region());
        } else {
            throw problem("not a PyTorch file: it is neither a zip archive nor a pickle");
        }
    }

    private static boolean isZip(byte[] bytes) {
        return bytes.length >= 4 && ByteBuffer.wrap(bytes).getInt(0) == ZIP_MAGIC;
    }

    private static boolean isPickle(byte[] bytes) {
        return bytes.length >= 2 && bytes[0] == (byte) 0x80 && bytes[1] >= 1 && bytes[1] <= 5;
    }

    private void readArchive() throws IOException {
        String folder = rootFolder();
        Map<String, ZipArchive.Entry> entries = archive.entries();
        checkByteOrder(entries.get(folder + "byteorder"));
        TorchBindings bindings = new TorchBindings(path(), storage -> {
            ZipArchive.Entry entry = entries.get(folder + "data/" + storage.key());
            if (entry == null) {
                throw storage.problem("is not in the file");
            }
            FileRegion region = archive.stored(entry);
            if (region.length() < storage.bytes()) {
                throw storage.problem("has %d bytes where its %d elements need %d"
                        .formatted(region.length(), storage.elements(), storage.bytes()));
            }
            checked.add(entry);
            return region.slice(0, storage.bytes());
        });
        byte[] pickle = archive.read(entries.get(folder + "data.pkl"), Unpickler.MAX_BYTES);
        root = Unpickler.read(PickleInput.of(path(), pickle), bindings);
        form = entries.containsKey(folder + "constants.pkl") ? TORCHSCRIPT : "torch.save";
    }

    /** Returns the one folder at the archive's top, with its slash. */
    private String rootFolder() throws InputException {
        List<String> pickles = archive.entries().keySet().stream()
                .filter(name -> name.matches("[^/]+/data\\.pkl"))
                .toList();
        if (pickles.size() != 1) {
            throw problem("a zip archive, but not one of PyTorch's: it needs one data.pkl");
        }
        return pickles.get(0).replace("data.pkl", "");
    }

    private void checkByteOrder(ZipArchive.Entry entry) throws IOException {
        String order =
                entry == null ? "little" : new String(archive.read(entry, 64), StandardCharsets.US_ASCII).strip();
        if (!order.equals("little")) {
            throw problem(
                    "byte order is \"%s\": only little-endian files are supported; save it again on a little-endian machine"
                            .formatted(order));
        }
    }

    /**
     * Reads what {@code torch.save} wrote before PyTorch 1.6: five pickles (magic number, protocol, system, object, keys
     * of the storages), then each storage as an element count of 8 bytes and its elements.
     */
    private Object readLegacy(FileRegion file) throws IOException {
        PickleInput in = PickleInput.of(file);
        TorchBindings bindings = new TorchBindings(path(), storage -> null);
        require(MAGIC.equals(Unpickler.read(in, bindings)), "%s: a pickle, but not one that torch.save wrote", path());
        require(PROTOCOL.equals(Unpickler.read(in, bindings)), "%s: a torch.save file of an unknown protocol", path());
        require(
                !(Unpickler.read(in, bindings) instanceof Map<?, ?> system)
                        || !Boolean.FALSE.equals(system.get("little_endian")),
                "%s: written on a big-endian machine, which is not supported",
                path());
        Object saved = Unpickler.read(in, bindings);
        if (!(Unpickler.read(in, bindings) instanceof List<?> keys)) {
            throw problem("damaged: its list of storages is missing");
        }
        long at = in.position();
        for (Object key : keys) {
            Storage storage = key instanceof String name ? bindings.storages().get(name) : null;
            require(
                    storage != null,
                    "%s: damaged: storage %s belongs to no tensor",
                    path(),
                    key instanceof String ? key : "without a name");
            require(at <= file.length() - Long.BYTES, "%s: truncated before storage %s", path(), key);
            long count = file.slice(at, Long.BYTES).littleEndian().getLong();
            at += Long.BYTES;
            require(
                    count == storage.elements(),
                    "%s: damaged: storage %s has %d elements where its tensors say %d",
                    path(),
                    key,
                    count,
                    storage.elements());
            require(storage.bytes() <= file.length() - at, "%s: truncated within storage %s", path(), key);
            storage.place(file.slice(at, storage.bytes()));
            at += storage.bytes();
        }
        return saved;
    }

    private InputException problem(String what) {
        return InputException.in(path(), what);
    }

    /** Returns the file's path. */
    public Path path() {
        return source.path();
    }

    /** Returns the form of the file, for reports and metadata. */
    public String form() {
        return form;
    }

    /**
     * Returns the object that was saved, in the Java types that the {@code pickle} package describes, with {@link
     * TorchTensor}s in it. Its containers may refer to each other in circles.
     */
    public Object root() {
        return root;
    }

    /**
     * Returns the model's tensors by dotted name: those of the TorchScript or Python module tree, or of the state dict,
     * which may lie under {@code state_dict}, {@code model_state_dict} or {@code model}. The prefix {@code module.} of
     * data-parallel training is removed.
     *
     * @throws InputException if there are none
     */
    public Map<String, TorchTensor> stateDict() throws InputException {
        return StateDict.find(path(), root);
    }

    /** Returns the number of bytes that {@link #verifyChecksums} reads. */
    public long checkedBytes() {
        return checked.stream().mapToLong(ZipArchive.Entry::size).sum();
    }

    /**
     * Compares every storage with its checksum, where the archive has one.
     *
     * @param progress receives the number of bytes of each chunk
     * @throws InputException if one differs: the file is damaged
     */
    public void verifyChecksums(LongConsumer progress) throws IOException {
        for (ZipArchive.Entry entry : checked) {
            archive.read(entry, chunk -> progress.accept(chunk.remaining()));
        }
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
