package org.coop4j.findings;

import static org.coop4j.console.CommandFailure.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.coop4j.base.InputException;
import org.coop4j.base.TextFile;
import org.coop4j.data.ClassNames;

/** A person's answers to pictures of a pool: a table with the columns path and label, as {@code next} and {@code check} print it. */
public final class PoolAnswers {

    /** Stands for an answer that nobody has given. */
    public static final String OPEN = "?";

    private static final int MOST_BYTES = 64 << 20;

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
        try (MappingIterator<Map<String, String>> lines = new CsvMapper()
                .readerForMapOf(String.class)
                .with(CsvSchema.emptySchema().withHeader())
                .readValues(TextFile.read(file, MOST_BYTES))) {
            for (int line = 2; lines.hasNext(); line++) {
                Map<String, String> cells = lines.next();
                String path = cells.get("path");
                String label = cells.get("label");
                require(
                        path != null && label != null,
                        "%s, line %d: expected the columns path and label, got %s",
                        file,
                        line,
                        String.join(", ", cells.keySet()));
                Integer row = rows.get(path);
                require(row != null, "%s, line %d: the pool has no picture %s", file, line, path);
                require(
                        !label.strip().equals(OPEN),
                        "%s, line %d: %s has no answer: write a class for ?, or nothing for none of them",
                        file,
                        line,
                        path);
                require(
                        answers.put(row, label(label.strip(), classNames, file, line)) == null,
                        "%s, line %d: %s comes twice",
                        file,
                        line,
                        path);
            }
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": " + e.getOriginalMessage(), e);
        }
        return answers;
    }

    private static int label(String name, List<String> classNames, Path file, int line) {
        if (name.isEmpty()) {
            return -1;
        }
        int label = ClassNames.find(List.of(name), classNames)[0];
        require(label >= 0, "%s, line %d: %s is not among the classes", file, line, name);
        return label;
    }
}
