package org.coop4j.cli;

import java.util.List;
import org.coop4j.method.ZeroShot;

/**
 * What {@code coop zero-shot} is asked.
 *
 * @param inputs the images
 * @param classes names by label
 * @param labels the true class of each image; empty where it is unknown
 * @param prompts what describes a class
 */
record ZeroShotTask(
        ImageInputs inputs, List<String> classes, List<Integer> labels, ZeroShot prompts) {

    /** Copies the lists. */
    ZeroShotTask {
        classes = List.copyOf(classes);
        labels = List.copyOf(labels);
    }

    /** Whether the true classes are known. */
    boolean isScored() {
        return !labels.isEmpty();
    }
}
