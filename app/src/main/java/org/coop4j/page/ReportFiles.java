package org.coop4j.page;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;

/**
 * The folder of a report: a page, a table and figures. A new report replaces the one that is there; anything else in the
 * folder stays.
 */
public final class ReportFiles {

    private static final String FIGURES = "figures";

    private final Path folder;

    /**
     * Takes a folder to write to; refuses one that holds something other than a report.
     *
     * @param sign file that every report has, and that is in no other folder
     */
    public ReportFiles(Path folder, String sign) throws IOException {
        InputException.require(
                !Files.exists(folder) || Files.isDirectory(folder),
                "%s is a file: name a folder for the report",
                folder);
        InputException.require(
                !Files.exists(folder) || Files.exists(folder.resolve(sign)) || isEmpty(folder),
                "%s is not empty and holds no report: name another folder with --out",
                folder);
        this.folder = folder;
    }

    /** Returns true if a folder holds nothing. */
    public static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    /**
     * Writes the files, and deletes the figures of an earlier report alone.
     *
     * @param contents by name; those of figures are {@code figures/1-name.svg}
     */
    public void write(Map<String, String> contents) throws IOException {
        try {
            Path figures = Files.createDirectories(folder.resolve(FIGURES));
            for (Map.Entry<String, String> content : contents.entrySet()) {
                AtomicFile.write(folder.resolve(content.getKey()), content.getValue());
            }
            try (Stream<Path> all = Files.list(figures)) {
                for (Path file : all.toList()) {
                    String name = file.getFileName().toString();
                    if (name.matches("\\d+-[a-z0-9-]*\\.svg") && !contents.containsKey(FIGURES + "/" + name)) {
                        Files.delete(file);
                    }
                }
            }
            if (isEmpty(figures)) {
                Files.delete(figures);
            }
        } catch (IOException e) {
            throw new IOException(
                    "cannot write the report to %s (%s: %s): name another folder with --out"
                            .formatted(folder, e.getClass().getSimpleName(), e.getMessage()),
                    e);
        }
    }
}
