package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static java.util.stream.Collectors.averagingDouble;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.PerClass;

/**
 * The numbers of a run, or of a hand-written prompt that it tested.
 *
 * @param place what was tested, and on what
 * @param seed 0 where it makes no difference
 * @param values numbers by measure; a hand-written prompt has an accuracy, or of sets of labels a mean average precision alone
 * @param perClass results of each class, if known
 * @param folder of the run, relative to the folder that was searched
 * @param finished time of the run's end, in UTC; empty if it is not recorded
 */
public record Score(
        Place place, long seed, Map<Measure, Double> values, List<PerClass> perClass, Path folder, String finished) {

    /** A number of a run; shares are in percent. */
    public enum Measure {
        /** Share of test images classified correctly, of single labels. */
        ACCURACY,
        /** Mean average precision, of sets of labels. */
        MAP,
        /** Mean F1 over the classes. */
        MACRO_F1,
        /** Expected calibration error over 15 bins; small is good. */
        CALIBRATION_ERROR,
        /** Duration of the run. */
        SECONDS,
        /** Number of training images. */
        TRAIN_IMAGES,
        /** Number of test images. */
        TEST_IMAGES;

        /** Returns the measure of results on single labels, or on sets of them. */
        static Measure of(boolean single) {
            return single ? ACCURACY : MAP;
        }

        /** Returns its value; null if it is one of other labels. */
        private Double of(RunResult result) {
            return switch (this) {
                case ACCURACY -> result.accuracy();
                case MAP -> result.sets() == null ? null : (Double) result.value();
                case MACRO_F1 -> result.macroF1();
                case CALIBRATION_ERROR -> 100 * result.calibrationError();
                case SECONDS -> result.totalSeconds();
                case TRAIN_IMAGES -> (double) result.trainImages();
                case TEST_IMAGES -> (double) result.testImages();
            };
        }

        /** Returns its name for programs. */
        String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A method with a number of shots.
     *
     * @param shots training images per class; none if it learns nothing
     */
    public record Setup(MethodLabel method, Shots shots) implements Comparable<Setup> {

        /** The hand-written prompt of the dataset. */
        public static final Setup ZERO_SHOT = MethodLabel.ZERO_SHOT.with(Shots.NONE);

        @Override
        public int compareTo(Setup other) {
            return comparing(Setup::method).thenComparing(Setup::shots).compare(this, other);
        }

        @Override
        public String toString() {
            return shots.equals(Shots.NONE) ? method.id() : method.id() + ", " + shots.describe();
        }
    }

    /**
     * The common part of the scores of several seeds.
     *
     * @param dataset the test data; {@link #AVERAGE} for averages over datasets
     * @param learnedOn the dataset that was learned from; the one tested on where nothing was learned
     * @param half the classes that were tested
     */
    public record Place(String dataset, String learnedOn, ClassHalf half, Setup setup) implements Comparable<Place> {

        /** Stands for a dataset in averages. */
        public static final String AVERAGE = "";

        /** Averages, then datasets as in the papers; methods with ascending shots; base classes before new ones. */
        private static final Comparator<Place> ORDER = comparing((Place place) -> !place.dataset.equals(AVERAGE))
                .thenComparing(Place::dataset, PublishedNumbers.DATASETS)
                .thenComparing(Place::setup)
                .thenComparing(Place::half)
                .thenComparing(Place::learnedOn, naturalOrder());

        /** Returns true if the data tested on are not those learned from. */
        boolean isTransferred() {
            return !dataset.equals(learnedOn);
        }

        /** Returns true if nothing was learned. */
        boolean isWithoutTraining() {
            return setup.method.isWithoutTraining();
        }

        Place with(Setup other) {
            return new Place(dataset, learnedOn, half, other);
        }

        /** Returns "DTD (learned on Pets), new classes". */
        String data() {
            return dataset
                    + (isTransferred() ? " (learned on " + learnedOn + ")" : "")
                    + (half == ClassHalf.ALL ? "" : ", " + half.label() + " classes");
        }

        /** Returns "DTD (learned on Pets), new classes, coop, 16 shots". */
        @Override
        public String toString() {
            return data() + ", " + setup;
        }

        @Override
        public int compareTo(Place other) {
            return ORDER.compare(this, other);
        }
    }

    /** Returns the score of a run. */
    static Score of(Place place, RunResult result, Path folder, String finished) {
        Map<Measure, Double> values = new LinkedHashMap<>();
        for (Measure measure : Measure.values()) {
            values.put(measure, measure.of(result));
        }
        values.values().removeIf(Objects::isNull);
        return new Score(place, result.seed(), values, result.perClass(), folder, finished);
    }

    /** Returns the means of the values that all scores have. */
    static Score mean(Place place, long seed, Collection<Score> scores) {
        Map<Measure, Double> means = new LinkedHashMap<>();
        for (Measure measure : Measure.values()) {
            if (scores.stream().allMatch(score -> score.values.containsKey(measure))) {
                means.put(measure, scores.stream().collect(averagingDouble(score -> score.values.get(measure))));
            }
        }
        return new Score(place, seed, means, List.of(), Path.of(""), "");
    }

    /** Returns the measure that tables show. */
    Measure measure() {
        return Measure.of(values.containsKey(Measure.ACCURACY));
    }

    /** Returns the accuracy, or of sets of labels the mean average precision. */
    double value() {
        return values.get(measure());
    }
}
