package org.coop4j.study;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.model.ModelMetadata.SourceInfo;
import org.coop4j.run.OpenRun;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;

/**
 * The runs below a folder, each list in the order of the folders' names. A folder with {@code
 * config.json} is a run, with {@code result.json} a finished one and with {@code failure.json}
 * alone a failed one.
 *
 * @param finished runs with a result
 * @param leftOut runs without a result that can be used
 */
public record FoundRuns(List<FinishedRun> finished, List<LeftOut> leftOut) {

    /** Why a run has no result. */
    public enum State {
        /** Its files cannot be used. */
        DAMAGED,
        /** It failed. */
        FAILED,
        /** It has neither result nor failure. */
        UNFINISHED;

        /** Returns "damaged". */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A run without a result.
     *
     * @param folder relative to the folder that was searched
     * @param reason one line; empty if it is unfinished
     */
    public record LeftOut(Path folder, State state, String reason) {}

    /** Returns the runs of a state. */
    public List<LeftOut> leftOut(State state) {
        return leftOut.stream().filter(run -> run.state == state).toList();
    }

    /**
     * A run that has a result.
     *
     * @param folder relative to the folder that was searched
     * @param result its scores
     * @param config its configuration
     * @param model the model that it used
     * @param testHash hash of the list of test images; empty if it is not recorded
     * @param finished time of its end, in UTC; empty if it is not recorded
     */
    public record FinishedRun(
            Path folder, RunResult result, RunConfig config, ModelId model, String testHash, String finished) {}

    /**
     * The model of a run.
     *
     * @param sha256 SHA-256 of the model file
     * @param name for people: the published model, or the file's name
     * @param backbone as the papers name it, such as {@code RN50}, if it is a published model
     */
    public record ModelId(String sha256, String name, Optional<String> backbone) {

        /**
         * Returns a model as its run's provenance describes it: by the model that it was converted from, or else by its
         * file.
         */
        static ModelId of(String sha256, Optional<Provenance> provenance) {
            String source = provenance.map(Provenance::modelSource).orElse("");
            String knownAs;
            try {
                knownAs = SourceInfo.fromJson(source).knownAs().orElse("");
            } catch (IOException e) {
                knownAs = "";
            }
            String name = knownAs.replaceFirst("^OpenAI (?=\\S+$)", "");
            String file = provenance.map(Provenance::modelFile).orElse("").replaceFirst("\\.safetensors$", "");
            return new ModelId(
                    sha256,
                    Stream.of(name, file, "unknown model")
                            .filter(known -> !known.isBlank())
                            .findFirst()
                            .orElseThrow(),
                    name.equals(knownAs) ? Optional.empty() : Optional.of(name));
        }

        /** Returns the first digits of the SHA-256, enough to distinguish models. */
        public String shortSha256() {
            return "%.12s…".formatted(sha256);
        }

        /** Returns the name and SHA-256: "RN50 (SHA-256 afeb0e10f9e5…)". */
        public String describe() {
            return name + " (SHA-256 " + shortSha256() + ")";
        }
    }

    /**
     * Reads all runs below a folder, which may itself be one. Links are followed, each folder
     * is read once, and hidden folders are left out. A run with a file that cannot be used is damaged, and the search
     * goes on.
     *
     * @throws IOException if the folder itself cannot be read
     */
    public static FoundRuns below(Path root, Progress progress) throws IOException {
        if (!Files.isDirectory(root)) {
            throw new IOException(
                    Files.exists(root)
                            ? root + " is a file: give the folder that holds the runs"
                            : "no such folder: " + root);
        }
        FoundRuns found = new FoundRuns(new ArrayList<>(), new ArrayList<>());
        List<Path> folders = folders(
                root,
                folder -> !folder.equals(root)
                        && (folder.getFileName().toString().startsWith(".") || AtomicFile.isReplaced(folder)),
                (place, problem) -> found.add(root.relativize(place), State.DAMAGED, RunStore.describe(problem)));
        try (Task task = progress.task("reading", folders.size(), Unit.FOLDERS)) {
            for (Path folder : folders) {
                Path name = root.relativize(folder);
                try {
                    Optional<OpenRun> run = OpenRun.find(folder);
                    Optional<String> failure = OpenRun.failure(folder);
                    if (run.isPresent() && run.get().result().isPresent()) {
                        found.finished.add(finished(name, run.get()));
                    } else if (failure.isPresent()) {
                        found.add(name, State.FAILED, failure.get());
                    } else if (run.isPresent()) {
                        found.add(name, State.UNFINISHED, "");
                    }
                } catch (IOException e) {
                    found.add(name, State.DAMAGED, RunStore.describe(e).replace(folder + File.separator, ""));
                }
                task.advance(1);
            }
        }
        return found;
    }

    private void add(Path folder, State state, String reason) {
        leftOut.add(new LeftOut(folder, state, reason));
    }

    /**
     * Returns a root and the folders below it, each once, in the order of their names.
     *
     * @param skipped selects folders that are passed over with all that they hold
     * @param failed is told of places that cannot be visited
     */
    static List<Path> folders(Path root, Predicate<Path> skipped, BiConsumer<Path, IOException> failed) {
        Set<Path> folders = new TreeSet<>();
        Set<Path> seen = new HashSet<>();
        Deque<Path> left = new ArrayDeque<>(List.of(root));
        while (!left.isEmpty()) {
            Path folder = left.pop();
            if (!skipped.test(folder)) {
                try (Stream<Path> inside = Files.list(folder)) {
                    if (seen.add(folder.toRealPath())) {
                        folders.add(folder);
                        inside.filter(Files::isDirectory).forEach(left::push);
                    }
                } catch (IOException e) {
                    failed.accept(folder, e);
                }
            }
        }
        return List.copyOf(folders);
    }

    private static FinishedRun finished(Path name, OpenRun run) {
        Optional<Provenance> provenance = run.provenance();
        return new FinishedRun(
                name,
                run.result().orElseThrow(),
                run.config(),
                ModelId.of(run.config().modelSha256(), provenance),
                provenance.map(Provenance::testHash).orElse(""),
                provenance.map(Provenance::finished).orElse(""));
    }
}
