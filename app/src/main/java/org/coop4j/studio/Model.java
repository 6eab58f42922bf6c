package org.coop4j.studio;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.coop4j.base.Log;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.ClassNames;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.findings.TestNumbers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.Written;
import org.coop4j.method.UnknownWords;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Learned;
import org.coop4j.run.Learned.Prompt;
import org.coop4j.run.Learned.Test;
import org.coop4j.run.Recipe;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.studio.Journal.Tested;
import org.coop4j.studio.Pooled.Compared;
import org.coop4j.studio.Snapshot.Photo;
import org.slf4j.Logger;

/** Encodes a studio's pictures in the background, and fits a quick classifier again after each change. */
final class Model implements Closeable {

    private static final Logger LOG = Log.of(Model.class);

    private final Studio studio;
    private final Clip clip;
    private final EncodedPhotos encoded;
    private final Quality quality;
    private final Runnable listener;
    private final Pooled pooled;
    private final Map<String, Boolean> known = new ConcurrentHashMap<>(); // by class
    private final Thread worker = new Thread(this::work, "coop4j-studio");
    private boolean closed;
    private boolean changed = true;
    private volatile Fit fit;
    private volatile Sorting sorting;
    private Map.Entry<Integer, Set<String>> population = Map.entry(0, Set.of()); // by the action that drew
    private Fit before; // the fit before the latest change
    private volatile String failure;
    private final Curve curve = new Curve();

    /**
     * @param listener called when there is something new
     */
    Model(Studio studio, Clip clip, EncodedPhotos encoded, Quality quality, Runnable listener) {
        this.studio = studio;
        this.clip = clip;
        this.encoded = encoded;
        this.quality = quality;
        this.listener = listener;
        this.pooled = new Pooled(encoded, listener);
        worker.setDaemon(true);
    }

    /**
     * A quick classifier.
     *
     * @param revision of the labels that it learned from
     * @param classifier with calibrated probabilities
     * @param numbers of its test; null if nothing is tested
     */
    record Fit(long revision, Learned learned, Classifier classifier, TestNumbers numbers) {

        /** Least probability of a picture that is shown as one of a class. */
        static final double SURE = 0.5;

        /** Learns from pictures as {@code coop train} does, and compares the test with that of an earlier fit or null. */
        static Fit of(long revision, Images images, DataSpec source, ImageDataset lists, Fit earlier)
                throws IOException {
            Recipe.Lists counts = Recipe.Lists.of(source, lists);
            Method quick = lists.hasSets() ? Method.standard(true) : Method.closedForm();
            Recipe recipe = Recipe.of(quick, Map.of(), counts, images.space());
            RunData data = images.data(source, 1, ClassHalf.ALL);
            Learned learned = new Run(images, recipe, data, Progress.NONE).learn();
            try {
                Pictures test = images.pictures(lists.test(), "test pictures", Progress.NONE);
                List<String> names = lists.classNames();
                Written written = PromptEnsemble.standard(images.space()).written(images.space(), names);
                Prompt prompt = new Prompt(written, test.scores(written));
                Learned tested =
                        learned.with(new Test(names, test, test.scores(learned.classifier()), List.of(prompt)));
                return new Fit(
                        revision,
                        tested,
                        learned.file().open(images.space()),
                        lists.test().isEmpty()
                                ? null
                                : TestNumbers.of(
                                        tested, Optional.ofNullable(earlier).map(Fit::numbers), SURE));
            } catch (IOException | RuntimeException e) {
                learned.close();
                throw e;
            }
        }

        static FeatureMatrix units(Pictures some) throws IOException {
            return some.features(FeatureKind.EMBEDDED).matrix().normalized();
        }

        static String id(Pictures some, int i) {
            return Photo.id(some.images().get(i).sha256());
        }

        List<String> classes() {
            return learned.support().task().classNames();
        }

        /** Returns the number of test pictures of a class that are classified correctly. */
        int right(String className) {
            int label = classes().indexOf(className);
            return (int) entries((state, predicted) -> state == Labels.PRESENT && predicted)
                    .filter(entry -> entry % classes().size() == label)
                    .count();
        }

        boolean isSeveral() {
            return Labels.areSets(learned.test().truth());
        }

        private interface Entry {
            boolean is(int state, boolean predicted);
        }

        /**
         * Returns labels of test pictures that are decided, each as the picture's number · classes + class; of a picture with
         * one, that one.
         */
        private IntStream entries(Entry wanted) {
            Scores test = learned.test();
            int n = classes().size();
            if (!isSeveral()) {
                int[] labels = test.labels();
                boolean[] correct = test.correct();
                return IntStream.range(0, labels.length)
                        .filter(i -> wanted.is(Labels.PRESENT, correct[i]))
                        .map(i -> i * n + labels[i]);
            }
            Decision decision = learned.decision(classes());
            return IntStream.range(0, test.size()).flatMap(i -> {
                boolean[] predicted = decision.predicted(test.logits()[i]);
                return IntStream.range(0, n)
                        .filter(k -> wanted.is(test.truth().get(i).state(k), predicted[k]))
                        .map(k -> i * n + k);
            });
        }

        /** Returns labels of test pictures that are mistaken, as entries do, but for those that were declared right. */
        int[] mistaken(Snapshot now) {
            int n = classes().size();
            return entries((state, predicted) -> state == (predicted ? Labels.ABSENT : Labels.PRESENT))
                    .filter(entry -> !now.kept()
                            .contains(Photo.label(
                                    learned.tested().images().get(entry / n).sha256(),
                                    classes().get(entry % n))))
                    .toArray();
        }
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
        try {
            for (Snapshot now = next(); now != null; now = next()) {
                try {
                    boolean more = encoded.encode(now);
                    try {
                        fit(now);
                    } finally {
                        pooled.add(now, more);
                    }
                    listener.run();
                    sort(now);
                    if (more || quality.measure(now)) {
                        changed();
                    }
                    failure = null;
                } catch (CancellationException e) {
                    return;
                } catch (IOException | RuntimeException e) {
                    LOG.warn("the pictures cannot be learned from", e);
                    failure = "The pictures cannot be learned from: %s.".formatted(e.getMessage());
                }
                listener.run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
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

    /** Learns again if labels have changed since, and all labelled pictures are encoded. */
    private void fit(Snapshot now) throws IOException {
        if (!now.labelled(encoded::isMissing).isEmpty() || (fit != null && fit.revision == now.revision())) {
            return;
        }
        Optional<ImageDataset> found = now.lists(encoded::has);
        Fit last = fit == null ? before : fit;
        Fit made = null;
        if (found.isPresent()) {
            ImageDataset lists = found.get();
            DataSpec source =
                    DataSpec.of(now.root()).with().exif(ExifOrientation.APPLY).build();
            ClassNames.requireUsable(lists.classNames(), source.path());
            made = Fit.of(now.revision(), encoded.of(lists), source, lists, last);
        }
        if (fit != null) { // it may still be in use, and is closed with the next change
            close(before);
            before = fit;
        }
        fit = made;
        if (made != null && made.numbers != null) {
            curve.add(made, found.get().train().size() + found.get().test().size());
            studio.tested(now.state(), new Tested(made.numbers.right(), made.numbers.tested()));
        }
    }

    /** Answers the pictures again if labels or the pool have changed since; those of several labels are asked about per label. */
    private void sort(Snapshot now) throws IOException {
        Compared compared = pooled.latest();
        Sorting last = sorting;
        if (compared != null
                && !now.isSeveral()
                && (last == null
                        || last.revision() != now.revision()
                        || last.compared().pool() != compared.pool())) {
            sorting = Sorting.of(now, compared, encoded, this);
        }
    }

    /** Returns the contents among which those of the latest check were drawn. */
    Set<String> population(Snapshot now) {
        List<Integer> checks = now.checks();
        int drawn = checks.get(checks.size() - 1);
        if (population.getKey() != drawn) {
            population = Map.entry(drawn, studio.unsortedAt(drawn));
        }
        Set<String> readable = new HashSet<>(population.getValue());
        now.photos().stream().filter(encoded::isUnreadable).map(Photo::sha256).forEach(readable::remove);
        return readable;
    }

    /** Returns how the fits with the present classes did on the same pictures. */
    Curve curve() {
        return curve;
    }

    private static void close(Fit old) {
        if (old != null) {
            old.learned.close();
            old.classifier.close();
        }
    }

    // For the screens

    /** Returns the present classifier; null if there is none. */
    Fit latest() {
        return fit;
    }

    /** Returns the pictures as a pool. */
    Pooled pooled() {
        return pooled;
    }

    /** Returns the answers to the pictures together; null if there are none. */
    Sorting sorting() {
        return sorting;
    }

    /** Returns the features of the texts of some classes. */
    FeatureMatrix texts(List<String> names) {
        return PromptEnsemble.standard(encoded.space()).classWeights(encoded.space(), names);
    }

    /** Returns the hand-written prompts of some classes. */
    Classifier byNames(List<String> names) throws IOException {
        return PromptEnsemble.standard(encoded.space()).classifier(encoded.space(), names);
    }

    /** Returns why the pictures cannot be learned from; null if they can. */
    String failure() {
        return failure;
    }

    boolean knows(String className) {
        return known.computeIfAbsent(
                className, name -> UnknownWords.of(clip, List.of(name)).isEmpty());
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        pooled.cancel();
        Background.end(worker);
        close(before);
        close(fit);
    }
}
