package org.coop4j.results;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.coop4j.results.Findings.Failure;
import org.coop4j.run.RunFolder;
import org.coop4j.weights.Progress;

/**
 * Finds the runs below a folder: a folder with {@code config.json} is one, with {@code result.json}
 * a finished one and with {@code failure.json} alone a failed one.
 *
 * <p>Links are followed, a folder reached by two ways is read once, and hidden folders are left
 * alone. A file that cannot be used makes its run a damaged one and does not end the search.
 */
public final class RunSearch {

    private final Path root;
    private final RunReader reader;
    private final List<FinishedRun> finished = new ArrayList<>();
    private final List<Failure> failed = new ArrayList<>();
    private final List<Path> unfinished = new ArrayList<>();
    private final List<Failure> damaged = new ArrayList<>();

    private RunSearch(Path root) {
        this.root = root;
        this.reader = new RunReader(root);
    }

    /**
     * Reads all runs below a folder, which may itself be one.
     *
     * @throws IOException if the folder itself cannot be read
     */
    public static Findings below(Path root, Progress progress) throws IOException {
        if (!Files.isDirectory(root)) {
            throw new IOException(
                    Files.exists(root)
                            ? root + " is a file: give the folder that holds the runs"
                            : "no such folder: " + root);
        }
        RunSearch search = new RunSearch(root);
        List<Path> folders = search.folders();
        Collections.sort(folders);
        try (Progress.Task task = progress.task("reading", folders.size(), Progress.Unit.FOLDERS)) {
            for (Path folder : folders) {
                search.look(folder);
                task.advance(1);
            }
        }
        return new Findings(
                root, search.finished, search.failed, search.unfinished, search.damaged);
    }

    private List<Path> folders() throws IOException {
        List<Path> folders = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        Files.walkFileTree(
                root,
                EnumSet.of(FileVisitOption.FOLLOW_LINKS),
                Integer.MAX_VALUE,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes at)
                            throws IOException {
                        boolean hidden =
                                !folder.equals(root)
                                        && folder.getFileName().toString().startsWith(".");
                        if (hidden || !seen.add(folder.toRealPath())) {
                            return FileVisitResult.SKIP_SUBTREE;
                        }
                        folders.add(folder);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException problem)
                            throws IOException {
                        if (file.equals(root)) {
                            throw problem;
                        }
                        boolean folder = Files.isDirectory(file) && !Files.isReadable(file);
                        if (folder) {
                            damaged.add(
                                    new Failure(root.relativize(file), "no permission to read it"));
                        }
                        return FileVisitResult.CONTINUE; // a loop or a dead link is no run
                    }
                });
        return folders;
    }

    private void look(Path folder) {
        boolean hasResult = Files.exists(folder.resolve(RunFolder.RESULT));
        boolean hasFailure = Files.exists(folder.resolve(RunFolder.FAILURE));
        boolean hasConfig = Files.exists(folder.resolve(RunFolder.CONFIG));
        if (!hasResult && !hasFailure && !hasConfig) {
            return;
        }
        try {
            if (hasResult) {
                finished.add(reader.finished(folder));
            } else if (hasFailure) {
                failed.add(new Failure(root.relativize(folder), reader.failure(folder)));
            } else if (reader.isRun(folder)) {
                unfinished.add(root.relativize(folder));
            }
        } catch (IOException e) {
            damaged.add(new Failure(root.relativize(folder), e.getMessage()));
        }
    }
}
