package org.coop4j.studio;

import static java.util.stream.Collectors.collectingAndThen;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.coop4j.base.Log;
import org.coop4j.clip.Clip;
import org.coop4j.data.Examples;
import org.coop4j.eval.Scores;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import org.coop4j.method.UnknownWords;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.studio.Journal.Tested;
import org.coop4j.studio.Studio.Parts;
import org.coop4j.studio.Studio.Picture;
import org.coop4j.studio.Studio.Snapshot;
import org.slf4j.Logger;

/** Encodes a studio's pictures in the background, and fits a quick classifier again after each change. */
final class Learning implements Closeable {

    private static final Logger LOG = Log.of(Learning.class);

    /** Pictures whose nearest neighbours tell what is unlike all classes. */
    private static final int MEASURED = 500;

    private final Studio studio;
    private final Clip clip;
    private final Features features;
    private final Quality quality;
    private final Runnable listener;
    private final Map<String, Boolean> known = new ConcurrentHashMap<>(); // by class
    private final Thread worker = new Thread(this::work, "coop4j-studio");
    private boolean closed;
    private boolean changed = true;
    private final PromptEnsemble prompts = PromptEnsemble.of(PromptTemplates.PHOTO);
    private Named named = new Named(List.of(), null);
    private volatile Fit fit;
    private volatile Fit before; // the fit before the latest change
    private volatile Map<String, String> typical = Map.of(); // by class
    private volatile String failure;

    private record Named(List<String> names, Classifier classifier) {}

    /**
     * A quick classifier.
     *
     * @param revision of the labels that it learned from
     * @param of the pictures that it learned from and was tested on
     * @param scores of the test pictures; none if nothing is tested
     * @param byNames number of test pictures that the names alone classify correctly
     * @param unlike similarity to the nearest neighbour that 98 of 100 labelled pictures exceed
     * @param alike similarity that 7 of 8 labelled pictures exceed
     */
    record Fit(
            long revision, Parts of, ImageClassifier images, Scores scores, int byNames, double unlike, double alike) {

        /** Least probability of a picture that is shown as one of a class. */
        static final double SURE = 0.5;

        List<String> classes() {
            return of.names();
        }

        List<Picture> tested() {
            return of.test();
        }

        int right() {
            return scores.right();
        }

        /** Returns the number of test pictures of a class that are classified correctly. */
        int right(String className) {
            boolean[] correct = scores.correct();
            return (int) IntStream.range(0, correct.length)
                    .filter(i -> correct[i] && tested().get(i).className().equals(className))
                    .count();
        }

        Classifier classifier() {
            return images.classifier();
        }

        /** Returns the numbers of test pictures that are mistaken, but for labels that were declared right. */
        int[] mistaken(Snapshot now) {
            boolean[] correct = scores.correct();
            return IntStream.range(0, correct.length)
                    .filter(i -> !correct[i] && !now.isKept(tested().get(i)))
                    .toArray();
        }

        List<String> test() {
            return tested().stream()
                    .map(one -> one.sha256() + one.className())
                    .sorted()
                    .toList();
        }
    }

    /**
     * @param listener called when there is something new
     */
    Learning(Studio studio, Clip clip, Features features, Quality quality, Runnable listener) {
        this.studio = studio;
        this.clip = clip;
        this.features = features;
        this.quality = quality;
        this.listener = listener;
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
        try {
            for (Snapshot now = next(); now != null; now = next()) {
                try {
                    boolean more = features.encode(now);
                    fit(now);
                    if (more || quality.measure(now)) {
                        changed();
                    }
                    failure = null;
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
        Fit last = fit;
        if (!now.labelled(features::isMissing).isEmpty() || (last != null && last.revision == now.revision())) {
            return;
        }
        Parts parts = now.parts(features::has);
        List<Picture> train = parts.train();
        typical =
                train.stream().collect(groupingBy(Picture::className, collectingAndThen(toList(), features::typical)));
        if (parts.names().size() < 2) {
            replace(null);
            return;
        }
        Examples examples = Examples.of(parts.names(), features.of(train).toRows(), parts.labels(train));
        ImageClassifier learner = ImageClassifier.learn(clip, examples, Method.closedForm());
        double[] nearest = features.nearest(train.subList(0, Math.min(train.size(), MEASURED)), train);
        Arrays.sort(nearest);
        Fit made = new Fit(
                now.revision(),
                parts,
                learner,
                scores(learner.classifier(), parts),
                scores(byNames(parts.names()), parts).right(),
                nearest[nearest.length / 50],
                nearest[nearest.length / 8]);
        replace(made);
        if (!parts.test().isEmpty()) {
            studio.tested(now.state(), new Tested(made.right(), parts.test().size()));
        }
    }

    /** Shows a new classifier, or none; the replaced one may still be in use, and is closed with the next change. */
    private void replace(Fit made) throws IOException {
        if (fit != null) {
            close(before);
            before = fit;
        }
        fit = made;
    }

    private static void close(Fit old) throws IOException {
        if (old != null) {
            old.images.close();
        }
    }

    private Scores scores(Classifier classifier, Parts parts) {
        List<Picture> test = parts.test();
        return test.isEmpty()
                ? Scores.NONE
                : new Scores(
                        parts.labels(test), classifier.logits(features.of(test)).toRows());
    }

    /** Returns the hand-written prompts of some classes; what else the studio does need not wait for the text tower. */
    Classifier byNames(List<String> names) throws IOException {
        synchronized (prompts) {
            if (!named.names.equals(names)) {
                named = new Named(names, prompts.classifier(clip, names));
            }
            return named.classifier;
        }
    }

    // For the screens

    /** Returns the present classifier; null if there is none. */
    Fit latest() {
        return fit;
    }

    /** Returns the line at the top for a state of the folder. */
    Sentence sentence(Snapshot now) {
        return Sentence.of(now, fit, before);
    }

    /** Returns why the pictures cannot be learned from; null if they can. */
    String failure() {
        return failure;
    }

    boolean knows(String className) {
        return known.computeIfAbsent(
                className, name -> UnknownWords.of(clip, List.of(name)).isEmpty());
    }

    /** Returns the picture that is most like the others of its class; null if it is not known yet. */
    String typical(String className) {
        return typical.get(className);
    }

    /** Returns the classes of a picture by the quick classifier, the most probable first. */
    Runs.Answer predict(byte[] content) {
        Fit last = fit;
        StudioProblem.require(last != null, "Nothing is learned yet: put pictures into two classes.");
        return Runs.Answer.of(null, last.images, content);
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        end(worker);
        close(before);
        close(fit);
    }

    /** Waits for a thread that was told to end. */
    static void end(Thread thread) {
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
