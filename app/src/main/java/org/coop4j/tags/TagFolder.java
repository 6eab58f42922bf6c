package org.coop4j.tags;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.InputImage;
import org.coop4j.data.ImageFiles;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.coop4j.tags.Sidecar.Label;
import org.coop4j.tags.Sidecar.Result;

/**
 * Writes a classifier's labels beside the pictures of a folder, batch by batch. A run that was killed goes on with the same
 * command: pictures whose result is written, and that are unchanged, are not decoded again.
 */
public final class TagFolder implements Closeable {

    private static final int BATCH = 256;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final Options options;
    private final Progress progress;
    private final FileChannel lock;
    private final Path journal;
    private final SidecarFile.Finder sidecars;
    private boolean isSeveral; // labels per picture
    private final Map<String, Line> known = new HashMap<>(); // by path, of the present classifier and settings

    /**
     * The way in which labels are written.
     *
     * @param name of the classifier in the record
     * @param classifierSha256 of its file
     * @param root path above the labels in the tree of tags, separated by "/"; empty for none
     * @param threshold least probability of a label; null for the classifier's own
     * @param unknown tag of pictures without a label; null for none
     * @param byStem true to name new sidecars photo.xmp
     * @param follow true to enter linked folders
     * @param again true to write tags that were removed by hand
     * @param dry true to write nothing
     */
    public record Options(
            String name,
            String classifierSha256,
            String root,
            Double threshold,
            String unknown,
            boolean byStem,
            boolean follow,
            boolean again,
            boolean dry) {

        private String settings() {
            return "threshold="
                    + (threshold == null ? "own" : threshold.toString().replaceFirst("\\.0$", ""))
                    + (unknown == null ? "" : " unknown=" + unknown);
        }

        /**
         * Refuses words that XML cannot have.
         *
         * @throws IllegalArgumentException if there is one
         */
        public void require(List<String> labels) {
            List<String> all = new ArrayList<>(labels);
            all.add(name);
            all.add(root);
            all.add(unknown == null ? "" : unknown);
            for (String word : all) {
                boolean possible = word.codePoints()
                        .allMatch(c ->
                                c == '\t' || (c >= ' ' && c < 0xD800) || (c >= 0xE000 && c <= 0xFFFD) || c > 0xFFFF);
                if (!possible) {
                    throw new IllegalArgumentException("\"%s\" has characters that XMP cannot hold".formatted(word));
                }
            }
        }
    }

    /** The outcome for a picture. */
    public enum Status {
        CREATED,
        UPDATED,
        UNCHANGED,
        SKIPPED,
        FAILED;

        /** Returns the word in tables. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A picture.
     *
     * @param path below the folder
     * @param labels the surest first; empty for a picture that was skipped
     * @param reason why it failed; null otherwise
     * @param sidecar its file below the folder; null if there is none
     * @param removed number of tags that somebody removed, and that are not written again
     */
    public record Tagged(String path, List<Label> labels, Status status, String reason, String sidecar, int removed) {

        /** Returns the names of the labels. */
        public List<String> names() {
            return labels.stream().map(Label::name).toList();
        }

        /** Returns the labels with their probabilities, for JSON. */
        public List<Map<String, Object>> withProbabilities() {
            return labels.stream()
                    .map(label -> Map.<String, Object>of("label", label.name(), "probability", label.probability()))
                    .toList();
        }
    }

    /** A picture as it was when its result was written. */
    private record Seen(long size, long time) {

        static Seen of(Path picture) throws IOException {
            return new Seen(
                    Files.size(picture), Files.getLastModifiedTime(picture).to(TimeUnit.NANOSECONDS));
        }
    }

    /**
     * A line of the journal.
     *
     * @param none true if the picture got no label, which no sidecar tells
     */
    private record Line(String path, long size, long time, String classifier, String settings, boolean none) {}

    private TagFolder(Path folder, Options options, StateFolder state, Progress progress) throws IOException {
        this.folder = folder;
        this.options = options;
        this.progress = progress;
        this.sidecars = new SidecarFile.Finder(options.byStem);
        String key = Sha256.of(folder.toRealPath().toString()).substring(0, 16);
        Path tags = state.folder("tag");
        journal = tags.resolve(key + "-" + Sha256.of(options.name).substring(0, 8) + ".journal");
        lock = FileChannel.open(tags.resolve(key + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (OpenFile.lock(lock) == null) {
            lock.close();
            throw new InputException("another command tags " + folder + ": wait until it has ended");
        }
    }

    /**
     * Opens a folder for one command.
     *
     * @throws InputException if another command tags it
     */
    public static TagFolder open(Path folder, Options options, StateFolder state, Progress progress)
            throws IOException {
        InputException.require(Files.isDirectory(folder), "%s is not a folder", folder);
        return new TagFolder(folder, options, state, progress);
    }

    private String relative(Path file) {
        return folder.relativize(file).toString();
    }

    /**
     * Tags all pictures.
     *
     * @param each receives every picture, in the order of their paths
     */
    public void tag(ImageClassifier classifier, Consumer<Tagged> each) throws IOException {
        isSeveral = classifier.classifier().save().decision() != null;
        List<Path> pictures = new ImageFiles().images(folder, options.follow);
        if (options.dry && !Files.exists(journal)) {
            tag(pictures, classifier, each, null);
            return;
        }
        try (CheckedLines lines = CheckedLines.open(journal)) {
            lines.read((line, at) -> {
                note(line);
                return true;
            });
            tag(pictures, classifier, each, options.dry ? null : lines);
        }
    }

    private void note(String line) {
        try {
            Line read = JSON.readValue(line, Line.class);
            if (read.classifier.equals(options.classifierSha256) && read.settings.equals(options.settings())) {
                known.put(read.path, read);
            } else {
                known.remove(read.path);
            }
        } catch (JsonProcessingException e) {
            known.clear(); // of a later version: everything is looked at again
        }
    }

    private void tag(List<Path> pictures, ImageClassifier classifier, Consumer<Tagged> each, CheckedLines lines)
            throws IOException {
        try (Task task = progress.task("tagging", pictures.size(), Unit.IMAGES)) {
            for (int from = 0; from < pictures.size(); from += BATCH) {
                List<Path> batch = pictures.subList(from, Math.min(pictures.size(), from + BATCH));
                Tagged[] results = new Tagged[batch.size()];
                List<Integer> open = new ArrayList<>();
                for (int i = 0; i < results.length; i++) {
                    results[i] = known(batch.get(i));
                    if (results[i] == null) {
                        open.add(i);
                    }
                }
                classifier.classifyEach(
                        open.stream().map(i -> InputImage.of(batch.get(i))).toList(), new ImageClassifier.Listener() {
                            @Override
                            public void predicted(int index, List<Prediction> ranked) {
                                int i = open.get(index);
                                results[i] = write(batch.get(i), ranked, lines);
                            }

                            @Override
                            public void failed(int index, IOException problem) {
                                int i = open.get(index);
                                results[i] = problem(batch.get(i), List.of(), problem);
                            }
                        });
                List.of(results).forEach(each);
                task.advance(batch.size());
            }
        }
    }

    /** Returns a picture whose result is written; null if it has to be looked at. */
    private Tagged known(Path picture) {
        if (options.again) {
            return null;
        }
        try {
            SidecarFile file = sidecars.of(picture);
            Line line = known.get(relative(picture));
            boolean same = line != null && Seen.of(picture).equals(new Seen(line.size, line.time));
            Sidecar sidecar = file.exists() ? file.read().orElse(null) : null;
            boolean written = sidecar != null
                    && sidecar.isWritten(
                            options.name,
                            options.classifierSha256,
                            options.settings(),
                            same ? null : Sha256.of(picture));
            if (!written && !(same && line.none)) {
                return null;
            }
            int removed = sidecar == null ? 0 : sidecar.removed(options.name, options.root);
            return new Tagged(
                    relative(picture),
                    List.of(),
                    Status.SKIPPED,
                    null,
                    sidecar == null ? null : relative(file.file()),
                    removed);
        } catch (IOException e) {
            return null; // it is named when its result is to be written
        }
    }

    private Tagged write(Path picture, List<Prediction> ranked, CheckedLines lines) {
        List<Label> labels = labels(ranked);
        try {
            Seen before = Seen.of(picture);
            Result result = new Result(
                    options.name,
                    options.classifierSha256,
                    Sha256.of(picture),
                    options.settings(),
                    options.root,
                    labels);
            SidecarFile file = sidecars.of(picture);
            List<String> removed = new ArrayList<>();
            SidecarFile.Outcome outcome = file.change(
                    sidecar -> {
                        removed.clear();
                        removed.addAll(sidecar.write(result, options.again));
                    },
                    options.dry);
            if (lines != null) {
                Line line = new Line(
                        relative(picture),
                        before.size,
                        before.time,
                        options.classifierSha256,
                        options.settings(),
                        labels.isEmpty());
                lines.add(JSON.writeValueAsString(line), false);
            }
            Status status =
                    switch (outcome) {
                        case CREATED -> Status.CREATED;
                        case UPDATED, DELETED -> Status.UPDATED;
                        case UNCHANGED -> Status.UNCHANGED;
                    };
            boolean exists = file.exists() || (options.dry && outcome == SidecarFile.Outcome.CREATED);
            return new Tagged(
                    relative(picture), labels, status, null, exists ? relative(file.file()) : null, removed.size());
        } catch (IOException e) {
            return problem(picture, labels, e);
        }
    }

    private Tagged problem(Path picture, List<Label> labels, IOException problem) {
        return new Tagged(relative(picture), labels, Status.FAILED, InputException.reason(problem), null, 0);
    }

    private List<Label> labels(List<Prediction> ranked) {
        List<Label> labels = ranked.stream()
                .filter(one -> options.threshold == null
                        ? one.predicted()
                        : one.probability() >= options.threshold && (one.predicted() || isSeveral))
                .map(one -> new Label(one.label(), one.probability()))
                .toList();
        return labels.isEmpty() && options.unknown != null
                ? List.of(new Label(options.unknown, ranked.get(0).probability()))
                : labels;
    }

    /**
     * Takes back what was written.
     *
     * @param names of the classifiers
     * @param each receives every sidecar that has a record of ours
     */
    public void undo(Predicate<String> names, Consumer<Tagged> each) throws IOException {
        List<Path> files = new ArrayList<>();
        try (var all = Files.walk(folder)) {
            all.filter(file -> file.toString().endsWith(".xmp") && Files.isRegularFile(file))
                    .sorted()
                    .forEach(files::add);
        }
        try (Task task = progress.task("taking tags back", files.size(), Unit.IMAGES)) {
            for (Path file : files) {
                Tagged undone = undone(file, names);
                if (undone != null) {
                    each.accept(undone);
                }
                task.advance(1);
            }
        }
        if (!options.dry) {
            Files.deleteIfExists(journal);
        }
    }

    private Tagged undone(Path file, Predicate<String> names) {
        try {
            SidecarFile sidecar = sidecars.ofFile(file);
            if (!sidecar.isOurs()) {
                return null;
            }
            SidecarFile.Outcome outcome = sidecar.change(one -> one.undo(names), options.dry);
            Status status = outcome == SidecarFile.Outcome.UNCHANGED ? Status.UNCHANGED : Status.UPDATED;
            return new Tagged(relative(file), List.of(), status, null, relative(file), 0);
        } catch (IOException e) {
            return problem(file, List.of(), e);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
