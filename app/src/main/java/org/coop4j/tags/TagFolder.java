package org.coop4j.tags;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.CheckedLines;
import org.coop4j.base.InputException;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.base.Require;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.clip.InputImage;
import org.coop4j.console.ProblemText;
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

    /** Number of pictures that are looked at together. */
    public static final int BATCH = 256;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final Options options;
    private final Progress progress;
    private final FileChannel lock; // null for a dry run, which writes nothing at all
    private final Path journal;
    private final Path places;
    private CheckedLines lines; // of the journal; null before the first is written
    private CheckedLines placed; // null before the first picture is put somewhere
    private SidecarFile.Finder sidecars;
    private boolean isSeveral; // labels per picture
    private final Map<String, Line> known = new HashMap<>(); // by path, of the present classifier and settings
    private final Map<String, Place> put = new LinkedHashMap<>(); // by place, what can be taken back

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
     * @param xmp false to write no sidecars
     * @param into where pictures are put; null to leave them where they are
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
            boolean dry,
            boolean xmp,
            LabelFolders into) {

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
            Stream.concat(labels.stream(), Stream.of(name, root, unknown == null ? "" : unknown))
                    .forEach(word -> Require.that(
                            word.matches("[\t\\x20-\uD7FF\uE000-\uFFFD\\x{10000}-\\x{10FFFF}]*"),
                            "\"%s\" has characters that XMP cannot hold",
                            word));
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
     * @param labels the surest first
     * @param reason why it failed; null otherwise
     * @param sidecar its file below the folder; null if there is none
     * @param to where it was put, or the same bytes were already
     * @param removed number of tags that somebody removed, and that are not written again
     */
    public record Tagged(
            String path,
            List<Label> labels,
            Status status,
            String reason,
            String sidecar,
            List<String> to,
            int removed) {

        /** Returns the names of the labels. */
        public List<String> names() {
            return labels.stream().map(Label::name).toList();
        }

        /** Returns the probability of the surest label; 0 for none. */
        public double probability() {
            return labels.isEmpty() ? 0 : labels.get(0).probability();
        }
    }

    /** A picture as it was when its result was written. */
    record Seen(long size, long time) {

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

    /** The steps of putting a picture somewhere. */
    private enum Step {
        BEGUN,
        DONE,
        GOING, // a copy that is being deleted
        BACK
    }

    /**
     * A picture that was put somewhere.
     *
     * @param name of the classifier
     * @param identity of the picture, as {@link LabelFolders#identity} says
     */
    private record Place(String name, String path, String to, String identity, boolean move, Step step) {
        boolean isStill() throws IOException {
            Path there = Path.of(to);
            return Files.exists(there) && LabelFolders.identity(there, move).equals(identity);
        }
    }

    private TagFolder(Path folder, Options options, StateFolder state, Progress progress) throws IOException {
        this.folder = folder;
        this.options = options;
        this.progress = progress;
        String key = Sha256.of(folder.toRealPath().toString()).substring(0, 16);
        Path tags = state.folder("tag");
        journal = tags.resolve(key + "-" + Sha256.of(options.name).substring(0, 8) + ".journal");
        places = tags.resolve(key + ".places");
        lock = options.dry ? null : locked(Files.createDirectories(tags).resolve(key + ".lock"));
        try {
            each(places, Place.class, this::note);
            each(journal, Line.class, this::note);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private FileChannel locked(Path file) throws IOException {
        return OpenFile.locked(file)
                .orElseThrow(() -> new InputException("another command tags " + folder + ": wait until it has ended"));
    }

    /** Reads the lines of a journal; null for one of a later version. */
    private static <T> void each(Path journal, Class<T> type, Consumer<T> note) throws IOException {
        CheckedLines.each(journal, (line, at) -> {
            T read = null;
            try {
                read = JSON.readValue(line, type);
            } catch (JsonProcessingException e) {
                // of a later version
            }
            note.accept(read);
            return true;
        });
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

    /** Returns the folder as it was given. */
    public Path folder() {
        return folder;
    }

    /**
     * Returns the pictures to tag, in the order of their paths.
     *
     * @param entered receives each folder before it is listed
     */
    public List<Path> pictures(Consumer<Path> entered) throws IOException {
        List<Path> all = new ImageFiles().images(folder, options.follow, (seen, attributes) -> {
            if (attributes.isDirectory()) {
                entered.accept(seen);
            }
        });
        all.removeIf(one -> options.into != null && options.into.hold(one));
        return all;
    }

    /**
     * Tags pictures, and puts them where they belong.
     *
     * @param each receives every picture in its turn
     */
    public void tag(ImageClassifier classifier, List<Path> pictures, Consumer<Tagged> each) throws IOException {
        isSeveral = classifier.predictsSets();
        sidecars = new SidecarFile.Finder(options.byStem);
        for (Place one : List.copyOf(put.values())) {
            Place unused = finished(one);
        }
        try (Task task = progress.task("tagging", pictures.size(), Unit.IMAGES)) {
            for (int from = 0; from < pictures.size(); from += BATCH) {
                List<Path> batch = pictures.subList(from, Math.min(pictures.size(), from + BATCH));
                Map<Path, Tagged> results = new LinkedHashMap<>();
                batch.forEach(one -> results.put(one, known(one)));
                List<Path> open =
                        batch.stream().filter(one -> results.get(one) == null).toList();
                classifier.classifyEach(open.stream().map(InputImage::of).toList(), new ImageClassifier.Listener() {
                    @Override
                    public void predicted(int index, List<Prediction> ranked) {
                        results.put(open.get(index), write(open.get(index), labels(ranked)));
                    }

                    @Override
                    public void failed(int index, IOException problem) {
                        results.put(open.get(index), problem(open.get(index), List.of(), problem));
                    }
                });
                results.values().forEach(each);
                task.advance(batch.size());
            }
        }
    }

    private void note(Line read) {
        if (read == null) {
            known.clear(); // everything is looked at again
        } else if (read.classifier.equals(options.classifierSha256) && read.settings.equals(options.settings())) {
            known.put(read.path, read);
        } else {
            known.remove(read.path);
        }
    }

    private Result result(String pictureSha256, List<Label> labels) {
        return new Result(
                options.name, options.classifierSha256, pictureSha256, options.settings(), options.root, labels);
    }

    /** Returns a picture whose result is written; null if it has to be looked at. */
    private Tagged known(Path picture) {
        if (options.again || !options.xmp) {
            return null;
        }
        try {
            SidecarFile file = sidecars.of(picture);
            Sidecar sidecar = file.read();
            Line line = known.get(relative(picture));
            boolean same = line != null && Seen.of(picture).equals(new Seen(line.size, line.time));
            String sha256 = same || sidecar.text().isEmpty() ? null : Sha256.of(picture);
            Optional<List<Label>> written = sidecar.labels(result(sha256, List.of()), same);
            return written.isEmpty() && !(same && line.none)
                    ? null
                    : placed(
                            picture,
                            written.orElse(List.of()),
                            sidecar.removed(options.name, options.root),
                            Status.SKIPPED,
                            file);
        } catch (IOException e) {
            return null; // it is named when its result is to be written
        }
    }

    private Tagged write(Path picture, List<Label> labels) {
        try {
            SidecarFile file = sidecars.of(picture);
            Status status = Status.UNCHANGED;
            List<String> removed = new ArrayList<>();
            if (options.xmp) {
                Seen before = Seen.of(picture);
                Result result = result(Sha256.of(picture), labels);
                SidecarFile.Outcome outcome = file.change(
                        sidecar -> {
                            removed.clear();
                            removed.addAll(sidecar.write(result, options.again));
                        },
                        options.dry);
                status = Status.valueOf(outcome.name());
                if (!options.dry) {
                    lines = lines == null ? open(journal) : lines;
                    Line line = new Line(
                            relative(picture),
                            before.size,
                            before.time,
                            result.classifierSha256(),
                            result.settings(),
                            labels.isEmpty());
                    lines.add(JSON.writeValueAsString(line), false);
                }
            }
            return placed(picture, labels, removed, status, file);
        } catch (IOException e) {
            return problem(picture, labels, e);
        }
    }

    /** Opens a journal whose lines are known. */
    private static CheckedLines open(Path file) throws IOException {
        CheckedLines lines = CheckedLines.open(file);
        lines.read((line, at) -> true);
        return lines;
    }

    /** Puts a picture where it belongs, but for labels that somebody has removed. */
    private Tagged placed(Path picture, List<Label> labels, List<String> removed, Status status, SidecarFile file)
            throws IOException {
        List<String> to = new ArrayList<>();
        for (Label label : options.into == null ? List.<Label>of() : labels) {
            if (!removed.contains(label.name())) {
                to.add(place(picture, label.name()).toString());
            }
        }
        boolean isThere = Files.exists(file.file()) || (options.dry && status == Status.CREATED);
        return new Tagged(
                relative(picture), labels, status, null, isThere ? relative(file.file()) : null, to, removed.size());
    }

    private Tagged problem(Path picture, List<Label> labels, IOException problem) {
        return new Tagged(relative(picture), labels, Status.FAILED, ProblemText.of(problem), null, List.of(), 0);
    }

    // Places

    private void note(Place read) {
        if (read != null && read.step == Step.BACK) {
            put.remove(read.to);
        } else if (read != null) {
            put.put(read.to, read);
        }
    }

    private void note(Place place, Step step) throws IOException {
        placed = placed == null ? open(places) : placed;
        Place now = new Place(place.name, place.path, place.to, place.identity, place.move, step);
        placed.add(JSON.writeValueAsString(now), step == Step.BEGUN || step == Step.GOING);
        note(now);
    }

    private Path place(Path picture, String label) throws IOException {
        boolean moves = options.into.moves();
        String identity = LabelFolders.identity(picture, moves);
        Path to = options.into.put(picture, label, options.dry, place -> {
            String path = relative(picture);
            note(new Place(options.name, path, place.toString(), identity, moves, Step.BEGUN), Step.BEGUN);
        });
        Place begun = put.get(to.toString());
        if (!options.dry && begun != null && begun.step == Step.BEGUN) {
            note(begun, Step.DONE);
        }
        return to;
    }

    /** Finishes what a killed command has begun; returns null if nothing is left of it. */
    private Place finished(Place one) throws IOException {
        if (options.dry) {
            return one;
        }
        Path picture = folder.resolve(one.path);
        Path to = Path.of(one.to);
        if (one.step == Step.GOING) {
            takeBack(one);
        } else if (one.step == Step.BEGUN) {
            AtomicFile.removeLeftOvers(to);
            Place now = one;
            if (LabelFolders.isSame(picture, to)) {
                LabelFolders.carry(picture, to, one.move);
                String identity = LabelFolders.identity(to, one.move);
                now = new Place(one.name, one.path, one.to, identity, one.move, one.step);
            }
            note(now, now.isStill() ? Step.DONE : Step.BACK);
        }
        return put.get(one.to);
    }

    private Tagged takenBack(Place begun) {
        Path picture = folder.resolve(begun.path);
        Path to = Path.of(begun.to);
        try {
            Place one = finished(begun);
            if (one != null && one.step == Step.DONE && Files.exists(to)) {
                InputException.require(one.isStill(), "%s was changed: it stays", to);
                InputException.require(
                        one.move || LabelFolders.isSame(picture, to),
                        "%s is not there any more: its copy stays",
                        picture);
            }
            if (one != null && !options.dry) {
                takeBack(one);
            }
            InputException.require(options.dry || Files.exists(picture), "%s is gone", to);
            return new Tagged(begun.path, List.of(), Status.UPDATED, null, null, List.of(), 0);
        } catch (IOException e) {
            return problem(picture, List.of(), e);
        }
    }

    private void takeBack(Place one) throws IOException {
        Path picture = folder.resolve(one.path);
        Path to = Path.of(one.to);
        if (Files.exists(to) && one.move) {
            Files.createDirectories(picture.getParent());
            LabelFolders.carry(to, picture, true);
        } else if (Files.exists(to)) {
            note(one, Step.GOING);
            LabelFolders.delete(to);
        }
        AtomicFile.removeLeftOvers(to);
        note(one, Step.BACK);
    }

    // Labels

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
     * @param each receives every picture that was put somewhere, and every sidecar that has a record of ours
     */
    public void undo(Predicate<String> names, Consumer<Tagged> each) throws IOException {
        List<Place> back = new ArrayList<>(put.values());
        Collections.reverse(back);
        back.removeIf(one -> !names.test(one.name));
        each("taking pictures back", back, this::takenBack, each);
        sidecars = new SidecarFile.Finder(options.byStem);
        List<Path> files;
        try (Stream<Path> all = Files.walk(folder)) {
            files = all.peek(options.dry ? file -> {} : AtomicFile::removeLeftOver)
                    .filter(file -> file.toString().endsWith(".xmp") && Files.isRegularFile(file))
                    .sorted()
                    .toList();
        }
        each("taking tags back", files, file -> undone(file, names), each);
        if (!options.dry) {
            Files.deleteIfExists(journal);
        }
        if (placed != null && put.isEmpty()) {
            placed.close();
            Files.delete(places);
        }
    }

    private <T> void each(String work, List<T> all, Function<T, Tagged> takenBack, Consumer<Tagged> each) {
        try (Task task = progress.task(work, all.size(), Unit.IMAGES)) {
            for (T one : all) {
                Tagged tagged = takenBack.apply(one);
                if (tagged != null) {
                    each.accept(tagged);
                }
                task.advance(1);
            }
        }
    }

    private Tagged undone(Path file, Predicate<String> names) {
        try {
            SidecarFile sidecar = sidecars.ofFile(file);
            if (!sidecar.isOurs()) {
                return null;
            }
            SidecarFile.Outcome outcome = sidecar.change(one -> one.undo(names), options.dry);
            return new Tagged(
                    relative(file), List.of(), Status.valueOf(outcome.name()), null, relative(file), List.of(), 0);
        } catch (IOException e) {
            return problem(file, List.of(), e);
        }
    }

    @Override
    public void close() throws IOException {
        for (Closeable one : new Closeable[] {lines, placed, lock}) {
            if (one != null) {
                one.close();
            }
        }
    }
}
