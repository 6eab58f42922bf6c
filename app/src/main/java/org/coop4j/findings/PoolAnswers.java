package org.coop4j.findings;

import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.data.ClassNames;
import org.coop4j.data.PoolAnswer;

/** A person's answers to pictures of a pool: a table with the columns path and label, as {@code next} and {@code check} print it. */
public final class PoolAnswers {

    /** Stands for an answer that nobody has given. */
    public static final String OPEN = "?";

    private PoolAnswers() {}

    /**
     * Reads a table.
     *
     * @param names of the pictures of the pool
     * @return labels by row, −1 for an empty one: none of the classes
     */
    public static Map<Integer, Integer> read(Path file, List<String> names, List<String> classNames)
            throws IOException {
        Map<String, Integer> rows = new HashMap<>();
        for (int i = 0; i < names.size(); i++) {
            rows.putIfAbsent(names.get(i), i);
        }
        Map<Integer, Integer> answers = new TreeMap<>();
        for (PoolAnswer answer : PoolAnswer.read(file)) {
            Integer row = rows.get(answer.path());
            require(row != null, "%s: the pool has no picture %s", answer.place(), answer.path());
            require(
                    !answer.label().equals(OPEN),
                    "%s: %s has no answer: write a class for ?, or nothing for none of them",
                    answer.place(),
                    answer.path());
            require(
                    answers.put(row, label(answer, classNames)) == null,
                    "%s: %s comes twice",
                    answer.place(),
                    answer.path());
        }
        return answers;
    }

    private static int label(PoolAnswer answer, List<String> classNames) {
        if (answer.label().isEmpty()) {
            return -1;
        }
        int label = ClassNames.find(List.of(answer.label()), classNames)[0];
        require(label >= 0, "%s: %s is not among the classes", answer.place(), answer.label());
        return label;
    }
}
