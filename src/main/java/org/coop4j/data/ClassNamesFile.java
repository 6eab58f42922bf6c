package org.coop4j.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.TextFile;

/**
 * A text file in UTF-8 with a line a class, {@code folder<TAB>name} or {@code folder,name}; empty
 * lines are passed over. A folder that the file does not list keeps its own name.
 */
final class ClassNamesFile {
    private ClassNamesFile() {}

    /**
     * Reads the names.
     *
     * @param folders the class folders there are
     */
    static Map<String, String> read(Path file, Set<String> folders) throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        int number = 0;
        for (String line : TextFile.lines(file)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            int separator = line.indexOf('\t') >= 0 ? line.indexOf('\t') : line.indexOf(',');
            String folder = line.substring(0, Math.max(separator, 0)).strip();
            String name = line.substring(separator + 1).strip();
            if (folder.isEmpty() || name.isEmpty()) {
                throw new DatasetException(
                        "%s line %d, '%s': write the folder, a tab or comma, and the class name"
                                .formatted(file, number, line));
            }
            if (!folders.contains(folder)) {
                throw new DatasetException(
                        "%s line %d names the folder '%s', which is not there; there are %s"
                                .formatted(file, number, folder, folders));
            }
            if (names.put(folder, name) != null) {
                throw new DatasetException(
                        "%s line %d names the folder '%s' a second time"
                                .formatted(file, number, folder));
            }
        }
        return names;
    }
}
