package org.coop4j.weights.torch;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.weights.pickle.PickleInput;
import org.coop4j.weights.pickle.Unpickler;
import org.coop4j.weights.pickle.Unpickler.Limits;

/**
 * Reads what {@code torch.save} wrote before PyTorch 1.6: five pickles (magic number, protocol,
 * system, object, keys of the storages), then each storage as a count of 8 bytes and its elements.
 */
final class LegacyReader {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long PROTOCOL = 1001;

    private LegacyReader() {}

    /** The object of the fourth pickle, its storages placed in the file. */
    static Object read(FileRegion file, Limits limits) throws IOException {
        PickleInput in = PickleInput.of(file);
        TorchBindings bindings = new TorchBindings(file.file(), storage -> null);
        TorchBindings plain = new TorchBindings(file.file(), storage -> null);
        if (!MAGIC.equals(Unpickler.read(in, limits, plain))) {
            throw problem(file, "a pickle, but not one that torch.save wrote");
        }
        if (!Long.valueOf(PROTOCOL).equals(Unpickler.read(in, limits, plain))) {
            throw problem(file, "a torch.save file of an unknown protocol");
        }
        if (Unpickler.read(in, limits, plain) instanceof Map<?, ?> system
                && Boolean.FALSE.equals(system.get("little_endian"))) {
            throw problem(file, "written on a big-endian machine, which is not supported");
        }
        Object root = Unpickler.read(in, limits, bindings);
        Object keys = Unpickler.read(in, limits, plain);
        if (!(keys instanceof List<?> list)) {
            throw problem(file, "damaged: its list of storages is missing");
        }
        placeStorages(file, in.position(), list, bindings.storages());
        return root;
    }

    private static void placeStorages(FileRegion file, long start, List<?> keys, Map<String, Storage> storages)
            throws IOException {
        long at = start;
        for (Object key : keys) {
            Storage storage = key instanceof String name ? storages.get(name) : null;
            if (storage == null) {
                throw problem(file, "damaged: storage " + describe(key) + " belongs to no tensor");
            }
            if (at > file.length() - Long.BYTES) {
                throw problem(file, "truncated before storage " + key);
            }
            ByteBuffer count = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            file.read(count, at);
            at += Long.BYTES;
            if (count.getLong(0) != storage.elements()) {
                throw problem(
                        file,
                        "damaged: storage %s has %d elements where its tensors say %d"
                                .formatted(key, count.getLong(0), storage.elements()));
            }
            if (storage.bytes() > file.length() - at) {
                throw problem(file, "truncated within storage " + key);
            }
            storage.place(file.slice(at, storage.bytes()));
            at += storage.bytes();
        }
    }

    private static String describe(Object key) {
        return key instanceof String name ? name : "without a name";
    }

    private static InputException problem(FileRegion file, String what) {
        return InputException.in(file.file(), what);
    }
}
