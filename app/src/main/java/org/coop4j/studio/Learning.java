package org.coop4j.studio;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.studio.StudioProblem.UNCHANGED;
import static org.eclipse.jetty.http.HttpStatus.CONFLICT_409;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.Interval;
import org.coop4j.data.DataSpec;
import org.coop4j.data.Examples;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.SplitFile;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.data.bank.FeatureBanks.ImageTransform;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.data.bank.ImageFeatures.HashedImage;
import org.coop4j.eval.Coverage;
import org.coop4j.eval.Predictions;
import org.coop4j.eval.Scores;
import org.coop4j.findings.LabelErrors;
import org.coop4j.findings.McNemar;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.findings.RunComparison.NearDuplicates;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.RunFolder;
import org.coop4j.run.Sample;
import org.coop4j.run.Support;
import org.coop4j.studio.Studio.Picture;
import org.coop4j.studio.Studio.Snapshot;
import org.slf4j.Logger;

/**
 * Learns from a studio's pictures in the background: encodes them, and fits a quick classifier again after each change. On
 * request it does a run like that of {@code coop train}.
 */
final class Learning implements Closeable {

    private static final Logger LOG = Log.of(Learning.class);

    /** Pictures that are encoded before changes are looked for. */
    private static final int PART = 32;

    /** Least probability of a picture that is shown as one of a class. */
    private static final double SURE = 0.5;

    private static final int MOST_GROUPS = 24;

    /** Pictures per class from which on more help little. */
    private static final int ENOUGH = 20;

    /** Limit of the number of pictures that are compared with each other. */
    private static final int MOST_COMPARED = 6000;

    /** File of a run's numbers. */
    private static final String NUMBERS = "studio.json";

    private final Studio studio;
    private final Clip clip;
    private final FeatureBanks banks;
    private final Runnable listener;
    private final Map<String, float[]> features = new ConcurrentHashMap<>(); // of unit length, by id
    private final Map<String, float[]> raw = new ConcurrentHashMap<>();
    private final Map<String, Boolean> known = new ConcurrentHashMap<>(); // by class
    private final Set<String> unreadable = ConcurrentHashMap.newKeySet();
    private final Thread worker = new Thread(this::work, "coop4j-studio");
    private boolean closed;
    private boolean changed = true;
    private volatile Fit fit;
    private volatile Fit before; // the fit before the latest change
    private volatile Work running;
    private final Run.Options options;
    private volatile String failure;
    private volatile Cleaned cleaned;
    private Thread learner;

    /**
     * A quick classifier.
     *
     * @param revision of the labels that it learned from
     * @param learned number of pictures per class
     * @param tested test pictures
     * @param scores of the test pictures; none if nothing is tested
     * @param byNames number of test pictures that the names alone classify correctly
     */
    record Fit(
            long revision,
            List<String> classes,
            ImageClassifier images,
            Map<String, Integer> learned,
            List<Picture> tested,
            Scores scores,
            int byNames,
            double unlike) {

        int right() {
            return scores.right();
        }

        Classifier classifier() {
            return images.classifier();
        }

        private List<String> test() {
            return tested.stream()
                    .map(one -> one.sha256() + one.className())
                    .sorted()
                    .toList();
        }
    }

    /** Progress of a run, which ends when it is cancelled. */
    static final class Work implements Progress {

        private final Runnable listener;
        private volatile long began = System.nanoTime();
        private volatile boolean cancelled;
        volatile double done;
        volatile String label = "Learning";

        Work(Runnable listener) {
            this.listener = listener;
        }

        Integer secondsLeft() {
            double seconds = (System.nanoTime() - began) / 1e9;
            return done < 0.02 ? null : (int) Math.ceil(seconds * (1 - done) / done);
        }

        private void proceed() {
            if (cancelled) {
                throw new CancellationException();
            }
            listener.run();
        }

        @Override
        public void note(String message) {
            proceed();
        }

        @Override
        public Task task(String name, long total, Unit unit) {
            label = name;
            done = 0;
            began = System.nanoTime();
            proceed();
            return new CountedTask(total) {
                @Override
                protected void advanced(long more) {
                    done = total() == 0 ? 0 : (double) done() / total();
                    proceed();
                }
            };
        }
    }

    /** A picture with the probability of its group's class. */
    record Member(String id, double probability) {}

    /** Pictures to be labelled together. */
    record Group(String kind, String label, List<Member> pictures) {}

    /** The groups, and by what they were made. */
    record Groups(String by, List<Group> groups) {}

    /** A screen that is useful next, and the words of its button. */
    record Next(String screen, String label) {}

    /** The line at the top. */
    record Sentence(String text, String evidence, Next next) {}

    /**
     * @param listener called when there is something new
     */
    Learning(Studio studio, Clip clip, Path bank, Runnable listener) {
        this.studio = studio;
        this.clip = clip;
        this.banks = new FeatureBanks(bank);
        this.listener = listener;
        this.options = new Run.Options(bank, false, MemoryLimit.none());
        worker.setDaemon(true);
    }

    /** Begins to work. */
    void start() {
        worker.start();
    }

    /** Notes that labels or pictures have changed. */
    synchronized void changed() {
        changed = true;
        notifyAll();
    }

    private void work() {
        while (true) {
            Snapshot now;
            try {
                now = next();
            } catch (InterruptedException e) {
                return;
            }
            if (now == null) {
                return;
            }
            try {
                boolean more = encode(now);
                fit(now);
                if (more) {
                    changed();
                }
            } catch (IOException | RuntimeException e) {
                LOG.warn("the pictures cannot be learned from: {}", e.toString());
            }
            listener.run();
        }
    }

    private Snapshot next() throws InterruptedException {
        synchronized (this) {
            while (!changed && !closed) {
                wait();
            }
            changed = false;
            if (closed) {
                return null;
            }
        }
        return studio.snapshot();
    }

    /** Encodes some pictures, those with a label first; returns true if more are left. */
    private boolean encode(Snapshot now) throws IOException {
        Map<String, Picture> missing = new LinkedHashMap<>();
        now.pictures().stream()
                .filter(one -> !features.containsKey(one.id()) && !unreadable.contains(one.id()))
                .sorted(Comparator.comparing(one -> one.className() == null))
                .forEach(one -> missing.putIfAbsent(one.id(), one));
        List<Picture> some = missing.values().stream().limit(PART).toList();
        if (some.isEmpty()) {
            return false;
        }
        List<LabelledImage> images = some.stream().map(this::image).toList();
        ImageTransform transform = ImageTransform.test(clip.preprocessing());
        ImageFeatures encoded =
                banks.encode(clip, transform, FeatureKind.EMBEDDED, images, "pictures", true, Progress.NONE);
        float[][] rows = encoded.matrix().toRows();
        for (int i = 0; i < encoded.size(); i++) {
            String id = Picture.id(encoded.images().get(i).sha256());
            raw.put(id, rows[i]);
            features.put(id, FeatureMatrix.unit(rows[i]));
        }
        for (Picture one : some) {
            if (!features.containsKey(one.id()) && Files.exists(studio.root().resolve(one.path()))) {
                unreadable.add(one.id());
            }
        }
        return missing.size() > some.size();
    }

    private LabelledImage image(Picture one) {
        return new LabelledImage(studio.root().resolve(one.path()), 0, "picture", ExifOrientation.APPLY);
    }

    /** Learns again if labels have changed since, and all labelled pictures are encoded. */
    private void fit(Snapshot now) throws IOException {
        Fit last = fit;
        boolean waits = now.pictures().stream()
                .anyMatch(one ->
                        one.className() != null && !features.containsKey(one.id()) && !unreadable.contains(one.id()));
        if (waits || (last != null && last.revision == now.revision())) {
            return;
        }
        Map<String, List<Picture>> train = new LinkedHashMap<>();
        List<Picture> tested = new ArrayList<>();
        for (Picture one : now.pictures()) {
            if (one.className() != null && features.containsKey(one.id())) {
                if (now.isTest(one)) {
                    tested.add(one);
                } else {
                    train.computeIfAbsent(one.className(), name -> new ArrayList<>())
                            .add(one);
                }
            }
        }
        if (train.size() < 2) {
            fit = null;
            return;
        }
        List<String> names = train.keySet().stream().sorted().toList();
        tested.removeIf(one -> !names.contains(one.className()));
        List<Picture> all =
                names.stream().flatMap(name -> train.get(name).stream()).toList();
        float[][] rows = all.stream().map(one -> raw.get(one.id())).toArray(float[][]::new);
        int[] labels =
                all.stream().mapToInt(one -> names.indexOf(one.className())).toArray();
        ImageClassifier learner = ImageClassifier.learn(clip, Examples.of(names, rows, labels), Method.closedForm());
        Classifier classifier = learner.classifier();
        Map<String, Integer> learned = new HashMap<>();
        train.forEach((name, some) -> learned.put(name, some.size()));
        Fit made = new Fit(
                now.revision(),
                names,
                learner,
                learned,
                tested,
                scores(classifier, names, tested),
                scores(byNames(names), names, tested).right(),
                unlike(all));
        if (last != null) {
            Fit old = before;
            before = last;
            close(old);
        }
        fit = made;
    }

    private static void close(Fit old) throws IOException {
        if (old != null) {
            old.images.close();
        }
    }

    private Classifier byNames(List<String> names) throws IOException {
        return PromptEnsemble.of(PromptTemplates.PHOTO).classifier(clip, names);
    }

    private Scores scores(Classifier classifier, List<String> names, List<Picture> pictures) {
        if (pictures.isEmpty()) {
            return Scores.NONE;
        }
        int[] labels = pictures.stream()
                .mapToInt(one -> names.indexOf(one.className()))
                .toArray();
        return new Scores(labels, classifier.logits(rows(pictures)).toRows());
    }

    private FeatureMatrix rows(List<Picture> pictures) {
        return FeatureMatrix.of(pictures.stream().map(one -> raw.get(one.id())).toArray(float[][]::new));
    }

    /** Returns the similarity to its nearest neighbour that 98 of 100 labelled pictures exceed. */
    private double unlike(List<Picture> all) {
        double[] nearest = all.stream()
                .limit(500)
                .mapToDouble(one -> nearest(one, all))
                .sorted()
                .toArray();
        return nearest[nearest.length / 50];
    }

    private double nearest(Picture one, List<Picture> others) {
        float[] own = features.get(one.id());
        double best = -1;
        for (Picture other : others) {
            if (!other.id().equals(one.id())) {
                best = Math.max(best, dot(own, features.get(other.id())));
            }
        }
        return best;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    // For the screens

    int encoded() {
        return features.size() + unreadable.size();
    }

    /** Returns the number of mistakes on the test pictures, but for labels that were declared right. */
    int mistaken(Snapshot now) {
        Fit last = fit;
        if (last == null) {
            return 0;
        }
        boolean[] correct = last.scores.correct();
        return (int) IntStream.range(0, correct.length)
                .filter(i -> !correct[i] && !now.isKept(last.tested.get(i)))
                .count();
    }

    Optional<Fit> latest() {
        return Optional.ofNullable(fit);
    }

    Work running() {
        return running;
    }

    boolean isUnreadable(Picture one) {
        return unreadable.contains(one.id());
    }

    boolean knows(String className) {
        return known.computeIfAbsent(
                className, name -> UnknownWords.of(clip, List.of(name)).isEmpty());
    }

    /** Returns the picture that is most like the others of its class. */
    String typical(List<Picture> pictures) {
        List<Picture> some =
                pictures.stream().filter(one -> features.containsKey(one.id())).toList();
        if (some.isEmpty()) {
            return null;
        }
        float[] sum = new float[clip.embedDim()];
        some.forEach(one -> add(sum, features.get(one.id())));
        return some.stream()
                .max(Comparator.comparingDouble(one -> dot(sum, features.get(one.id()))))
                .orElseThrow()
                .id();
    }

    private static void add(float[] sum, float[] row) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += row[i];
        }
    }

    /** Returns the line at the top for a state of the folder. */
    Sentence sentence(Snapshot now) {
        int unsorted = now.of(null).size();
        Next sort = new Next("sort", "Sort " + count(unsorted, "picture"));
        if (now.pictures().isEmpty()) {
            return new Sentence(
                    "Add pictures to begin.", "Drop files or folders here.", new Next("board", "Add pictures"));
        }
        Fit last = fit;
        if (last == null) {
            return new Sentence(
                    "The studio learns from two classes on.",
                    "%s, %s so far."
                            .formatted(
                                    count(now.pictures().size(), "picture"),
                                    count(now.classes().size(), "class", "classes")),
                    unsorted > 0 ? sort : new Next("board", "New class"));
        }
        if (last.tested.isEmpty()) {
            return new Sentence(
                    "Nothing is tested yet.",
                    "Add pictures: a class is tested from 8 on.",
                    unsorted > 0 ? sort : new Next("board", "Add pictures"));
        }
        int n = last.tested.size();
        Interval likely = Interval.wilson(last.right(), n);
        long low = Math.round(likely.low() / 10);
        long high = Math.round(likely.high() / 10);
        String text = low == high
                ? "Of 10 new pictures, %d would be right.".formatted(low)
                : "Of 10 new pictures, %d to %d would be right.".formatted(low, high);
        String evidence = "%d of %d test pictures are right (%d %%, likely %d to %d %%). %s"
                .formatted(
                        last.right(),
                        n,
                        Math.round(100.0 * last.right() / n),
                        Math.round(likely.low()),
                        Math.round(likely.high()),
                        compared(last));
        int wrong = n - last.right();
        Next next = unsorted > 0
                ? sort
                : wrong > 0 ? new Next("mistakes", "Look at " + count(wrong, "mistake")) : new Next("learn", "Learn");
        return new Sentence(text, evidence, next);
    }

    private String compared(Fit last) {
        String names = than(last.right() - last.byNames, "without learning").replaceFirst("^as", "As");
        Fit earlier = before;
        if (earlier == null || earlier.tested.isEmpty()) {
            return names + ".";
        }
        return earlier.test().equals(last.test())
                ? "%s, %s.".formatted(names, than(last.right() - earlier.right(), "before your last change"))
                : names + ". The test pictures have changed.";
    }

    private static String than(int more, String what) {
        return more == 0
                ? "as many as " + what
                : "%d %s than %s".formatted(Math.abs(more), more > 0 ? "more" : "fewer", what);
    }

    /** Returns unsorted pictures in groups to be labelled, the surest first. */
    Groups groups() throws IOException {
        Snapshot now = studio.snapshot();
        List<Picture> open = now.of(null).stream()
                .filter(one -> features.containsKey(one.id()))
                .toList();
        Fit last = fit;
        List<String> known = now.classes().stream().filter(this::knows).toList();
        if (open.isEmpty()) {
            return new Groups("alike", List.of());
        }
        if (last != null) {
            return byClassifier(
                    "classifier",
                    last.classifier(),
                    last.classes,
                    open,
                    now.pictures().stream()
                            .filter(one -> one.className() != null && features.containsKey(one.id()))
                            .toList(),
                    last.unlike);
        }
        return known.size() >= 2
                ? byClassifier("names", byNames(known), known, open, List.of(), -1)
                : new Groups("alike", alike(open));
    }

    private Groups byClassifier(
            String by,
            Classifier classifier,
            List<String> names,
            List<Picture> open,
            List<Picture> labelled,
            double unlike) {
        Map<String, List<Member>> sure = new LinkedHashMap<>();
        List<Member> unsure = new ArrayList<>();
        List<Member> nothing = new ArrayList<>();
        float[][] logits = classifier.logits(rows(open)).toRows();
        double[] likeness = open.parallelStream()
                .mapToDouble(one -> labelled.isEmpty() ? 1 : nearest(one, labelled))
                .toArray();
        for (int i = 0; i < open.size(); i++) {
            double[] p = classifier.probabilities(logits[i]);
            int best = Predictions.argmax(logits[i]);
            Member member = new Member(open.get(i).id(), p[best]);
            if (likeness[i] < unlike) {
                nothing.add(member);
            } else if (p[best] < SURE) {
                unsure.add(member);
            } else {
                sure.computeIfAbsent(names.get(best), name -> new ArrayList<>()).add(member);
            }
        }
        List<Group> groups = new ArrayList<>();
        sure.forEach((name, members) -> groups.add(new Group("class", name, sorted(members))));
        groups.sort(Comparator.comparingDouble(one -> -one.pictures.stream()
                .mapToDouble(Member::probability)
                .average()
                .orElse(0)));
        if (!unsure.isEmpty()) {
            groups.add(new Group("unsure", null, sorted(unsure)));
        }
        if (!nothing.isEmpty()) {
            groups.add(new Group("nothing", null, sorted(nothing)));
        }
        return new Groups(by, groups);
    }

    private static List<Member> sorted(List<Member> members) {
        return members.stream()
                .distinct()
                .sorted(Comparator.comparingDouble(Member::probability).reversed())
                .toList();
    }

    /** Returns groups of alike pictures by k-means on the sphere, after the mean of all was subtracted. */
    private List<Group> alike(List<Picture> open) {
        int width = clip.embedDim();
        float[] mean = new float[width];
        open.forEach(one -> add(mean, features.get(one.id())));
        float[][] rows = open.stream()
                .map(one -> {
                    float[] row = features.get(one.id()).clone();
                    for (int i = 0; i < width; i++) {
                        row[i] -= mean[i] / open.size();
                    }
                    return row;
                })
                .map(row -> dot(row, row) > 0 ? FeatureMatrix.unit(row) : row)
                .toArray(float[][]::new);
        int k = Math.min(MOST_GROUPS, Math.max(1, (int) Math.round(Math.sqrt(open.size() / 2.0))));
        float[][] centres = centres(rows, k);
        int[] groups = new int[rows.length];
        for (int round = 0; round < 12; round++) {
            IntStream.range(0, rows.length)
                    .parallel()
                    .forEach(i -> groups[i] = Predictions.argmax(centres.length, c -> dot(rows[i], centres[c])));
            for (int c = 0; c < centres.length; c++) {
                float[] sum = new float[width];
                for (int i = 0; i < rows.length; i++) {
                    if (groups[i] == c) {
                        add(sum, rows[i]);
                    }
                }
                centres[c] = dot(sum, sum) > 0 ? FeatureMatrix.unit(sum) : centres[c];
            }
        }
        List<Group> found = new ArrayList<>();
        for (int c = 0; c < centres.length; c++) {
            List<Member> members = new ArrayList<>();
            for (int i = 0; i < rows.length; i++) {
                if (groups[i] == c) {
                    members.add(new Member(open.get(i).id(), Math.max(0, dot(rows[i], centres[c]))));
                }
            }
            if (!members.isEmpty()) {
                found.add(new Group("alike", null, sorted(members)));
            }
        }
        found.sort(Comparator.comparingInt(one -> -one.pictures.size()));
        return found;
    }

    /** Returns the first picture, and those farthest from the ones before. */
    private static float[][] centres(float[][] rows, int k) {
        float[][] centres = new float[k][];
        double[] nearest = new double[rows.length];
        Arrays.fill(nearest, -2);
        centres[0] = rows[0];
        for (int c = 1; c < k; c++) {
            for (int i = 0; i < rows.length; i++) {
                nearest[i] = Math.max(nearest[i], dot(rows[i], centres[c - 1]));
            }
            centres[c] = rows[Predictions.argmax(rows.length, i -> -nearest[i])];
        }
        return centres;
    }

    /** A test picture that is classified as another class. */
    record Mistake(
            String id,
            String label,
            String predicted,
            double probability,
            List<String> own,
            List<String> other,
            String verdict,
            String sentence) {}

    /** The confusion matrix, a row per class, and its pictures off the diagonal. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Mistakes(int tested, List<String> classes, int[][] matrix, List<Mistake> mistakes) {}

    Mistakes mistakes() {
        Fit last = fit;
        if (last == null || last.tested.isEmpty()) {
            return new Mistakes(0, List.of(), new int[0][], List.of());
        }
        Snapshot now = studio.snapshot();
        int k = last.classes.size();
        int[][] matrix = new int[k][k];
        List<Mistake> mistakes = new ArrayList<>();
        int[] predicted = last.scores.predictions();
        for (int i = 0; i < last.tested.size(); i++) {
            int label = last.scores.labels()[i];
            matrix[label][predicted[i]]++;
            if (label != predicted[i] && !now.isKept(last.tested.get(i))) {
                mistakes.add(mistake(last, now, i, predicted[i]));
            }
        }
        mistakes.sort(Comparator.comparingDouble(Mistake::probability).reversed());
        return new Mistakes(last.tested.size(), last.classes, matrix, mistakes);
    }

    private Mistake mistake(Fit last, Snapshot now, int i, int predicted) {
        Picture one = last.tested.get(i);
        String other = last.classes.get(predicted);
        double p = last.classifier().probabilities(last.scores.logits()[i])[predicted];
        List<Picture> similar = now.pictures().stream()
                .filter(each -> each.className() != null && !now.isTest(each) && features.containsKey(each.id()))
                .sorted(Comparator.comparingDouble(each -> -dot(features.get(one.id()), features.get(each.id()))))
                .toList();
        boolean wrong =
                similar.stream().limit(3).allMatch(each -> each.className().equals(other));
        return new Mistake(
                one.id(),
                one.className(),
                other,
                p,
                first(similar, one.className()),
                first(similar, other),
                wrong ? "wrong" : "hard",
                wrong
                        ? "Probably a wrong label. The most similar pictures are all in %s.".formatted(other)
                        : "Probably just hard. Similar pictures are in both classes.");
    }

    private static List<String> first(List<Picture> similar, String className) {
        return similar.stream()
                .filter(one -> className.equals(one.className()))
                .map(Picture::id)
                .distinct()
                .limit(3)
                .toList();
    }

    /** A picture whose label is probably another. */
    record Suspected(String id, String label, String suggested, double probability) {}

    /** A file that is no picture. */
    record Unreadable(String file, String reason) {}

    /**
     * Problems of the pictures.
     *
     * @param expected number of suspects that are expected to be right after all; null if unknown
     * @param duplicates groups of pictures that are nearly the same
     */
    record Clean(
            List<Suspected> suspects,
            Double expected,
            List<List<String>> duplicates,
            List<Unreadable> unreadable,
            List<String> tiny) {}

    private record Cleaned(long revision, int encoded, Clean clean) {}

    /** Returns the number of suspects that were found last. */
    int suspects() {
        Cleaned last = cleaned;
        return last == null ? 0 : last.clean.suspects.size();
    }

    /** Looks for wrong labels, near duplicates and files that are no pictures, once per state of the folder. */
    synchronized Clean clean() throws IOException {
        Snapshot now = studio.snapshot();
        Cleaned last = cleaned;
        if (last != null && last.revision == now.revision() && last.encoded == encoded()) {
            return last.clean;
        }
        List<Picture> usable = now.pictures().stream()
                .filter(one -> features.containsKey(one.id()))
                .toList();
        List<Unreadable> files = now.pictures().stream()
                .filter(one -> unreadable.contains(one.id()))
                .map(one -> new Unreadable(one.path(), "not a picture that can be read"))
                .toList();
        LabelErrors errors = labelErrors(
                usable.stream().filter(one -> one.className() != null).toList());
        List<Suspected> suspects = new ArrayList<>();
        List<String> names = names(usable);
        for (LabelErrors.Suspect one : errors.suspects()) {
            String label = one.picture().image().className();
            String sha256 = one.picture().sha256();
            if (!now.kept().contains(sha256 + label)) {
                suspects.add(new Suspected(Picture.id(sha256), label, names.get(one.suggested()), one.probability()));
            }
        }
        Double expected = Double.isNaN(errors.expected()) ? null : errors.expected();
        Clean made = new Clean(suspects, expected, duplicates(usable), files, List.of());
        cleaned = new Cleaned(now.revision(), encoded(), made);
        return made;
    }

    private static List<String> names(List<Picture> pictures) {
        return pictures.stream()
                .map(Picture::className)
                .filter(Objects::nonNull)
                .distinct()
                .sorted()
                .toList();
    }

    private Located located(Picture one, int label) {
        String name = one.className() == null ? "unsorted" : one.className();
        Path file = studio.root().resolve(one.path());
        return new Located(new LabelledImage(file, label, name, ExifOrientation.APPLY), one.sha256(), "training");
    }

    /** Judges labels as the report of a run does, among all labelled pictures. */
    private LabelErrors labelErrors(List<Picture> labelled) throws IOException {
        List<String> names = names(labelled);
        if (names.size() < 2) {
            return LabelErrors.of(List.of(), Scores.NONE);
        }
        List<Located> located = labelled.stream()
                .map(one -> located(one, names.indexOf(one.className())))
                .toList();
        List<LabelledImage> listed = located.stream().map(Located::image).toList();
        ImageDataset lists = new ImageDataset("studio", names, listed, List.of(), List.of());
        List<HashedImage> hashed = located.stream()
                .map(one -> new HashedImage(one.image(), one.sha256(), one.sha256()))
                .toList();
        FeatureMatrix rows = rows(labelled);
        Images images = Images.of(
                clip,
                lists,
                (some, kind) -> new ImageFeatures(
                        hashed, 1, rows.width(), (i, view, target, offset) -> rows.copyRow(i, target, offset)));
        RunData data = RunData.of(DataSpec.of(studio.root()), lists, ClassHalf.ALL);
        Sample all = new Sample(0, 1);
        RunConfig config = Candidate.of(Method.closedForm(), Map.of(), 0, clip.logitScale())
                .config(images.space(), data, all);
        Support support = images.support(config, all, Progress.NONE);
        Scores judged = LabelErrors.judged(support, support.train().features(FeatureKind.EMBEDDED));
        return LabelErrors.of(judged.size() > 0 ? located : List.of(), judged.at(judged.temperature()));
    }

    private List<List<String>> duplicates(List<Picture> pictures) {
        Map<String, Picture> distinct = new LinkedHashMap<>();
        pictures.forEach(one -> distinct.putIfAbsent(one.id(), one));
        List<Picture> all = distinct.values().stream().limit(MOST_COMPARED).toList();
        List<NearDuplicates.Pair> pairs = IntStream.range(0, all.size())
                .parallel()
                .boxed()
                .flatMap(i -> IntStream.range(i + 1, all.size())
                        .filter(j -> cosine(all.get(i), all.get(j)) > NearDuplicates.LEAST_COSINE)
                        .mapToObj(j -> pair(all.get(i), all.get(j))))
                .toList();
        return NearDuplicates.groups(pairs).stream()
                .map(group ->
                        group.stream().map(one -> Picture.id(one.sha256())).toList())
                .toList();
    }

    private NearDuplicates.Pair pair(Picture one, Picture other) {
        return new NearDuplicates.Pair(located(one, 0), located(other, 0), cosine(one, other), false);
    }

    private double cosine(Picture one, Picture other) {
        return dot(features.get(one.id()), features.get(other.id()));
    }

    /** Texts to copy that use the latest run. */
    record Use(String commands, String curl, String java, String properties) {}

    Use use() throws IOException {
        Path run = latestFolder();
        String name = "studio";
        return new Use(
                "coop predict -p \"%s\" picture.jpg\ncoop serve -p %s=\"%s\"\ncoop export --onnx -p \"%s\" -o %s.onnx"
                        .formatted(run, name, run, run, name),
                "curl --data-binary @picture.jpg http://localhost:8080/predictions/" + name,
                """
                try (ImageClassifier classifier = ImageClassifier.load(Path.of("%s"))) {
                    System.out.println(classifier.classify(Path.of("picture.jpg")).get(0).label());
                }"""
                        .formatted(run.toString().replace("\\", "\\\\")),
                "coop4j.classifiers.%s=%s".formatted(name, run));
    }

    /** Returns the folder of the latest finished run. */
    Path latestFolder() throws IOException {
        List<Path> runs = runs();
        if (runs.isEmpty()) {
            throw new StudioProblem(NOT_FOUND_404, "Nothing is learned yet: press Learn.", UNCHANGED);
        }
        return runs.get(runs.size() - 1);
    }

    /** A class with its probability. */
    record Answer(String label, double probability) {}

    /** The classes of a picture, the most probable first. */
    record Answers(List<Answer> answers, boolean sure) {}

    Answers predict(byte[] content) throws IOException {
        Fit last = fit;
        StudioProblem.require(last != null, "Nothing is learned yet: put pictures into two classes.");
        double[] p = last.images.probabilities(new float[][] {last.images.features(InputImage.of(content))})[0];
        List<Answer> answers = IntStream.range(0, p.length)
                .mapToObj(c -> new Answer(last.classes.get(c), p[c]))
                .sorted(Comparator.comparingDouble(Answer::probability).reversed())
                .toList();
        return new Answers(answers, answers.get(0).probability >= SURE);
    }

    // Learning properly

    /** Begins a run like that of {@code coop train}; "auto" chooses among the quick methods. */
    synchronized void learn(String name) {
        StudioProblem.require(!studio.readOnly(), "The studio was started with --read-only.");
        if (learner != null && learner.isAlive()) {
            throw new StudioProblem(CONFLICT_409, "A run is at work: wait for it, or cancel it.", UNCHANGED);
        }
        StudioProblem.require(fit != null, "The studio learns from two classes on: add pictures.");
        List<Method> methods;
        try {
            methods = name.equals("auto") ? Method.quick() : List.of(Method.of(name));
        } catch (IllegalArgumentException e) {
            throw new StudioProblem(400, e.getMessage(), UNCHANGED);
        }
        Work work = new Work(listener);
        running = work;
        learner = new Thread(() -> learn(methods, work), "coop4j-learn");
        learner.setDaemon(true);
        learner.start();
    }

    void cancel() {
        Work work = running;
        if (work != null) {
            work.cancelled = true;
        }
    }

    private void learn(List<Method> methods, Work work) {
        try {
            run(methods, work);
            failure = null;
        } catch (CancellationException e) {
            LOG.info("the run was cancelled");
        } catch (IOException | RuntimeException e) {
            LOG.warn("the run failed", e);
            failure = String.valueOf(e.getMessage());
        } finally {
            running = null;
            listener.run();
        }
    }

    /** Returns why the latest run failed, or null. */
    String failure() {
        return failure;
    }

    /**
     * Learns as {@code coop train -d split.json --images FOLDER --exif apply} does, with the test pictures of the studio
     * as the split, into a new folder of {@code learned}.
     */
    Path run(List<Method> methods, Progress progress) throws IOException {
        Snapshot now = studio.snapshot();
        Path learned = Files.createDirectories(studio.own().resolve("learned"));
        int n = runs().size() + 1;
        while (Files.exists(learned.resolve("run-" + n))) {
            n++;
        }
        Path split = learned.resolve("run-%d.split.json".formatted(n));
        SplitFile.write(dataset(now), split, studio.root(), Optional.empty());
        DataSpec data = DataSpec.of(split).withFiles(studio.root(), null, null).withExif(ExifOrientation.APPLY);
        Images images = new Images(clip, options);
        try {
            Sample sample = new Sample(0, 1);
            RunData lists = RunData.of(data, images.dataset(data, sample.seed()), ClassHalf.ALL);
            List<Candidate> candidates = methods.stream()
                    .map(method -> Candidate.of(method, Map.of(), 0, clip.logitScale()))
                    .toList();
            Candidate chosen = candidates.get(0);
            if (candidates.size() > 1) {
                Candidate learns = candidates.stream()
                        .filter(one -> one.method().learns())
                        .findFirst()
                        .orElse(chosen);
                RunConfig config = learns.config(images.space(), lists, sample);
                chosen = MethodChoice.best(images, config, candidates, progress)
                        .chosen()
                        .get(0);
            }
            Path folder = learned.resolve("run-" + n);
            RunConfig config = chosen.config(images.space(), lists, sample);
            try (Learned made = new Run(images, chosen.method().title(), config, progress).learn(folder, false)) {
                CheckedJson.write(folder.resolve(NUMBERS), numbers(made));
            }
            return folder;
        } finally {
            images.forget();
        }
    }

    /** Returns the numbers of a run, compared with the latest finished run on the pictures that both were tested on. */
    private Numbers numbers(Learned made) throws IOException {
        Scores test = made.test().at(made.confidence().temperature());
        boolean[] correct = test.correct();
        Map<String, Boolean> answers = new TreeMap<>();
        for (int i = 0; i < correct.length; i++) {
            answers.put(made.tested().images().get(i).sha256(), correct[i]);
        }
        Interval likely = Interval.wilson(test.right(), test.size());
        List<Point> coverage = test.coverage().points().stream()
                .map(point -> new Point(point.threshold(), point.answered(), point.correct()))
                .toList();
        double threshold =
                test.coverage().answering(95).map(Coverage.Point::threshold).orElse(SURE);
        Optional<Numbers> earlier = latestRun();
        return new Numbers(
                made.result().methodTitle(),
                made.result().accuracy(),
                test.right(),
                test.size(),
                likely.low(),
                likely.high(),
                (int) Math.round(made.result().handWritten().get(0).accuracy() * test.size() / 100),
                earlier.map(one -> one.comparedTo(answers)).orElse(null),
                coverage,
                threshold,
                answers);
    }

    /** Returns the numbers of the latest finished run. */
    Optional<Numbers> latestRun() throws IOException {
        List<Path> runs = runs();
        Path last = runs.isEmpty() ? null : runs.get(runs.size() - 1).resolve(NUMBERS);
        return last == null || !Files.exists(last)
                ? Optional.empty()
                : Optional.of(CheckedJson.read(last, last.toString(), Numbers.class, 64L << 20));
    }

    /** Answers at or above a threshold. */
    record Point(double threshold, int answered, int right) {}

    /** An earlier run on the same pictures: how many it had right, and what is better and worse since. */
    record Before(int right, int better, int worse, double p) {}

    /**
     * The numbers of a run.
     *
     * @param prompts number of test pictures that the hand-written prompt classifies correctly
     * @param answers by content, true if the run classified it correctly
     */
    record Numbers(
            String method,
            double accuracy,
            int right,
            int tested,
            double low,
            double high,
            int prompts,
            Before before,
            List<Point> coverage,
            double threshold,
            Map<String, Boolean> answers) {

        /** Compares this earlier run with the answers of a later one; null unless they share pictures. */
        private Before comparedTo(Map<String, Boolean> later) {
            List<String> both =
                    answers.keySet().stream().filter(later::containsKey).toList();
            if (both.isEmpty()) {
                return null;
            }
            int better = (int) both.stream()
                    .filter(one -> later.get(one) && !answers.get(one))
                    .count();
            int worse = (int) both.stream()
                    .filter(one -> !later.get(one) && answers.get(one))
                    .count();
            return new Before(
                    (int) both.stream().filter(answers::get).count(),
                    better,
                    worse,
                    new McNemar(both.size(), worse, better).pValue());
        }
    }

    /** Something that would help, with pictures to look at. */
    record Help(String text, String screen, List<String> pictures) {}

    /** Returns at most three things that would help most. */
    List<Help> help() {
        Fit last = fit;
        if (last == null) {
            return List.of();
        }
        List<Help> help = new ArrayList<>();
        Mistakes all = mistakes();
        Map<List<String>, List<String>> pairs = new LinkedHashMap<>();
        for (Mistake one : all.mistakes) {
            pairs.computeIfAbsent(Stream.of(one.label, one.predicted).sorted().toList(), pair -> new ArrayList<>())
                    .add(one.id);
        }
        pairs.entrySet().stream()
                .filter(pair -> pair.getValue().size() > 1)
                .max(Comparator.comparingInt(pair -> pair.getValue().size()))
                .ifPresent(pair -> help.add(new Help(
                        "%s and %s are confused."
                                .formatted(pair.getKey().get(0), pair.getKey().get(1)),
                        "mistakes",
                        pair.getValue())));
        last.learned.entrySet().stream()
                .filter(one -> one.getValue() < ENOUGH)
                .sorted(Map.Entry.comparingByValue())
                .limit(3 - help.size())
                .forEach(one -> help.add(new Help("More pictures of %s.".formatted(one.getKey()), "board", List.of())));
        return help;
    }

    private ImageDataset dataset(Snapshot now) throws IOException {
        List<Picture> usable = now.pictures().stream()
                .filter(one -> one.className() != null && !unreadable.contains(one.id()))
                .toList();
        List<String> names = usable.stream()
                .filter(one -> !now.isTest(one))
                .map(Picture::className)
                .distinct()
                .sorted()
                .toList();
        List<LabelledImage> train = new ArrayList<>();
        List<LabelledImage> test = new ArrayList<>();
        for (Picture one : usable) {
            int label = names.indexOf(one.className());
            if (label >= 0) {
                (now.isTest(one) ? test : train)
                        .add(new LabelledImage(
                                studio.root().resolve(one.path()), label, one.className(), ExifOrientation.APPLY));
            }
        }
        StudioProblem.require(!test.isEmpty(), "Add pictures: a class is tested from 8 on.");
        return ImageDataset.fromImages(studio.root().getFileName().toString(), train, List.of(), test);
    }

    /** Returns the folders of finished runs, the latest last. */
    List<Path> runs() throws IOException {
        Path learned = studio.own().resolve("learned");
        if (!Files.isDirectory(learned)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(learned)) {
            return folders.filter(RunFolder::isFinished)
                    .sorted(Comparator.comparingInt(
                            one -> Integer.parseInt(one.getFileName().toString().replaceAll("\\D", ""))))
                    .toList();
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        cancel();
        try {
            worker.join(10_000);
            Thread run = learner;
            if (run != null) {
                run.join(10_000);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close(before);
        close(fit);
        banks.close();
    }
}
