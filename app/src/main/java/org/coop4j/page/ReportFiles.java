package org.coop4j.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.TextFile;

/**
 * The folder of a report. A new report replaces the one that is there: its files are written aside and moved in when
 * all are whole, and files of the earlier report alone are deleted. Anything else in the folder stays.
 */
public final class ReportFiles {

    /** File with the names of the report's files, for a later report. */
    static final String LIST = ".coop-report";

    private final Path folder;

    /** Takes a folder to write to; refuses one that holds something other than a report. */
    public ReportFiles(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException(folder + " is a file: name a folder for the report");
        }
        if (Files.isDirectory(folder) && !Files.exists(folder.resolve(LIST)) && !isEmpty(folder)) {
            throw new IOException(folder + " is not empty and holds no report: name another folder with --out");
        }
        this.folder = folder;
    }

    /** Returns true if a folder holds nothing. */
    public static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    /**
     * Writes the files.
     *
     * @param contents by name, with slashes between folders
     * @return the files, relative to the folder
     */
    public List<Path> write(Map<String, String> contents) throws IOException {
        List<String> before = listed();
        List<AtomicFile> written = new ArrayList<>();
        try {
            Files.createDirectories(folder);
            // Killed in between, the folder's files are all known to the next report.
            Set<String> all = new LinkedHashSet<>(before);
            all.addAll(contents.keySet());
            list(all);
            for (Map.Entry<String, String> content : contents.entrySet()) {
                Path target = folder.resolve(content.getKey());
                Files.createDirectories(target.getParent());
                AtomicFile file = AtomicFile.create(target);
                written.add(file);
                file.write(ByteBuffer.wrap(content.getValue().getBytes(UTF_8)), 0);
            }
            for (AtomicFile file : written) {
                file.commit();
            }
            before.removeAll(contents.keySet());
            for (String stale : before) {
                delete(stale);
            }
            list(contents.keySet());
        } catch (IOException e) {
            throw new IOException(
                    "cannot write the report to %s (%s: %s): name another folder with --out"
                            .formatted(folder, e.getClass().getSimpleName(), e.getMessage()),
                    e);
        } finally {
            for (AtomicFile file : written) {
                file.close();
            }
        }
        return contents.keySet().stream().map(Path::of).toList();
    }

    private void list(Set<String> names) throws IOException {
        AtomicFile.write(folder.resolve(LIST), String.join("\n", names) + "\n");
    }

    /** Returns the files of the report that is there, without names that lead out of the folder. */
    private List<String> listed() throws IOException {
        Path list = folder.resolve(LIST);
        List<String> names = new ArrayList<>(Files.exists(list) ? TextFile.lines(list) : List.of());
        names.removeIf(name -> !name.matches("(tables|figures)/[a-z0-9-]+(/[a-z0-9-]+)?\\.[a-z]{3}"));
        return names;
    }

    private void delete(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.deleteIfExists(file);
        for (Path parent = file.getParent(); !parent.equals(folder); parent = parent.getParent()) {
            try {
                Files.deleteIfExists(parent);
            } catch (DirectoryNotEmptyException e) {
                return;
            }
        }
    }
}
