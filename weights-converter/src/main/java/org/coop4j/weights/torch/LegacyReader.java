package org.coop4j.weights.torch;

import java.io.IOException;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.coop4j.base.FileRegion;
import org.coop4j.base.InputException;
import org.coop4j.weights.pickle.PickleInput;
import org.coop4j.weights.pickle.Unpickler;
import org.coop4j.weights.pickle.Unpickler.Limits;

/**
 * Reads what {@code torch.save} wrote before PyTorch 1.6: five pickles (magic number, protocol, system, object, keys of
 * the storages), then each storage as an element count of 8 bytes and its elements.
 */
record LegacyReader(FileRegion file, PickleInput in, TorchBindings bindings) {
    private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final Long PROTOCOL = 1001L;

    /** Returns the object of the fourth pickle, with its storages placed in the file. */
    static Object read(FileRegion file) throws IOException {
        TorchBindings bindings = new TorchBindings(file.file(), storage -> null);
        return new LegacyReader(file, PickleInput.of(file), bindings).read();
    }

    private Object read() throws IOException {
        if (!MAGIC.equals(next())) {
            throw problem("a pickle, but not one that torch.save wrote");
        }
        if (!PROTOCOL.equals(next())) {
            throw problem("a torch.save file of an unknown protocol");
        }
        if (next() instanceof Map<?, ?> system && Boolean.FALSE.equals(system.get("little_endian"))) {
            throw problem("written on a big-endian machine, which is not supported");
        }
        Object root = next();
        if (!(next() instanceof List<?> keys)) {
            throw problem("damaged: its list of storages is missing");
        }
        placeStorages(keys);
        return root;
    }

    private Object next() throws IOException {
        return Unpickler.read(in, Limits.DEFAULT, bindings);
    }

    private void placeStorages(List<?> keys) throws IOException {
        long at = in.position();
        for (Object key : keys) {
            Storage storage = key instanceof String name ? bindings.storages().get(name) : null;
            if (storage == null) {
                throw problem("damaged: storage " + (key instanceof String ? key : "without a name")
                        + " belongs to no tensor");
            }
            if (at > file.length() - Long.BYTES) {
                throw problem("truncated before storage " + key);
            }
            long count = file.slice(at, Long.BYTES).littleEndian().getLong();
            at += Long.BYTES;
            if (count != storage.elements()) {
                throw problem("damaged: storage %s has %d elements where its tensors say %d"
                        .formatted(key, count, storage.elements()));
            }
            if (storage.bytes() > file.length() - at) {
                throw problem("truncated within storage " + key);
            }
            storage.place(file.slice(at, storage.bytes()));
            at += storage.bytes();
        }
    }

    private InputException problem(String what) {
        return InputException.in(file.file(), what);
    }
}
