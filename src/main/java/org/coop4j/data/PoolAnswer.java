package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.Sha256;
import org.coop4j.base.TextFile;

/**
 * A line of a table with the columns path and label, as the commands about pools print it.
 *
 * @param place the file and the line, for messages
 * @param path the picture
 * @param label empty for none of the classes
 * @param accepted true if the table promises something of the answer, or of none
 */
public record PoolAnswer(String place, String path, String label, boolean accepted) {

    private static final int MOST_BYTES = 64 << 20;

    /** Returns true if the header is that of answers by a classifier. */
    static boolean isHeaderOfSorted(List<String> columns) {
        return columns.containsAll(List.of("path", "label", "confidence", "alone"));
    }

    /**
     * Returns the pictures of a table that a classifier has labelled as one of some classes, and accepted if the table says so.
     *
     * @param all data that has these classes, and others perhaps
     * @throws InputException if a label is of another class, a picture is missing, or the table has changed since it was chosen
     */
    public static List<LabelledImage> images(DataSpec data, ImageDataset all, List<String> classNames)
            throws IOException {
        require(
                !all.hasSets() && all.stored().isEmpty(),
                "labels of a classifier are for pictures with one label each, which %s does not have",
                all.name());
        Path file = Path.of(data.machineLabels().path());
        require(
                Sha256.of(file).equals(data.machineLabels().sha256()),
                "%s has changed since it was chosen: put back the file with SHA-256 %s",
                file,
                data.machineLabels().sha256());
        List<LabelledImage> images = new ArrayList<>();
        for (PoolAnswer answer : read(file)) {
            if (!answer.accepted || answer.label.isEmpty()) {
                continue;
            }
            Path path = Path.of(answer.path);
            require(
                    ClassNames.find(List.of(answer.label), all.classNames())[0] >= 0,
                    "%s: %s is not a class of %s",
                    answer.place,
                    answer.label,
                    all.name());
            require(Files.isRegularFile(path), "%s: there is no picture %s", answer.place, path);
            int label = ClassNames.find(List.of(answer.label), classNames)[0];
            if (label >= 0) {
                images.add(new LabelledImage(path, label, classNames.get(label), data.orientation()).byMachine(true));
            }
        }
        return images;
    }

    /** Reads a table. */
    public static List<PoolAnswer> read(Path file) throws IOException {
        List<PoolAnswer> answers = new ArrayList<>();
        try (MappingIterator<Map<String, String>> lines = new CsvMapper()
                .readerForMapOf(String.class)
                .with(CsvSchema.emptySchema().withHeader())
                .readValues(TextFile.read(file, MOST_BYTES))) {
            for (int line = 2; lines.hasNext(); line++) {
                Map<String, String> cells = lines.next();
                String place = "%s, line %d".formatted(file, line);
                String path = cells.get("path");
                String label = cells.get("label");
                require(
                        path != null && label != null,
                        "%s: expected the columns path and label, got %s",
                        place,
                        String.join(", ", cells.keySet()));
                answers.add(new PoolAnswer(
                        place,
                        path,
                        label.strip(),
                        cells.getOrDefault("accepted", "yes").equals("yes")));
            }
        } catch (JsonProcessingException e) {
            throw new InputException(file + ": " + e.getOriginalMessage(), e);
        }
        return answers;
    }
}
