package org.coop4j.studio;

import static org.coop4j.studio.StudioProblem.found;
import static org.coop4j.studio.StudioProblem.require;
import static org.eclipse.jetty.http.HttpStatus.CONFLICT_409;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Sha256;
import org.coop4j.base.StateFolder;
import org.coop4j.base.WatchedProgress;
import org.coop4j.clip.Clip;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Table;
import org.coop4j.predict.ClassifierModel;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.tags.LabelFolders;
import org.coop4j.tags.TagFolder;
import org.coop4j.tags.TagFolder.Options;
import org.coop4j.tags.TagFolder.Status;
import org.coop4j.tags.TagFolder.Tagged;

/** Another folder, to which what was learned last is applied: tried first, then as tags, copies, moves or a table. */
final class OtherFolder {

    private static final int LISTED = 60;

    private final Studio studio;
    private final Runs runs;
    private final Clip clip;
    private final StateFolder user;
    private final Background work;
    private volatile Result result;
    private int results; // of the worker

    OtherFolder(Studio studio, Runs runs, Clip clip, StateFolder user, Runnable listener) {
        this.studio = studio;
        this.runs = runs;
        this.clip = clip;
        this.user = user;
        this.work = new Background("%s.", listener);
    }

    /** A use of the answers. */
    enum Way {
        TAGS,
        COPY,
        MOVE,
        TABLE
    }

    /**
     * The choices of a person.
     *
     * @param into null for tags and tables
     * @param percent least probability of a label
     * @param again true to write tags that somebody removed
     */
    record Order(Path folder, Path into, Way way, int percent, boolean again) {}

    /**
     * The answers, and what was done with them.
     *
     * @param number of the result, since a page may still show an earlier one
     * @param there pictures that were in their folder before
     */
    private record Result(int number, Order order, boolean tried, boolean undone, List<Tagged> rows, int there) {}

    /**
     * A picture to look at.
     *
     * @param id the result's number and its own
     * @param label the surest; null for none
     */
    record Row(String id, String path, String label, double probability, String reason) {}

    /**
     * The screen.
     *
     * @param number of the result
     * @param tried true if nothing is done yet
     * @param there pictures that were in their folder before
     * @param classes number of pictures by label
     * @param doubtful the least sure first
     */
    record Screen(
            int number,
            String folder,
            String into,
            String way,
            int percent,
            boolean tried,
            boolean undone,
            Map<Status, Integer> counts,
            int none,
            int removed,
            int there,
            Map<String, Integer> classes,
            List<Row> doubtful,
            List<Row> failed) {}

    /** Returns what is being done. */
    Background work() {
        return work;
    }

    /** Says what would be done. */
    void begin(Order order) {
        require(order.percent >= 0 && order.percent < 100, "The least probability is a number from 0 to 99 %%.");
        start(order, true, false, Set.of());
    }

    /**
     * Does what was tried.
     *
     * @param number of the result that the person has seen
     * @param without pictures that are left out
     */
    void go(int number, Collection<String> without) {
        Result last = last();
        if (number != last.number || !last.tried) {
            throw new StudioProblem(CONFLICT_409, "This was counted again, or done: look at the counts first.");
        }
        Set<String> left = new HashSet<>();
        without.forEach(one -> left.add(row(last, one).path()));
        start(last.order, false, false, left);
    }

    /** Takes back what was done in the folder. */
    void undo() {
        start(last().order, false, true, Set.of());
    }

    private void start(Order order, boolean dry, boolean undo, Set<String> without) {
        if (!dry) {
            studio.requireWritable();
        }
        work.begin(
                "The other folder",
                "Another folder is at work: wait for it, or stop it.",
                progress -> work(order, dry, undo, without, progress));
    }

    private void work(Order order, boolean dry, boolean undo, Set<String> without, WatchedProgress progress)
            throws IOException {
        List<Tagged> rows = new ArrayList<>();
        boolean whole = false;
        try (ImageClassifier classifier = ImageClassifier.load(runs.latestFolder(), clip);
                TagFolder tags = TagFolder.open(order.folder, options(order, dry, classifier), user, progress)) {
            if (undo) {
                tags.undo(studio.root().getFileName().toString()::equals, rows::add);
            } else {
                List<Path> pictures = tags.pictures(entered -> {});
                pictures.removeIf(
                        one -> without.contains(order.folder.relativize(one).toString()));
                tags.tag(classifier, pictures, rows::add);
            }
            whole = true;
        } catch (CancellationException e) {
            String stopped = "Stopped after %s. Count again to go on.";
            throw new StudioProblem(CONFLICT_409, stopped.formatted(Numbers.count(rows.size(), "picture")));
        } finally {
            if (whole || !dry) {
                result = new Result(++results, order, dry, undo, rows, dry ? there(rows) : 0);
            }
        }
    }

    private static int there(List<Tagged> rows) {
        return (int) rows.stream()
                .filter(one -> one.to().stream().anyMatch(to -> Files.exists(Path.of(to))))
                .count();
    }

    private Options options(Order order, boolean dry, ImageClassifier classifier) throws IOException {
        boolean several = classifier.predictsSets();
        InputException.require(
                !several || order.way != Way.MOVE, "a picture of several labels has no one folder: copy them");
        String name = studio.root().getFileName().toString();
        LabelFolders into = null;
        try {
            if (order.into != null) {
                into = new LabelFolders(order.into, order.way == Way.MOVE, classifier.classNames());
            }
        } catch (IllegalArgumentException e) {
            throw StudioProblem.of(e);
        }
        return new Options(
                name,
                Sha256.of(ClassifierModel.classifierFile(runs.latestFolder())),
                "coop4j/" + name,
                several ? null : Double.valueOf(order.percent / 100.0),
                null,
                false,
                false,
                order.again,
                dry || order.way == Way.TABLE,
                order.way == Way.TAGS,
                into);
    }

    private Result last() {
        return found(result, "No folder was tried yet.");
    }

    private static Tagged row(Result last, String id) {
        String own = last.number + "-";
        String at = id.startsWith(own) ? id.substring(own.length()) : "";
        boolean isThere = at.matches("\\d{1,9}") && Integer.parseInt(at) < last.rows.size();
        require(isThere, "There is no picture %s.", id);
        return last.rows.get(Integer.parseInt(at));
    }

    Screen screen() {
        Result last = last();
        Map<Status, Integer> counts = new TreeMap<>();
        Map<String, Integer> classes = new TreeMap<>();
        for (Tagged one : last.rows) {
            counts.merge(one.status(), 1, Integer::sum);
            one.names().forEach(label -> classes.merge(label, 1, Integer::sum));
        }
        List<Row> rows = IntStream.range(0, last.rows.size())
                .mapToObj(i -> row(last.number + "-" + i, last.rows.get(i)))
                .toList();
        Order order = last.order;
        return new Screen(
                last.number,
                order.folder.toString(),
                order.into == null ? null : order.into.toString(),
                order.way.name().toLowerCase(Locale.ROOT),
                order.percent,
                last.tried,
                last.undone,
                counts,
                (int) rows.stream()
                        .filter(one -> one.label == null && one.reason == null)
                        .count(),
                last.rows.stream().mapToInt(Tagged::removed).sum(),
                last.there,
                classes,
                rows.stream()
                        .filter(one -> one.label != null)
                        .sorted(Comparator.comparing(Row::probability))
                        .limit(LISTED)
                        .toList(),
                rows.stream().filter(one -> one.reason != null).limit(LISTED).toList());
    }

    private static Row row(String id, Tagged one) {
        String label = one.names().isEmpty() ? null : one.names().get(0);
        return new Row(id, one.path(), label, one.probability(), one.reason());
    }

    /** Returns a small JPEG of a picture. */
    byte[] thumbnail(String id) {
        Result last = last();
        return studio.small(last.order.folder.resolve(row(last, id).path()));
    }

    /** Returns all answers as CSV. */
    String csv() {
        return CsvFormat.text(new Table<Tagged>()
                .text("path", Tagged::path)
                .text("labels", one -> String.join("; ", one.names()))
                .number("probability", 4, Tagged::probability)
                .text("reason", Tagged::reason)
                .rows(last().rows));
    }
}
