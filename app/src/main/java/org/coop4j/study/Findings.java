package org.coop4j.study;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Progress;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;

/**
 * The runs below a folder, each list in the order of the folders' names. A folder with {@code
 * config.json} is a run, with {@code result.json} a finished one and with {@code failure.json}
 * alone a failed one.
 *
 * @param root the folder that was searched
 * @param finished runs with a result
 * @param failed runs that say why they failed
 * @param unfinished folders of runs that have neither result nor failure
 * @param damaged runs whose files cannot be used
 */
public record Findings(
        Path root,
        List<FinishedRun> finished,
        List<Failure> failed,
        List<Path> unfinished,
        List<Failure> damaged) {

    /** Copies the lists. */
    public Findings {
        finished = List.copyOf(finished);
        failed = List.copyOf(failed);
        unfinished = List.copyOf(unfinished);
        damaged = List.copyOf(damaged);
    }

    /**
     * A run that gave nothing.
     *
     * @param folder relative to the folder that was searched
     * @param reason one line
     */
    public record Failure(Path folder, String reason) {}

    /**
     * A run that has a result.
     *
     * @param folder relative to the folder that was searched
     * @param result what it measured
     * @param config what it was configured with
     * @param model the model that it used
     * @param testHash hash of the list of test images; empty if it is not recorded
     * @param finished when it ended, in UTC; empty if it is not recorded
     */
    public record FinishedRun(
            Path folder, RunResult result, RunConfig config, ModelId model, String testHash, String finished) {

        /** Returns true if a context was tested on other data than it was learned from. */
        public boolean isTransferred() {
            return !result.dataset().equals(result.trainedOn());
        }

        /** Training images per class. */
        public Shots shots() {
            return Shots.of(result.shots(), result.trainImages());
        }

        /** How it was made, as far as it is the same for all data, shots and seeds: settings by name. */
        public Map<String, Object> settings() {
            return MethodLabel.settings(config);
        }
    }

    /**
     * The model of a run.
     *
     * @param sha256 SHA-256 of the model file; empty if the run does not say
     * @param name for people: the published model, or the file's name
     * @param backbone as the papers name it, such as {@code RN50}, if it is a published model
     */
    public record ModelId(String sha256, String name, Optional<String> backbone) {

        private static final Pattern PUBLISHED = Pattern.compile("OpenAI (\\S+)");
        private static final int SHORT = 12;

        /** A model known by its file, and perhaps by what it was converted from. */
        static ModelId of(String sha256, String file, String knownAs) {
            Matcher matcher = PUBLISHED.matcher(knownAs);
            if (matcher.matches()) {
                return new ModelId(sha256, matcher.group(1), Optional.of(matcher.group(1)));
            }
            String name = !knownAs.isBlank() ? knownAs : file.replaceFirst("\\.safetensors$", "");
            return new ModelId(sha256, name.isBlank() ? "unknown model" : name, Optional.empty());
        }

        /** The first digits of the SHA-256, enough to tell models apart. */
        public String shortSha256() {
            return sha256.substring(0, Math.min(SHORT, sha256.length()));
        }

        /** Name and SHA-256: "RN50 (SHA-256 afeb0e10f9e5…)". */
        public String describe() {
            return sha256.isEmpty()
                    ? name + " (its SHA-256 is not recorded)"
                    : name + " (SHA-256 " + shortSha256() + "…)";
        }
    }

    /**
     * Reads all runs below a folder, which may itself be one. Links are followed, a folder reached
     * by two ways is read once, and hidden folders are left alone. A file that cannot be used makes
     * its run a damaged one and does not end the search.
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
        Search search = new Search(root);
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

    private static final class Search {
        private final Path root;
        private final RunReader reader;
        private final List<FinishedRun> finished = new ArrayList<>();
        private final List<Failure> failed = new ArrayList<>();
        private final List<Path> unfinished = new ArrayList<>();
        private final List<Failure> damaged = new ArrayList<>();

        Search(Path root) {
            this.root = root;
            this.reader = new RunReader(root);
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
                        public FileVisitResult preVisitDirectory(
                                Path folder, BasicFileAttributes at) throws IOException {
                            boolean passedOver =
                                    !folder.equals(root)
                                            && (folder.getFileName().toString().startsWith(".")
                                                    || RunFolder.isReplaced(folder));
                            if (passedOver || !seen.add(folder.toRealPath())) {
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
                                        new Failure(
                                                root.relativize(file), "no permission to read it"));
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
            } catch (AccessDeniedException e) {
                String file = String.valueOf(Path.of(e.getFile()).getFileName());
                damaged.add(new Failure(root.relativize(folder), "no permission to read " + file));
            } catch (IOException e) {
                damaged.add(new Failure(root.relativize(folder), e.getMessage()));
            }
        }
    }
}
