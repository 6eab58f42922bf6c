package org.coop4j.pool;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.base.Progress.Task;
import org.coop4j.base.Progress.Unit;
import org.coop4j.base.Require;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.FeatureSet;
import org.coop4j.eval.Predictions;

/**
 * Pictures without labels, by their features. All that it says is about the pool as a whole: an answer may change with the other
 * pictures, and is kept as an answer; there is no classifier to save.
 *
 * <p>Immutable, and safe for use by several threads.
 */
public final class Pool {

    /** Neighbours that answers look at. */
    public static final int NEIGHBOURS = 8;

    /** Fewest pictures that are answered together. */
    private static final int FEWEST = 16;

    /** Fewest checked pictures that decide between joint answers and answers one by one. */
    public static final int FEWEST_CHECKED = 30;

    /** Fewest pictures whose neighbours are worth a file. */
    private static final int FEWEST_KEPT = 1000;

    /** Factor of the logarithms of joint probabilities: as they are, nearly all of them are 1. */
    private static final double TEMPER = 0.25;

    private static final double LEAST = 1e-30;

    private final FeatureMatrix units;
    private final Neighbours neighbours;

    private Pool(FeatureMatrix units, Neighbours neighbours) {
        this.units = units;
        this.neighbours = neighbours;
    }

    /**
     * Compares all pictures of a pool.
     *
     * @param features image features, a row per picture, at least one
     * @throws IllegalArgumentException if a row is zero or not finite; {@link #usable} names the others
     */
    public static Pool of(FeatureMatrix features, Progress progress) {
        FeatureMatrix units = units(features);
        return new Pool(units, Neighbours.of(units, NEIGHBOURS, progress));
    }

    /**
     * Compares all pictures of a pool, but for those that an earlier call compared.
     *
     * @param kept file of the neighbours, which is made if there are 1,000 pictures or more, and made anew if it cannot be read
     */
    public static Pool of(FeatureMatrix features, Path kept, Progress progress) {
        if (features.rows() < FEWEST_KEPT) {
            return of(features, progress);
        }
        FeatureMatrix units = units(features);
        return new Pool(units, KeptNeighbours.of(units, NEIGHBOURS, kept, progress));
    }

    /**
     * Returns the pool with more pictures, which are compared with all.
     *
     * @param features the features of the new pictures
     */
    public Pool with(FeatureMatrix features, Progress progress) {
        FeatureMatrix more = units(features);
        Require.that(
                more.width() == units.width(), "expected features of width %d, got %d", units.width(), more.width());
        float[] all = Arrays.copyOf(units.toArray(), Math.multiplyExact(size() + more.rows(), units.width()));
        System.arraycopy(more.toArray(), 0, all, size() * units.width(), more.rows() * units.width());
        FeatureMatrix together = FeatureMatrix.of(size() + more.rows(), units.width(), all);
        return new Pool(together, neighbours.with(together, progress));
    }

    private static FeatureMatrix units(FeatureMatrix features) {
        int[] usable = usable(features);
        Require.that(features.rows() >= 1, "a pool has 1 picture or more, got none");
        for (int i = 0; i < features.rows(); i++) {
            Require.that(
                    i < usable.length && usable[i] == i,
                    "row %d of the features is zero or not finite: leave this picture out",
                    i);
        }
        return features.normalized();
    }

    /** Returns the rows whose features are finite and not zero. */
    public static int[] usable(FeatureMatrix features) {
        return IntStream.range(0, features.rows())
                .filter(i -> {
                    double square = features.dot(i, features, i);
                    return square > 0 && Double.isFinite(square);
                })
                .toArray();
    }

    /** Returns the number of pictures. */
    public int size() {
        return units.rows();
    }

    /** Returns the features, of unit length. */
    public FeatureMatrix units() {
        return units;
    }

    /** Returns the nearest others of each picture. */
    public Neighbours neighbours() {
        return neighbours;
    }

    /** Returns the most probable class of each picture, the lower index at a tie. */
    static int[] answers(FeatureMatrix scores) {
        return IntStream.range(0, scores.rows()).map(i -> answer(scores, i)).toArray();
    }

    static int answer(FeatureMatrix scores, int picture) {
        return Predictions.argmax(scores.width(), k -> scores.get(picture, k));
    }

    /**
     * Knowledge about the pictures of a pool.
     *
     * @param logits of a classifier that looks at one picture at a time, with its scale, [pictures, classes]
     * @param texts features of the classes' texts, [classes, width]; null where there are none
     * @param labelled pictures outside of the pool, with single labels
     * @param known labels that a person gave to pictures of the pool, by row
     * @param checked labels of randomly drawn pictures of the pool, by row, which neither the classifier nor {@code known} saw
     */
    public record Evidence(
            FeatureMatrix logits,
            FeatureMatrix texts,
            FeatureSet labelled,
            Map<Integer, Integer> known,
            Map<Integer, Integer> checked) {

        /** Takes the answers of a classifier, and nothing else. */
        public static Evidence of(FeatureMatrix logits) {
            return new Evidence(logits, null, null, Map.of(), Map.of());
        }

        /** Adds features of the classes' texts. */
        public Evidence texts(FeatureMatrix features) {
            return new Evidence(logits, features, labelled, known, checked);
        }

        /** Adds labelled pictures outside of the pool. */
        public Evidence labelled(FeatureSet pictures) {
            return new Evidence(logits, texts, pictures, known, checked);
        }

        /** Adds labels that a person gave to pictures of the pool. */
        public Evidence known(Map<Integer, Integer> labels) {
            return new Evidence(logits, texts, labelled, labels, checked);
        }

        /** Adds labels of randomly drawn pictures, which decide whether joint answers are used. */
        public Evidence checked(Map<Integer, Integer> labels) {
            return new Evidence(logits, texts, labelled, known, labels);
        }
    }

    /**
     * Answers for all pictures.
     *
     * @param joint true if they were made together; false if each picture stands for itself
     * @param labels the class of each picture
     * @param confidences 0 to 1, comparable within the pool; an order, and no promise
     * @param alone the classes one by one
     * @param probabilities of all classes, [pictures, classes], from which the confidences are
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Answers(boolean joint, int[] labels, double[] confidences, int[] alone, FeatureMatrix probabilities) {

        /** Returns how many answers the pool changed. */
        public int changed() {
            return (int) IntStream.range(0, labels.length)
                    .filter(i -> labels[i] != alone[i])
                    .count();
        }
    }

    /**
     * Answers all pictures together. Pictures are answered one by one if they are fewer than 16, if there is one class, or if
     * 30 checked pictures or more say that this is better.
     *
     * @param progress of the rounds
     * @throws IllegalArgumentException if a shape is wrong, or a label or row is impossible
     */
    public Answers joint(Evidence evidence, Progress progress) {
        FeatureMatrix logits = evidence.logits;
        int classes = logits.width();
        requireLogits(logits);
        FeatureMatrix texts = evidence.texts == null
                ? FeatureMatrix.of(classes, units.width(), new float[classes * units.width()])
                : evidence.texts;
        Require.that(
                texts.rows() == classes && texts.width() == units.width(),
                "expected texts of %d classes of width %d, got %d of width %d",
                classes,
                units.width(),
                texts.rows(),
                texts.width());
        requireLabels(evidence.known, classes);
        requireLabels(evidence.checked, classes);
        evidence.checked
                .keySet()
                .forEach(row -> Require.that(
                        !evidence.known.containsKey(row), "row %d is known: a checked picture may not be", row));
        FeatureSet labelled = evidence.labelled == null ? FeatureSet.none(units.width()) : evidence.labelled;
        Require.that(
                labelled.width() == units.width(),
                "expected labelled features of width %d, got %d",
                units.width(),
                labelled.width());
        int[] alone = answers(logits);
        Answers oneByOne = answers(false, tempered(logits, 1), alone, evidence.known);
        if (size() < FEWEST || classes == 1) {
            return oneByOne;
        }
        try (JointModel model = new JointModel(units, neighbours, logits, texts, labelled, evidence.known);
                Task task = progress.task("answering together", JointModel.ROUNDS, Unit.WORK)) {
            for (int round = 0; round < JointModel.ROUNDS; round++) {
                model.round();
                task.advance(1);
            }
            FeatureMatrix z = model.probabilities();
            Answers together = answers(true, tempered(z), answers(z), evidence.known);
            return isWorse(together.labels, alone, evidence.checked)
                    ? oneByOne
                    : new Answers(true, together.labels, together.confidences, alone, together.probabilities);
        }
    }

    private static boolean isWorse(int[] together, int[] alone, Map<Integer, Integer> checked) {
        long gain = checked.entrySet().stream()
                .mapToLong(one -> (together[one.getKey()] == one.getValue() ? 1 : 0)
                        - (alone[one.getKey()] == one.getValue() ? 1 : 0))
                .sum();
        return checked.size() >= FEWEST_CHECKED && gain < 0;
    }

    private static Answers answers(boolean joint, FeatureMatrix u, int[] labels, Map<Integer, Integer> known) {
        int[] answers = labels.clone();
        double[] confidences = new double[answers.length];
        Arrays.setAll(confidences, i -> u.get(i, labels[i]));
        known.forEach((row, label) -> {
            answers[row] = label;
            confidences[row] = 1;
        });
        return new Answers(joint, answers, confidences, labels, u);
    }

    /** Returns softmax(¼ ln z). */
    static FeatureMatrix tempered(FeatureMatrix z) {
        float[] logs = z.toArray();
        for (int i = 0; i < logs.length; i++) {
            logs[i] = (float) Math.log(Math.max(logs[i], LEAST));
        }
        return tempered(FeatureMatrix.of(z.rows(), z.width(), logs), TEMPER);
    }

    private static FeatureMatrix tempered(FeatureMatrix logits, double factor) {
        return FeatureMatrix.of(logits.rows(), logits.width(), JointModel.softmax(logits, factor));
    }

    private void requireLogits(FeatureMatrix logits) {
        Require.that(logits.rows() == size(), "expected logits of %d pictures, got %d", size(), logits.rows());
        for (int i = 0; i < size(); i++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < logits.width(); k++) {
                largest = Math.max(largest, logits.get(i, k)); // NaN stays
            }
            Require.that(Double.isFinite(largest), "the logits of row %d have no largest one", i);
        }
    }

    private void requireLabels(Map<Integer, Integer> labels, int classes) {
        labels.forEach((row, label) -> {
            Require.that(row >= 0 && row < size(), "row %d: the pool has rows 0 to %d", row, size() - 1);
            Require.that(
                    label >= 0 && label < classes,
                    "row %d: expected a label from 0 to %d, got %d",
                    row,
                    classes - 1,
                    label);
        });
    }

    /**
     * Labels of pictures by row.
     *
     * @throws IllegalArgumentException if a row comes twice
     */
    public static Map<Integer, Integer> labels(int[] rows, int[] labels) {
        Map<Integer, Integer> all = new HashMap<>();
        for (int i = 0; i < rows.length; i++) {
            Require.that(all.put(rows[i], labels[i]) == null, "row %d has two labels", rows[i]);
        }
        return all;
    }

    /**
     * Returns how much each picture looks like one of the classes: low for strangers. It is an order; there is no threshold without
     * pictures that were drawn at random ({@link #strangers}).
     *
     * @param logits of a classifier that looks at one picture at a time
     * @param scale the classifier's scale of cosines; 1 for a method without one
     */
    public double[] ownness(FeatureMatrix logits, double scale) {
        requireLogits(logits);
        double[] own = new double[size()];
        for (int i = 0; i < own.length; i++) {
            double largest = Double.NEGATIVE_INFINITY;
            double sum = 0;
            int finite = 0;
            for (int k = 0; k < logits.width(); k++) {
                double logit = logits.get(i, k);
                if (logit != Double.NEGATIVE_INFINITY) { // else masked
                    largest = Math.max(largest, logit);
                    sum += logit;
                    finite++;
                }
            }
            own[i] = (largest - sum / finite / 2) / scale;
        }
        return neighbours.smoothed(own);
    }

    /**
     * Returns p values of pictures: few of the own pictures have one of 0.05 or less, 5 % on average.
     *
     * @param calibration rows of pictures of the classes, drawn at random
     */
    public static double[] strangers(double[] ownness, int[] calibration) {
        double[] sorted = IntStream.of(calibration)
                .mapToDouble(row -> ownness[row])
                .sorted()
                .toArray();
        return Arrays.stream(ownness)
                .map(own ->
                        (1.0 + Arrays.stream(sorted).filter(one -> one <= own).count()) / (sorted.length + 1))
                .toArray();
    }

    /**
     * A picture to label, and why.
     *
     * @param predicted the class that the classifier gives it
     * @param probability of that class
     * @param covers number of pictures that it resembles
     */
    public record Question(int row, int predicted, double probability, int covers) {}

    /**
     * Returns which pictures to label next, in order: doubtful ones that many others resemble, of every predicted class in turn.
     *
     * @param logits of the current classifier, which looks at one picture at a time
     * @param scale the classifier's scale of cosines; 1 for a method without one
     * @param answered labels of pictures of the pool, by row; −1 for "none of mine"
     * @param count how many; all that are free if there are fewer
     */
    public List<Question> next(FeatureMatrix logits, double scale, Map<Integer, Integer> answered, int count) {
        return new LabelNext(this, logits, scale, answered).next(count);
    }

    /** Searches by words or pictures. */
    public Search search() {
        return new Search(units);
    }

    /**
     * Places the pictures on a plane, alike ones near each other.
     *
     * @param seed equal seeds give equal places
     * @return x and y of each picture
     */
    public double[][] map(long seed, Progress progress) {
        return map(IntStream.range(0, size()).toArray(), seed, progress);
    }

    /** Places some pictures alone, by their rows. */
    public double[][] map(int[] rows, long seed, Progress progress) {
        FeatureMatrix some = units.rows(rows);
        PoolMap map = new PoolMap(some, Neighbours.of(some, PoolMap.NEIGHBOURS, progress), seed);
        try (Task task = progress.task("placing", PoolMap.EPOCHS, Unit.WORK)) {
            for (int epoch = 0; epoch < PoolMap.EPOCHS; epoch++) {
                map.epoch(epoch);
                task.advance(1);
            }
        }
        return new double[][] {map.x, map.y};
    }
}
