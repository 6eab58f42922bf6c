package org.coop4j.weights.torch;

import java.nio.file.Path;
import org.coop4j.weights.FileRegion;
import org.coop4j.base.InputException;

/**
 * A run of elements that tensors are laid over. Its place in the file may become known after the
 * tensors that use it: files from before PyTorch 1.6 have the storages last.
 */
final class Storage {
    private final Path file;
    private final String key;
    private final StorageType type;
    private final long elements;
    private FileRegion region;

    Storage(Path file, String key, StorageType type, long elements) {
        this.file = file;
        this.key = key;
        this.type = type;
        this.elements = elements;
    }

    Path file() {
        return file;
    }

    String key() {
        return key;
    }

    StorageType type() {
        return type;
    }

    long elements() {
        return elements;
    }

    /** Bytes that the elements take. */
    long bytes() throws InputException {
        try {
            return Math.multiplyExact(elements, (long) type.bytes());
        } catch (ArithmeticException e) {
            throw new InputException(file + ": storage " + key + " is too large", e);
        }
    }

    void place(FileRegion newRegion) {
        this.region = newRegion;
    }

    FileRegion region() throws InputException {
        if (region == null) {
            throw InputException.in(file, "storage " + key + " is not in the file");
        }
        return region;
    }
}
