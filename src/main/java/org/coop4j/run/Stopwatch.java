package org.coop4j.run;

import java.util.LinkedHashMap;
import java.util.Map;

/** Measures how long the parts of a run take. */
final class Stopwatch {

    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private long last = System.nanoTime();

    /** A part ends and the next begins. */
    void lap(String part) {
        long now = System.nanoTime();
        seconds.merge(part, (now - last) / 1e9, Double::sum);
        last = now;
    }

    /** Seconds by part, in the order in which they ended. */
    Map<String, Double> seconds() {
        return seconds;
    }
}
