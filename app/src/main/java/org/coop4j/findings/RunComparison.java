package org.coop4j.findings;

import static java.util.stream.Collectors.toSet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.Scores;
import org.coop4j.findings.Comparison.ComparedClassifier;
import org.coop4j.findings.Comparison.Role;
import org.coop4j.image.RgbImage;
import org.coop4j.method.Classifier;
import org.coop4j.method.Method;
import org.coop4j.method.Method.FewShotFeatures;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.Written;
import org.coop4j.method.Trainer;
import org.coop4j.method.Training;
import org.coop4j.run.Confidence;
import org.coop4j.run.Images;
import org.coop4j.run.Images.Pictures;
import org.coop4j.run.Learned;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.SetClass;
import org.coop4j.run.Support;

/**
 * Finished runs of one seed compared with baselines on the same images, and findings about these images: the contents of
 * a run's page.
 *
 * <p>Every choice is made on training and val images. A choice that is made on the test images is labelled as such.
 *
 * @param support the images that the runs learned from
 * @param test the images that they were tested on
 * @param comparison the runs' classifiers and baselines
 * @param labels images whose labels are most suspect
 * @param duplicates groups of images that are nearly identical
 * @param unknown detection of images of unknown classes by name of the run, if it was measured
 */
public record RunComparison(
        Support support,
        Pictures test,
        Comparison comparison,
        LabelErrors labels,
        List<NearDuplicates.Group> duplicates,
        Map<String, UnknownClasses> unknown) {

    /** Approximate limit of the multiplications of the linear probe's training, a baseline. */
    private static final double MOST_WORK = 2e13;

    /** Limit above the usual number of images, where a sample is enough. */
    private static final double ENOUGH_WORK = 2e12;

    private static final int USUAL_SHOTS = 16;

    /** Most training or val images that classifiers are measured on; a sample stands for more. */
    public static final int MOST_MEASURED = Scores.MOST_FITTED;

    private static final double NANOS = 1e9;

    /**
     * A run.
     *
     * @param name its name in tables
     */
    public record ComparedRun(String name, Path folder, Learned learned) {

        /** Returns its configuration. */
        public RunConfig config() {
            return learned.config();
        }

        /** Returns the way from scores to sets of labels. */
        public Decision decision() {
            return learned.decision(
                    result().sets().classes().stream().map(SetClass::name).toList());
        }

        /** Returns its result. */
        public RunResult result() {
            return learned.result();
        }

        /** Returns the number of test images that it learned from, by content. */
        public long seen() {
            Set<String> train = contents(learned.support().train());
            return learned.tested().images().stream()
                    .filter(image -> train.contains(image.sha256()))
                    .count();
        }

        /** Returns the number of images that it learned from with labels of a classifier. */
        public long machineLabels() {
            return learned.support().train().listed().stream()
                    .filter(LabelledImage::machine)
                    .count();
        }

        private static Set<String> contents(Pictures images) {
            return images.images().stream().map(LabelledImage::sha256).collect(toSet());
        }

        private double learningSeconds() {
            return result().seconds().getOrDefault("prepare", 0.0)
                    + result().seconds().getOrDefault("train", 0.0);
        }
    }

    /**
     * An image and its part of the data.
     *
     * @param part training, val or test
     */
    public record Located(LabelledImage image, String part) {

        /** Returns the SHA-256 of its file's content, in hexadecimal. */
        public String sha256() {
            return image.sha256();
        }

        /** Returns the training, val and test images of a run, in the order of {@link #features}. */
        static List<Located> of(Learned run) {
            Map<String, Pictures> parts = new LinkedHashMap<>();
            parts.put("training", run.support().train());
            parts.put("val", run.support().val());
            parts.put("test", run.tested());
            List<Located> all = new ArrayList<>();
            parts.forEach((part, images) -> images.images().forEach(image -> all.add(new Located(image, part))));
            return all;
        }

        static FeatureSet features(Learned run) throws IOException {
            return FeatureSet.joined(
                    FeatureSet.joined(
                            run.support().train().features(FeatureKind.EMBEDDED),
                            run.support().val().features(FeatureKind.EMBEDDED)),
                    run.tested().features(FeatureKind.EMBEDDED));
        }
    }

    /**
     * Compares runs that learned from images of one seed.
     *
     * @param own the user's own hand-written prompts, to be compared as well
     * @param notes receives a sentence about a baseline that is left out
     */
    public static RunComparison of(
            Images images, List<ComparedRun> runs, List<PromptEnsemble> own, Consumer<String> notes)
            throws IOException {
        Learned first = runs.get(0).learned;
        Support support = first.support();
        Pictures test = first.tested();
        List<String> names = support.task().classNames();
        sampled(support).ifPresent(notes);
        List<ComparedClassifier> all = new ArrayList<>(prompts(support, first.prompts()));
        for (int i = 0; i < own.size(); i++) {
            Written written = own.get(i).written(images.space(), names);
            all.add(1 + i, prompt(support, new Learned.Prompt(written, test.scores(written)), Role.OWN_PROMPT));
        }
        Method baseline = Method.baseline();
        if (runs.stream().noneMatch(run -> run.config().method().id().equals(baseline.id()))) {
            baseline(support, test, notes).ifPresent(all::add);
        }
        Map<String, UnknownClasses> unknown = new LinkedHashMap<>();
        for (ComparedRun run : runs) {
            Learned learned = run.learned;
            all.add(scored(
                    run.name,
                    Role.METHOD,
                    support,
                    learned.test(),
                    learned.classifier().forClasses(names),
                    learned.confidence(),
                    run.learningSeconds()));
            UnknownClasses.of(learned).ifPresent(measured -> unknown.put(run.name, measured));
        }
        return new RunComparison(
                support,
                test,
                new Comparison(names, all),
                LabelErrors.of(first),
                NearDuplicates.Group.of(NearDuplicates.of(
                        Located.of(first),
                        Located.features(first),
                        images.outlines(
                                Located.of(first).stream().map(Located::image).toList()))),
                unknown);
    }

    /** Returns a sentence about the samples that stand for many images, if there are any. */
    public Optional<String> sampled() {
        return sampled(support);
    }

    private static Optional<String> sampled(Support support) {
        boolean train = support.train().size() > MOST_MEASURED;
        boolean val = support.val().size() > MOST_MEASURED;
        String sample = "%,d of them, drawn at random".formatted(MOST_MEASURED);
        return train && val
                ? Optional.of("the accuracies on training and on val images are measured each on " + sample)
                : train || val
                        ? Optional.of("the accuracy on %s images is measured on %s"
                                .formatted(train ? "training" : "val", sample))
                        : Optional.empty();
    }

    /** Returns the prompt that training and val images choose, and the best in hindsight. */
    private static List<ComparedClassifier> prompts(Support support, List<Learned.Prompt> prompts) {
        List<ComparedClassifier> tried = prompts.stream()
                .map(prompt -> prompt(support, prompt, Role.PROMPT))
                .toList();
        ComparedClassifier chosen =
                Comparison.best(tried, c -> c.train().right() + c.val().right());
        ComparedClassifier hindsight = Comparison.best(tried, ComparedClassifier::accuracy);
        return hindsight.name().equals(chosen.name()) ? List.of(chosen) : List.of(chosen, hindsight.as(Role.HINDSIGHT));
    }

    /** Scores a prompt, which is calibrated on all images except the test images as it learns from none. */
    private static ComparedClassifier prompt(Support support, Learned.Prompt prompt, Role role) {
        Written written = prompt.written();
        PromptEnsemble prompts = written.prompts();
        Scores train = support.train().sample(MOST_MEASURED).scores(written);
        Scores val = support.val().sample(MOST_MEASURED).scores(written);
        return new ComparedClassifier(
                prompts.templates().size() == 1 ? "\"" + prompts.describe() + "\"" : prompts.describe(),
                role,
                train,
                val,
                prompt.test(),
                Confidence.of(train.and(val), "the training and validation images"),
                written.seconds());
    }

    /**
     * Trains the linear probe, on a sample of many images; empty if there is nothing to learn from, or it would take long.
     */
    private static Optional<ComparedClassifier> baseline(Support support, Pictures test, Consumer<String> notes)
            throws IOException {
        Method method = Method.baseline();
        int count = support.train().size();
        int classes = support.task().classNames().size();
        String title = method.defaults().title();
        if (count == 0) {
            return Optional.empty();
        }
        double workOfImage = support.work(method, Training.none()) / count;
        int each = (int) (ENOUGH_WORK / workOfImage / classes);
        boolean takesSample = each >= USUAL_SHOTS;
        if (!takesSample && workOfImage * count > MOST_WORK) {
            notes.accept("left out the %s, which takes long on %s: train it as the method %s"
                    .formatted(title, Numbers.count(count, "image"), method.id()));
            return Optional.empty();
        }
        long start = System.nanoTime();
        Trainer trainer = new Trainer(Training.none(), support.task().seed());
        FewShotFeatures features = support.features(method, 0);
        FeatureSet drawn = takesSample ? features.train().drawn(each) : features.train();
        if (drawn.size() < count) {
            title += " (on %,d images)".formatted(drawn.size());
            features = new FewShotFeatures(drawn, features.val());
        }
        try (Classifier probe = support.learner(method).fit(features, trainer)) {
            double seconds = (System.nanoTime() - start) / NANOS;
            return Optional.of(scored(title, Role.PROBE, support, test.scores(probe), probe, Confidence.NONE, seconds));
        }
    }

    private static ComparedClassifier scored(
            String name,
            Role role,
            Support support,
            Scores test,
            Classifier classifier,
            Confidence confidence,
            double seconds) {
        return new ComparedClassifier(
                name,
                role,
                support.train().sample(MOST_MEASURED).scores(classifier),
                support.val().sample(MOST_MEASURED).scores(classifier),
                test,
                confidence,
                seconds);
    }

    /**
     * Images that are identical or nearly so, by the hash of their files, their outlines or their features. A test image that
     * was also learned from inflates the accuracy. The limits are from docs/measurements/learning.md.
     */
    public static final class NearDuplicates {

        /** Cosine above which the same image has usually been saved twice, whatever the outlines. */
        public static final double LEAST_COSINE = 0.995;

        /** Difference of outlines up to which an image was usually resized, saved anew or mirrored. */
        public static final int MOST_DIFFERENCE = 2;

        /** The same of images that may be cropped, whose features have at least a cosine. */
        private static final int MOST_CROPPED = 12;

        private static final double LEAST_CROPPED = 0.95;

        /** Limit of the number of images whose features are compared. */
        public static final int MOST_COMPARED = 12_000;

        private NearDuplicates() {}

        /**
         * Two images.
         *
         * @param cosine of their features
         * @param sameFile true if their files have the same content
         * @param mirrored true if one is surely the other mirrored left to right
         */
        public record Pair(Located first, Located second, double cosine, boolean sameFile, boolean mirrored) {

            /** Returns true if they are in different splits, which makes the test less reliable. */
            public boolean crossesParts() {
                return !first.part().equals(second.part());
            }
        }

        /** Receives two images and the cosine of their features. */
        private interface Compared {
            void of(int i, int j, double cosine);
        }

        /** The signs of one third of an outline. */
        private record Third(int place, long signs) {}

        /**
         * Returns pairs of some images, those across splits first, then identical files, then by similarity. All pairs are among
         * them up to {@value #MOST_COMPARED} images; above, of several copies each is paired with one or more.
         *
         * @param features of unit length, a row per image; not searched above {@value #MOST_COMPARED} images
         * @param outlines of the images; null where unknown
         */
        public static List<Pair> of(List<Located> located, FeatureMatrix features, List<Long> outlines) {
            return of(located, features, (i, j) -> features.dot(i, features, j), outlines);
        }

        /** The same of features of any length. */
        static List<Pair> of(List<Located> located, FeatureSet features, List<Long> outlines) {
            if (located.size() <= MOST_COMPARED) {
                return of(located, features.matrix().normalized(), outlines);
            }
            Cosine ofTwo = (i, j) -> {
                FeatureMatrix two = features.matrixOf(i, j).normalized();
                return two.dot(0, two, 1);
            };
            return of(located, null, ofTwo, outlines);
        }

        /** The cosine of the features of two images. */
        private interface Cosine {
            double of(int i, int j);
        }

        private static List<Pair> of(
                List<Located> located, FeatureMatrix searched, Cosine cosineOf, List<Long> outlines) {
            List<Pair> pairs = new ArrayList<>();
            int n = located.size();
            Compared compare = (i, j, like) -> {
                boolean sameFile = located.get(i).sha256().equals(located.get(j).sha256());
                Long own = outlines.get(i);
                Long other = outlines.get(j);
                boolean known = own != null && other != null;
                int difference = known ? RgbImage.difference(own, other) : Long.SIZE;
                if (sameFile || isAlike(like, difference)) {
                    double cosine = Math.min(1, cosineOf.of(i, j));
                    boolean mirrored = known && RgbImage.areMirrored(own, other, MOST_CROPPED);
                    pairs.add(new Pair(located.get(i), located.get(j), cosine, sameFile, mirrored));
                }
            };
            if (n <= MOST_COMPARED) {
                Neighbours.each(searched, searched, (i, cosines) -> IntStream.range(i + 1, n)
                        .forEach(j -> compare.of(i, j, cosines[j])));
            } else {
                likely(located, outlines, compare);
            }
            pairs.sort(Comparator.comparing(Pair::crossesParts)
                    .thenComparing(Pair::sameFile)
                    .thenComparingDouble(Pair::cosine)
                    .reversed());
            return pairs;
        }

        /**
         * Compares images of the same content, and those whose outlines are equal in one third at least, as they are if they
         * differ in {@value #MOST_DIFFERENCE} signs.
         */
        private static void likely(List<Located> located, List<Long> outlines, Compared compare) {
            Map<Object, List<Integer>> known =
                    new HashMap<>(); // the first image of a content or an outline; all with a third
            for (int i = 0; i < located.size(); i++) {
                List<Integer> self = List.of(i);
                Set<Integer> alike = new TreeSet<>();
                List<Integer> sameFile = known.putIfAbsent(located.get(i).sha256(), self);
                Long outline = outlines.get(i);
                List<Integer> sameOutline = outline == null ? null : known.putIfAbsent(outline, self);
                Stream.of(sameFile, sameOutline).filter(Objects::nonNull).forEach(alike::addAll);
                if (outline != null && sameOutline == null) {
                    for (Third third : thirds(RgbImage.mirrored(outline))) {
                        alike.addAll(known.getOrDefault(third, List.of()));
                    }
                    for (Third third : thirds(outline)) {
                        List<Integer> others = known.computeIfAbsent(third, any -> new ArrayList<>());
                        alike.addAll(others);
                        others.add(i);
                    }
                }
                for (int j : alike) {
                    compare.of(j, i, 0);
                }
            }
        }

        private static List<Third> thirds(long outline) {
            int width = Long.SIZE / (MOST_DIFFERENCE + 1);
            return IntStream.rangeClosed(0, MOST_DIFFERENCE)
                    .mapToObj(place -> new Third(
                            place,
                            place == MOST_DIFFERENCE
                                    ? outline >>> (place * width)
                                    : (outline >>> (place * width)) & ((1L << width) - 1)))
                    .toList();
        }

        private static boolean isAlike(double cosine, int difference) {
            return cosine > LEAST_COSINE
                    || difference <= MOST_DIFFERENCE
                    || (difference <= MOST_CROPPED && cosine > LEAST_CROPPED);
        }

        /**
         * Images that are nearly identical to others of the group.
         *
         * @param least the least cosine of a pair
         */
        public record Group(Set<Located> images, double least) {

            static List<Group> of(List<Pair> pairs) {
                return groups(pairs).stream()
                        .map(group -> new Group(
                                group,
                                pairs.stream()
                                        .filter(pair -> group.contains(pair.first))
                                        .mapToDouble(Pair::cosine)
                                        .min()
                                        .orElseThrow()))
                        .toList();
            }

            /** Returns the distinct values of its images, such as their parts of the data. */
            public List<String> distinct(Function<Located, String> value) {
                return images.stream().map(value).distinct().toList();
            }
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
    }
}
