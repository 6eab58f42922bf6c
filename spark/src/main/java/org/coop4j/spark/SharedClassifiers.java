package org.coop4j.spark;

import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.coop4j.clip.Clip;
import org.coop4j.method.Classifier;

/**
 * The classifiers of this JVM, each opened once: one of learned prompts runs the text tower when it
 * is opened, and never again. Those that nobody uses are closed, but for the last few.
 */
final class SharedClassifiers {

    private static final int KEPT = 4;

    /** By SHA-256, the one opened last at the end. */
    private static final Map<String, Held> OPEN = new LinkedHashMap<>();

    private SharedClassifiers() {}

    /** A classifier that is in use until this is closed. */
    static final class Held implements AutoCloseable {
        private final Classifier classifier;
        private int users;

        Held(Classifier classifier) {
            this.classifier = classifier;
        }

        Classifier classifier() {
            return classifier;
        }

        @Override
        public void close() {
            release(this);
        }
    }

    /** The classifier, opened if need be. */
    static synchronized Held acquire(SavedClassifier saved, Clip clip) throws IOException {
        Held held = OPEN.get(saved.sha256());
        if (held == null) {
            held = new Held(saved.file().open(clip));
            OPEN.put(saved.sha256(), held);
        }
        held.users++;
        return held;
    }

    private static synchronized void release(Held used) {
        used.users--;
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
