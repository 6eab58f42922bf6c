package org.coop4j.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;

/**
 * The file of a learned classifier, sent to the executors. Each JVM opens it once: learned prompts run the text tower
 * when they are opened, and never again. Unused classifiers are closed, except for the last few.
 *
 * @param bytes of the file; not to be changed
 * @param sha256 of the bytes, in hexadecimal
 */
@SuppressWarnings("ArrayRecordComponent") // compared by their hash
record SavedClassifier(byte[] bytes, String sha256) implements Serializable {

    private static final int MAX_BYTES = 1 << 30;

    private static final int KEPT = 4;

    /** By SHA-256, in the order in which they were opened. */
    private static final Map<String, Held> OPEN = new LinkedHashMap<>();

    static SavedClassifier of(byte[] bytes) {
        return new SavedClassifier(bytes, Sha256.of(bytes));
    }

    static SavedClassifier of(ClassifierFile file) throws IOException {
        Path temporary = temporary();
        try {
            file.write(temporary);
            return of(Files.readAllBytes(temporary));
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static Path temporary() throws IOException {
        return Files.createTempFile("coop4j-classifier", ".safetensors");
    }

    /**
     * Checks a file's size before it is read into memory.
     *
     * @throws IOException if it is too large for a classifier
     */
    static void requireSize(String name, long bytes) throws IOException {
        if (bytes > MAX_BYTES) {
            throw new IOException(
                    "%s has %,d bytes: expected a learned classifier of at most %,d".formatted(name, bytes, MAX_BYTES));
        }
    }

    /**
     * Parses the file.
     *
     * @throws IOException if it is damaged
     */
    ClassifierFile file() throws IOException {
        Path temporary = temporary();
        try {
            Files.write(temporary, bytes);
            return ClassifierFile.read(temporary);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** A classifier that is in use until this is closed. */
    static final class Held implements AutoCloseable {
        private final Classifier classifier;
        private int users;

        private Held(Classifier classifier) {
            this.classifier = classifier;
        }

        Classifier classifier() {
            return classifier;
        }

        @Override
        public void close() {
            synchronized (OPEN) {
                users--;
                Iterator<Held> oldestFirst = OPEN.values().iterator();
                while (OPEN.size() > KEPT && oldestFirst.hasNext()) {
                    Held held = oldestFirst.next();
                    if (held.users == 0) {
                        held.classifier.close();
                        oldestFirst.remove();
                    }
                }
            }
        }
    }

    /** Returns this JVM's classifier, which the first call opens. */
    Held acquire(Clip clip) throws IOException {
        synchronized (OPEN) {
            Held held = OPEN.get(sha256);
            if (held == null) {
                held = new Held(file().open(clip));
                OPEN.put(sha256, held);
            }
            held.users++;
            return held;
        }
    }
}
