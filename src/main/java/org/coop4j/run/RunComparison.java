package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.Method.Learner;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.train.Trainer;
import org.coop4j.method.train.Training;
import org.coop4j.run.Comparison.ComparedClassifier;
import org.coop4j.run.Comparison.Role;
import org.coop4j.run.RunFeatures.Located;

/**
 * Finished runs of one seed compared with baselines on the same images, and findings about these images: the contents of
 * a run's page.
 *
 * <p>Every choice is made on training and val images. A choice that is made on the test images is labelled as such.
 *
 * @param images the images with their features
 * @param comparison the runs' classifiers beside baselines
 * @param labels images whose labels may be wrong, by name of the run whose classifier judges
 * @param duplicates pairs of images that are nearly identical
 * @param unknown detection of images of unknown classes by name of the run, if it was measured
 */
public record RunComparison(
        RunFeatures images,
        Comparison comparison,
        Map<String, LabelErrors> labels,
        List<NearDuplicates.Pair> duplicates,
        Map<String, UnknownClasses> unknown) {

    /** Approximate limit of the multiplications of the linear probe's training, a baseline. */
    private static final double MOST_WORK = 2e13;

    private static final double NANOS = 1e9;

    /**
     * A finished run.
     *
     * @param name its name in tables
     */
    public record ComparedRun(String name, RunConfig config, Path folder, RunResult result) {

        /** Returns the seconds that it spent on learning. */
        private double learningSeconds() {
            return result.seconds().getOrDefault("prepare", 0.0)
                    + result.seconds().getOrDefault("train", 0.0);
        }
    }

    /**
     * Compares runs that learned from images of one seed.
     *
     * @param sample of the training images
     * @param own the user's own hand-written prompts, to be compared as well
     * @param notes receives a sentence about a baseline that is left out
     */
    public static RunComparison of(
            Images shared, List<ComparedRun> runs, Sample sample, List<PromptEnsemble> own, Consumer<String> notes)
            throws IOException {
        RunConfig config = runs.get(0).config;
        RunFeatures images = RunFeatures.of(shared, config, sample, Progress.NONE);
        List<PromptEnsemble> prompts = shared.evaluator(config, Progress.NONE).prompts();
        List<ComparedClassifier> all = prompts(images, prompts, own);
        Method baseline = Method.baseline();
        if (runs.stream().noneMatch(run -> run.config.method().id().equals(baseline.id()))) {
            baseline(images, notes).ifPresent(all::add);
        }
        Map<String, LabelErrors> labels = new LinkedHashMap<>();
        Map<String, UnknownClasses> unknown = new LinkedHashMap<>();
        for (ComparedRun run : runs) {
            ComparedClassifier learned = learned(images, run);
            all.add(learned);
            labels.put(run.name, LabelErrors.of(images, run.config, learned));
            UnknownClasses.of(images, run.config, learned.test())
                    .ifPresent(measured -> unknown.put(run.name, measured));
        }
        return new RunComparison(
                images, new Comparison(images.classNames(), all), labels, NearDuplicates.of(images), unknown);
    }

    /** Returns the prompt that training and val images choose, the user's own, and the best in hindsight. */
    private static List<ComparedClassifier> prompts(
            RunFeatures images, List<PromptEnsemble> prompts, List<PromptEnsemble> own) {
        List<ComparedClassifier> tried = prompts.stream()
                .map(prompt -> prompt(images, prompt, Role.PROMPT))
                .toList();
        ComparedClassifier chosen =
                Comparison.best(tried, c -> c.train().right() + c.val().right());
        ComparedClassifier hindsight = Comparison.best(tried, ComparedClassifier::accuracy);
        List<ComparedClassifier> all = new ArrayList<>(List.of(chosen));
        own.forEach(prompt -> all.add(prompt(images, prompt, Role.OWN_PROMPT)));
        if (!hindsight.name().equals(chosen.name())) {
            all.add(hindsight.as(Role.HINDSIGHT));
        }
        return all;
    }

    /** Scores a prompt, which is calibrated on all images except the test images as it learns from none. */
    private static ComparedClassifier prompt(RunFeatures images, PromptEnsemble prompts, Role role) {
        long start = System.nanoTime();
        FeatureMatrix weights = prompts.classWeights(images.space(), images.classNames());
        double seconds = (System.nanoTime() - start) / NANOS;
        float scale = images.space().logitScale();
        Scores train = images.train().scores(weights, scale);
        Scores val = images.val().scores(weights, scale);
        return new ComparedClassifier(
                prompts.templates().size() == 1 ? "\"" + prompts.describe() + "\"" : prompts.describe(),
                role,
                train,
                val,
                images.test().scores(weights, scale),
                Confidence.of(train.and(val), "training and validation images"),
                seconds);
    }

    /** Trains the linear probe; empty if there is nothing to learn from, or it would take long. */
    private static Optional<ComparedClassifier> baseline(RunFeatures images, Consumer<String> notes)
            throws IOException {
        Method method = Method.baseline();
        int count = images.train().size();
        String title = method.defaults().title();
        Learner learner = images.learner(method);
        if (count == 0) {
            return Optional.empty();
        }
        if (learner.work(count, Training.none()) > MOST_WORK) {
            notes.accept("left out the %s, which takes long on %s: train it as the method %s"
                    .formatted(title, Numbers.count(count, "image"), method.id()));
            return Optional.empty();
        }
        long start = System.nanoTime();
        FewShotFeatures data =
                new FewShotFeatures(images.train().all(), images.val().all());
        try (Classifier classifier =
                learner.fit(data, new Trainer(Training.none(), images.task().seed()))) {
            double seconds = (System.nanoTime() - start) / NANOS;
            return Optional.of(scored(title, Role.PROBE, images, classifier, Confidence.NONE, seconds));
        }
    }

    private static ComparedClassifier learned(RunFeatures images, ComparedRun run) throws IOException {
        ClassifierFile file = ClassifierFile.read(run.folder.resolve(RunFolder.CLASSIFIER));
        try (Classifier classifier = file.open(images.space()).forClasses(images.classNames())) {
            return scored(run.name, Role.METHOD, images, classifier, Confidence.of(file), run.learningSeconds());
        }
    }

    private static ComparedClassifier scored(
            String name, Role role, RunFeatures images, Classifier classifier, Confidence confidence, double seconds) {
        return new ComparedClassifier(
                name,
                role,
                images.train().scores(classifier),
                images.val().scores(classifier),
                images.test().scores(classifier),
                confidence,
                seconds);
    }

    /**
     * Images that are identical or nearly so, by the hash of their files or by a cosine of their features above {@value
     * #LEAST_COSINE}. A test image that was also learned from inflates the accuracy.
     */
    public static final class NearDuplicates {

        /** Cosine above which the same image has usually been saved twice. */
        public static final double LEAST_COSINE = 0.995;

        /** Limit of the number of images whose features are compared. */
        private static final int MOST_COMPARED = 6000;

        private NearDuplicates() {}

        /**
         * Two images.
         *
         * @param cosine of their features
         * @param sameFile true if their files have the same content
         */
        public record Pair(Located first, Located second, double cosine, boolean sameFile) {

            /** Returns true if they are in different splits, which makes the test less reliable. */
            public boolean crossesParts() {
                return !first.part().equals(second.part());
            }
        }

        /** Returns all pairs, those across splits first, then identical files, then by similarity. */
        static List<Pair> of(RunFeatures images) {
            List<Located> located = images.located(true, true);
            FeatureMatrix features = images.all().matrix().normalized();
            List<Pair> pairs = new ArrayList<>();
            IntStream.range(0, located.size())
                    .parallel()
                    .mapToObj(i -> pairs(located, features, i))
                    .toList()
                    .forEach(pairs::addAll);
            pairs.sort(Comparator.comparing(Pair::crossesParts)
                    .thenComparing(Pair::sameFile)
                    .thenComparingDouble(Pair::cosine)
                    .reversed());
            return pairs;
        }

        /** Joins pairs that share an image. */
        public static List<Set<Located>> groups(List<Pair> pairs) {
            Map<Located, Set<Located>> groups = new LinkedHashMap<>();
            for (Pair pair : pairs) {
                Set<Located> group = groups.computeIfAbsent(pair.first, one -> new LinkedHashSet<>(List.of(one)));
                Set<Located> other = groups.computeIfAbsent(pair.second, one -> new LinkedHashSet<>(List.of(one)));
                if (group != other) {
                    group.addAll(other);
                    other.forEach(one -> groups.put(one, group));
                }
            }
            return groups.values().stream().distinct().toList();
        }

        private static List<Pair> pairs(List<Located> located, FeatureMatrix features, int i) {
            List<Pair> pairs = new ArrayList<>();
            Located first = located.get(i);
            for (int j = i + 1; j < located.size(); j++) {
                Located second = located.get(j);
                boolean sameFile = first.sha256().equals(second.sha256());
                if (sameFile || located.size() <= MOST_COMPARED) {
                    double cosine = features.dot(i, features, j);
                    if (sameFile || cosine > LEAST_COSINE) {
                        pairs.add(new Pair(first, second, Math.min(1, cosine), sameFile));
                    }
                }
            }
            return pairs;
        }
    }
}
