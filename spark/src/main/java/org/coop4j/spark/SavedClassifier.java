package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.base.Sha256;
import org.coop4j.method.ClassifierFile;

/**
 * A learned classifier as the bytes of its file, which travel to the executors.
 *
 * @param bytes of the file; not to be changed
 * @param sha256 of the bytes, in hexadecimal
 */
@SuppressWarnings("ArrayRecordComponent") // compared by their hash
record SavedClassifier(byte[] bytes, String sha256) implements Serializable {

    /** The file is a prompt, a probe or a cache of few-shot features. */
    private static final int MOST_BYTES = 1 << 30;

    private static final String SUFFIX = ".safetensors";

    static SavedClassifier of(byte[] bytes) {
        return new SavedClassifier(bytes, Sha256.of(bytes));
    }

    static SavedClassifier of(ClassifierFile file) throws IOException {
        Path folder = Files.createTempDirectory("coop4j");
        Path temporary = folder.resolve("classifier" + SUFFIX);
        try {
            file.write(temporary);
            return of(Files.readAllBytes(temporary));
        } finally {
            Files.deleteIfExists(temporary);
            Files.delete(folder);
        }
    }

    /**
     * Checks a file's size before memory is taken for it.
     *
     * @throws IOException if no classifier is so large
     */
    static void requireSize(String name, long bytes) throws IOException {
        if (bytes > MOST_BYTES) {
            throw new IOException("%s has %,d bytes: expected a learned classifier, of at most %,d"
                    .formatted(name, bytes, MOST_BYTES));
        }
    }

    /**
     * The file's content.
     *
     * @throws IOException if it is damaged
     */
    ClassifierFile file() throws IOException {
        Path temporary = Files.createTempFile("coop4j-classifier", SUFFIX);
        try {
            Files.write(temporary, bytes);
            return ClassifierFile.read(temporary);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
