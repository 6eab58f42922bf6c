package org.coop4j.study.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder of a report. A new report replaces the one that is there: its files are written aside
 * and moved in when all are whole, and what the earlier report alone had is deleted. Anything else
 * in the folder is left alone.
 */
final class ReportFiles {

    /** Names the report's files, so that a later one knows them. */
    static final String LIST = ".coop-report";

    private final Path folder;

    private ReportFiles(Path folder) {
        this.folder = folder;
    }

    /**
     * A folder to write to.
     *
     * @throws IOException if it holds something that is no report
     */
    static ReportFiles in(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException(folder + " is a file: name a folder for the report");
        }
        if (Files.isDirectory(folder) && !Files.exists(folder.resolve(LIST))) {
            try (Stream<Path> files = Files.list(folder)) {
                if (files.findAny().isPresent()) {
                    throw new IOException(
                            folder
                                    + " is not empty and holds no report: name another folder with"
                                    + " --out");
                }
            }
        }
        return new ReportFiles(folder);
    }

    /**
     * Writes the files.
     *
     * @param contents by name, with slashes between folders
     * @return the files, relative to the folder
     */
    List<Path> write(Map<String, byte[]> contents) throws IOException {
        List<String> before = listed();
        try {
            Files.createDirectories(folder);
            Path aside = Files.createTempDirectory(folder, ".writing-");
            Thread onInterrupt = new Thread(() -> deleteAll(aside), "discard-report");
            Runtime.getRuntime().addShutdownHook(onInterrupt);
            try {
                for (Map.Entry<String, byte[]> file : contents.entrySet()) {
                    write(aside.resolve(file.getKey()), file.getValue());
                }
                // Killed in between, the folder's files are all known to the next report.
                Set<String> all = new LinkedHashSet<>(before);
                all.addAll(contents.keySet());
                list(aside, all);
                for (String name : contents.keySet()) {
                    move(aside.resolve(name), folder.resolve(name));
                }
                for (String name : before) {
                    if (!contents.containsKey(name)) {
                        deleteStale(name);
                    }
                }
                list(aside, contents.keySet());
            } finally {
                deleteAll(aside);
                forget(onInterrupt);
            }
        } catch (IOException e) {
            throw new IOException(
                    "cannot write the report to "
                            + folder
                            + " ("
                            + e.getClass().getSimpleName()
                            + ": "
                            + e.getMessage()
                            + "): name another folder with --out",
                    e);
        }
        return contents.keySet().stream().map(Path::of).toList();
    }

    private static void write(Path file, byte[] content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private void list(Path aside, Set<String> names) throws IOException {
        String list = String.join("\n", names) + "\n";
        write(aside.resolve(LIST), list.getBytes(StandardCharsets.UTF_8));
        move(aside.resolve(LIST), folder.resolve(LIST));
    }

    private static void move(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The files of the report that is there; names that lead out of the folder do not count. */
    private List<String> listed() throws IOException {
        Path list = folder.resolve(LIST);
        if (!Files.exists(list)) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        for (String name : Files.readAllLines(list)) {
            if (name.matches("(tables|figures)/[a-z0-9-]+(/[a-z0-9-]+)?\\.[a-z]{3}")) {
                names.add(name);
            }
        }
        return names;
    }

    private void deleteStale(String name) throws IOException {
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

    private static void deleteAll(Path aside) {
        try (Stream<Path> files = Files.walk(aside)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            // A hidden folder stays behind; the report itself is whole.
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the hook runs.
        }
    }
}
