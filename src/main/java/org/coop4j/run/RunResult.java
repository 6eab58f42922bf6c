package org.coop4j.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.coop4j.base.Require;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.LabelScores;
import org.coop4j.eval.LabelScores.Agreement;
import org.coop4j.eval.LabelScores.Bounds;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.eval.LabelScores.Measure;
import org.coop4j.eval.Labels;
import org.coop4j.eval.Scores;
import org.coop4j.method.Method;

/**
 * The results of a run on the test images; accuracies, errors and F1 are percentages.
 *
 * @param method name such as {@code coop} or {@code zero-shot}, or a sweep's own name
 * @param methodTitle the method's name in tables: "CoOp (M = 16)", or the sweep's own name for it
 * @param dataset name of the data tested on
 * @param trainedOn name of the data learned from, the same unless a context is transferred
 * @param half the classes tested on
 * @param shots training images per class; 0 for all or none
 * @param seed the run's seed
 * @param precision id of the precision of the products that encoded images and trained prompts; null if a file of an
 *     earlier version does not say
 * @param classes number of classes
 * @param trainImages number of training images
 * @param testImages number of test images
 * @param accuracy percentage of test images classified correctly; null for sets of labels, whose measures are in {@link
 *     Sets}
 * @param errorRate 100 - accuracy; null for sets of labels
 * @param macroF1 mean F1 over the classes that have test images
 * @param calibrationError expected calibration error over 15 bins, 0 to 1
 * @param handWritten hand-written prompts on the same images
 * @param perClass results of each class
 * @param warnings of the run about its data and its training
 * @param seconds duration of each part of the run
 * @param sets results on images with sets of labels; null for single labels. With sets, a class's accuracy is its recall
 */
public record RunResult(
        String method,
        String methodTitle,
        String dataset,
        String trainedOn,
        ClassHalf half,
        int shots,
        long seed,
        String precision,
        int classes,
        int trainImages,
        int testImages,
        @JsonInclude(JsonInclude.Include.NON_NULL) Double accuracy,
        @JsonInclude(JsonInclude.Include.NON_NULL) Double errorRate,
        double macroF1,
        double calibrationError,
        List<HandWritten> handWritten,
        List<PerClass> perClass,
        List<String> warnings,
        Map<String, Double> seconds,
        @JsonInclude(JsonInclude.Include.NON_NULL) Sets sets) {

    /**
     * Checks the values, which may come from a file. Earlier versions called the share of whole sets an accuracy, which is in
     * {@link Sets} too, and the mean average precision of hand-written prompts.
     *
     * @throws IllegalArgumentException if one is missing or impossible
     */
    public RunResult {
        Require.name("method", method);
        Require.name("dataset", dataset);
        Require.between("shots", shots, 0, Integer.MAX_VALUE - 1);
        Require.between("classes", classes, 1, Integer.MAX_VALUE);
        Require.between("testImages", testImages, 1, Integer.MAX_VALUE);
        boolean single = sets == null;
        Require.that(!single || accuracy != null, "accuracy: expected a number, got none");
        Require.that(!single || errorRate != null, "errorRate: expected a number, got none");
        accuracy = single ? accuracy : null;
        errorRate = single ? errorRate : null;
        Require.between("accuracy", single ? accuracy : 0, 0, 100);
        Require.between("macroF1", macroF1, 0, 100);
        Require.between("calibrationError", calibrationError, 0, 1);
        Require.that(
                handWritten != null && perClass != null && seconds != null,
                "expected \"handWritten\", \"perClass\" and \"seconds\"");
        handWritten = handWritten.stream()
                .map(one -> HandWritten.of(one.prompt, one.value(), single))
                .toList();
        warnings = warnings == null ? List.of() : List.copyOf(warnings);
    }

    /**
     * Returns the result that follows from scores of test images.
     *
     * @param label name of the method in the result
     * @param images the run's images with the names of the tested classes
     * @param learned names of the classes of the training images
     * @param scores of the test images
     * @param decision the way from scores to sets of labels; null for single labels
     * @param handWritten hand-written prompts on the same images
     * @param warnings of the run
     * @param seconds duration of each part of the run
     */
    public static RunResult of(
            String label,
            RunConfig config,
            RunImages images,
            List<String> learned,
            Scores scores,
            Decision decision,
            List<HandWritten> handWritten,
            List<String> warnings,
            Map<String, Double> seconds) {
        List<String> classNames = images.testedClasses();
        Sets sets = Labels.areSets(scores.truth())
                ? Sets.of(
                        classNames,
                        images.trainPositives(learned)::get,
                        scores,
                        decision,
                        config.sample().seed())
                : null;
        Evaluation evaluation = sets == null ? scores.evaluation() : null;
        return new RunResult(
                label,
                titled(label, config.method()),
                config.testedOn().name(),
                config.data().name(),
                config.testedOn().classes(),
                config.sample().shots(),
                config.sample().seed(),
                config.precision().id(),
                classNames.size(),
                images.train().size(),
                scores.size(),
                sets == null ? (Double) evaluation.accuracy() : null,
                sets == null ? (Double) evaluation.errorRate() : null,
                sets == null ? evaluation.macroF1() : orZero(sets.decided.macroF1()),
                sets == null ? scores.calibrationError() : scores.sets().calibrationError(decision),
                handWritten,
                sets == null
                        ? evaluation.classes().stream()
                                .map(c -> new PerClass(classNames.get(c.label()), c.total(), c.correct()))
                                .toList()
                        : sets.classes.stream()
                                .filter(c -> c.positives > 0)
                                .map(c -> new PerClass(c.name, c.positives, c.found))
                                .toList(),
                warnings,
                seconds,
                sets);
    }

    private static double orZero(Double value) {
        return value == null ? 0 : value;
    }

    /** Returns what runs are compared by: the accuracy, or the mean average precision of sets of labels. */
    public double value() {
        return sets == null ? accuracy : orZero(sets.map);
    }

    /** Returns the method's title, which has its settings, unless a plan gave it a name of its own. */
    private static String titled(String label, Method method) {
        boolean named = label.equals(method.id())
                || method.defaults().shorthand(label).filter(method::equals).isPresent();
        return named ? method.title() : label;
    }

    /** Returns the duration of all parts of the run. */
    public double totalSeconds() {
        return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    /**
     * The result of a hand-written prompt, in percent.
     *
     * @param prompt the template, or a description of the ensemble
     * @param accuracy null for sets of labels
     * @param map mean average precision; null for single labels
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record HandWritten(String prompt, Double accuracy, Double map) {
        public HandWritten {
            Require.name("prompt", prompt);
            Require.that((accuracy == null) != (map == null), "expected either \"accuracy\" or \"map\"");
            Require.between("handWritten", map == null ? accuracy : map, 0, 100);
        }

        /** Returns the result of a prompt on single labels or on sets of them. */
        static HandWritten of(String prompt, double value, boolean single) {
            return new HandWritten(prompt, single ? (Double) value : null, single ? null : (Double) value);
        }

        /** Returns what prompts are compared by. */
        public double value() {
            return map == null ? accuracy : map;
        }
    }

    /** Images times classes up to which results have bounds, which take seconds. */
    private static final long MOST_ENTRIES = 10_000_000;

    /**
     * Results on images with sets of labels, in percent; null where there is nothing to divide by.
     *
     * @param map mean average precision of the classes with positives
     * @param mapBounds its bounds by bootstrap; null if that takes long
     * @param decided agreement of the predicted labels
     * @param of1Bounds bounds of the F1 over all entries
     * @param top3 agreement of each image's three best labels
     */
    public record Sets(
            Double map, Bounds mapBounds, Agreement decided, Bounds of1Bounds, Agreement top3, List<SetClass> classes) {

        /** Copies the classes. */
        public Sets {
            Require.that(decided != null && top3 != null && classes != null, "expected decided, top3 and classes");
            classes = List.copyOf(classes);
        }

        /**
         * Measures scores.
         *
         * @param learned number of training images that show a class; null if unknown
         * @param seed of the bootstrap
         */
        public static Sets of(
                List<String> names, Function<String, Integer> learned, Scores scores, Decision decision, long seed) {
            LabelScores of = scores.sets();
            boolean few = (long) scores.size() * names.size() <= MOST_ENTRIES;
            int[] found = new int[names.size()];
            for (int i = 0; i < scores.size(); i++) {
                boolean[] predicted = decision.predicted(scores.logits()[i]);
                for (int label : scores.truth().get(i).present()) {
                    found[label] += predicted[label] ? 1 : 0;
                }
            }
            return new Sets(
                    of.meanAveragePrecision(),
                    few ? of.bounds(Measure.MAP, seed) : null,
                    of.at(decision),
                    few ? of.bounds(Measure.of1(decision), seed) : null,
                    of.top(),
                    IntStream.range(0, names.size())
                            .mapToObj(c -> new SetClass(
                                    names.get(c),
                                    learned.apply(names.get(c)),
                                    of.positives(c),
                                    found[c],
                                    of.averagePrecision(c),
                                    decision.threshold(c)))
                            .toList());
        }
    }

    /**
     * The result of one of the labels of a set.
     *
     * @param learned number of training images that show it; null if unknown
     * @param positives number of test images that show it
     * @param found number of those for which it is predicted
     * @param ap average precision in percent; null without positives
     * @param threshold least score of a prediction; null if there is none
     */
    public record SetClass(String name, Integer learned, int positives, int found, Double ap, Double threshold) {}

    /**
     * The result of a class.
     *
     * @param total number of test images
     * @param correct number of test images classified correctly
     */
    public record PerClass(String name, int total, int correct) {
        public PerClass {
            Require.between("total", total, 1, Integer.MAX_VALUE);
            Require.between("correct", correct, 0, total);
        }

        /** Returns the percentage of test images classified correctly. */
        public double accuracy() {
            return 100.0 * correct / total;
        }
    }
}
