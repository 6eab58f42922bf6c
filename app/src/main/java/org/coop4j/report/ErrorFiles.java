package org.coop4j.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.SafeText;
import org.coop4j.console.Json;
import org.coop4j.findings.PictureResults;
import org.coop4j.findings.PictureResults.PictureResult;
import org.coop4j.page.ReportFiles;

/**
 * A classifier's prediction of each image, as files.
 *
 * @param results of all images
 * @param names of the classes, by label
 */
public record ErrorFiles(PictureResults results, List<String> names) {

    /** A file's name has at most 255 bytes, a character up to four. */
    private static final int MOST_CHARACTERS = 28;

    /** Refuses a folder that holds anything, before any work is done. */
    public static void requireEmpty(Path folder) throws IOException {
        if (Files.exists(folder) && !ReportFiles.isEmpty(folder)) {
            throw new IOException(folder + " is not empty: give --errors a new folder");
        }
    }

    /**
     * Copies the misclassified images into folders such as {@code cat as dog}; their names begin with the probability.
     *
     * @return number of copies
     */
    public int copy(Path folder) throws IOException {
        List<PictureResult> wrong = results.wrong();
        for (PictureResult result : wrong) {
            Path target = Files.createDirectories(
                    folder.resolve(fileName(result.truth()) + " as " + fileName(result.label())));
            String name = "%03d %s"
                    .formatted(
                            Math.round(100 * result.probability()),
                            result.file().getFileName().toString().replaceFirst("^.+(?=.{50}$)", ""));
            Path copy = target.resolve(name);
            for (int n = 2; Files.exists(copy); n++) {
                copy = target.resolve(n + " " + name);
            }
            Files.copy(result.file(), copy);
        }
        return wrong.size();
    }

    /** Returns a class's name without what no file name may hold; a long one is cut, with the class's number. */
    private String fileName(int label) {
        String name =
                names.get(label).replaceAll("[\\\\/:*?\"<>|\\p{Cntrl}]", "_").strip();
        String cut = SafeText.shortened(name, MOST_CHARACTERS);
        String distinct = cut.equals(name) ? name : label + " " + cut;
        return distinct.isEmpty() || distinct.matches("\\.+") ? "_" : distinct;
    }

    /** Writes one JSON object per line, in the order of the images. */
    public void writeLines(Path file) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (PictureResult result : results.all()) {
            ObjectNode line = Json.object()
                    .put("file", result.file().toString())
                    .put("truth", names.get(result.truth()))
                    .put("label", names.get(result.label()))
                    .put("right", result.isRight())
                    .put("probability", result.probability())
                    .put("truth_probability", result.truthProbability());
            lines.append(line).append('\n');
        }
        AtomicFile.write(file, lines.toString());
    }
}
