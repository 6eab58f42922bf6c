package org.coop4j.studio;

import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.coop4j.studio.StudioProblem.require;
import static org.eclipse.jetty.http.HttpStatus.CONFLICT_409;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.eval.Predictions;
import org.coop4j.method.Classifier;
import org.coop4j.pool.Acceptance;
import org.coop4j.pool.AnswerSets;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Answers;
import org.coop4j.pool.Pool.Evidence;
import org.coop4j.studio.Model.Fit;
import org.coop4j.studio.Pooled.Compared;
import org.coop4j.studio.Snapshot.Drawn;
import org.coop4j.studio.Snapshot.Photo;
import org.coop4j.studio.Studio.Done;

/**
 * Answers to all pictures together, which the worker of {@link Model} makes after each change, and what can be promised of
 * them.
 *
 * @param number later answers have a larger one
 * @param revision of the labels that they know
 * @param names the classes among which they are: those with labels, and those whose names the model knows
 * @param logits of the classifier that looks at one picture at a time, a row per picture of the pool
 * @param learned true if that is the quick classifier, since each class that seems to be there has a label; otherwise it is
 *     hand-written prompts
 * @param check the checked pictures; null unless all that were drawn are
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Sorting(
        long number,
        long revision,
        Compared compared,
        List<String> names,
        FeatureMatrix logits,
        boolean learned,
        Answers answers,
        double[] ownness,
        Check check) {

    /** Shares of wrong answers among which a person chooses, in %. */
    static final List<Integer> ERRORS = List.of(10, 5, 2);

    private static final int LARGEST_SET = 3;
    private static final int LISTED = 60;
    private static final int ALIKE = 6;

    /** Label of a picture that no answer has right. */
    private static final int NONE = -1;

    /**
     * Pictures that were drawn at random, and are hidden from learning and from the answers.
     *
     * @param labels by row; −1 where every answer is wrong
     * @param population contents among which they were drawn
     * @param delta probability that the promise does not hold: half as much if there were checks before, and half of that if
     *     they also decide between joint answers and others
     */
    record Check(Map<Integer, Integer> labels, Set<String> population, double delta, boolean decides) {

        static Check of(Snapshot now, Compared compared, List<String> names, Set<String> population) {
            Map<Integer, Integer> labels = new HashMap<>();
            for (Drawn one : now.drawn()) {
                Integer row = compared.rows().get(one.sha256());
                if (row != null) {
                    labels.put(row, label(names, one.className()));
                }
            }
            double delta = risk(now.checks().size() - 1);
            boolean decides =
                    own(labels).size() >= Pool.FEWEST_CHECKED && labels.size() >= fewest(ERRORS.get(0), delta / 2);
            return new Check(labels, population, decides ? delta / 2 : delta, decides);
        }

        private static Map<Integer, Integer> own(Map<Integer, Integer> labels) {
            Map<Integer, Integer> own = new HashMap<>(labels);
            own.values().removeIf(label -> label < 0);
            return own;
        }
    }

    private static double risk(int before) {
        return before > 0 ? Acceptance.DELTA / 2 : Acceptance.DELTA;
    }

    private static int fewest(int error, double delta) {
        return Acceptance.fewest(error / 100.0, delta);
    }

    private static int label(List<String> names, String className) {
        return className == null ? NONE : names.indexOf(className);
    }

    /** Answers the pictures; null if there are fewer than two classes to choose from. */
    static Sorting of(Snapshot now, Compared compared, EncodedPhotos encoded, Model model) throws IOException {
        Map<String, String> labels = now.labelled(encoded::has).stream()
                .collect(toMap(Photo::sha256, Photo::className, (one, other) -> one));
        Fit fit = model.latest();
        List<String> names = now.classes().stream()
                .filter(name -> labels.containsValue(name) || model.knows(name))
                .toList();
        if (names.size() < 2) {
            return null;
        }
        FeatureMatrix features = encoded.ofContents(compared.contents());
        FeatureMatrix logits = model.byNames(names).logits(features);
        boolean learned = fit != null && fit.classes().containsAll(shown(now, compared, names, logits));
        if (learned) {
            names = fit.classes();
            Classifier quick = fit.classifier();
            logits = quick.logits(features).times(1 / quick.save().temperature());
        }
        Map<Integer, Integer> known = new HashMap<>();
        for (Map.Entry<String, String> one : labels.entrySet()) {
            Integer row = compared.rows().get(one.getKey());
            int label = label(names, one.getValue());
            if (row != null && label >= 0) {
                known.put(row, label);
            }
        }
        boolean isChecked = !now.drawn().isEmpty() && now.drawn().stream().allMatch(Drawn::isAnswered);
        Check check = isChecked ? Check.of(now, compared, names, model.population(now)) : null;
        Evidence evidence = Evidence.of(logits)
                .texts(model.texts(names))
                .known(known)
                .checked(check != null && check.decides ? Check.own(check.labels) : Map.of());
        Answers answers = compared.pool().joint(evidence, Progress.NONE);
        double[] ownness = compared.pool().ownness(logits, 1); // whose order no scale changes
        Sorting last = model.sorting();
        long number = last == null ? 1 : last.number + 1;
        return new Sorting(number, now.revision(), compared, names, logits, learned, answers, ownness, check);
    }

    /** Returns the classes that unsorted pictures seem to be of. */
    private static Set<String> shown(Snapshot now, Compared compared, List<String> names, FeatureMatrix logits) {
        return now.of(null).stream()
                .map(one -> compared.rows().get(one.sha256()))
                .filter(Objects::nonNull)
                .map(row -> names.get(Predictions.argmax(logits.row(row))))
                .collect(toSet());
    }

    // Answers to unsorted pictures

    /** An unsorted picture with its answer; without a label if a person said no to all classes. */
    private record Open(int row, int label, double confidence, boolean isPromised) {}

    /** Returns the answers to unsorted pictures, the surest first; those about which nothing is promised are the last. */
    private List<Open> open(Snapshot now) {
        Set<String> unsorted = now.of(null).stream()
                .map(Photo::sha256)
                .filter(one -> !now.kept().contains(Photo.drawn(one)))
                .collect(toSet());
        return IntStream.range(0, compared.contents().size())
                .filter(row -> unsorted.contains(content(row)))
                .mapToObj(row -> open(now, row))
                .sorted(Comparator.comparing(Open::isPromised)
                        .thenComparing(Open::confidence)
                        .reversed())
                .toList();
    }

    private String content(int row) {
        return compared.contents().get(row);
    }

    private Open open(Snapshot now, int row) {
        int label = best(now, row, NONE);
        double confidence = label == answers.labels()[row]
                ? answers.confidences()[row]
                : label == NONE ? 0 : answers.probabilities().get(row, label);
        return new Open(row, label, confidence, check == null || check.population.contains(content(row)));
    }

    /** Returns how sure the answer to a picture is; the order alone means something. */
    double confidence(Photo one) {
        Integer row = compared.rows().get(one.sha256());
        return row == null ? 1 : answers.confidences()[row];
    }

    /** Returns the most probable class but one of those that a person did not rule out; −1 if there is none. */
    private int best(Snapshot now, int row, int but) {
        return IntStream.range(0, names.size())
                .filter(k -> k != but && !now.kept().contains(Photo.wrong(content(row), names.get(k))))
                .boxed()
                .max(Comparator.comparing((Integer k) -> k == answers.labels()[row])
                        .thenComparing(k -> answers.probabilities().get(row, k)))
                .orElse(NONE);
    }

    /**
     * A promise about answers that are accepted.
     *
     * @param error largest share that is wrong, in %
     * @param needs fewest checked pictures with which anything can be accepted
     * @param accepted pictures that can be accepted; 0 for no promise
     * @param wrong most of them that are wrong
     * @param checked the surest of the checked pictures, which decided this
     * @param missed those of them whose answer is wrong
     */
    record Promise(int error, int needs, int accepted, int wrong, int checked, int missed) {}

    /** A promise, and the least confidence of an answer that is accepted. */
    private record Accepted(Promise promise, Acceptance acceptance) {

        boolean takes(Open one) {
            return one.isPromised && acceptance.accepts(one.confidence);
        }
    }

    /**
     * Tests what can be accepted.
     *
     * <p>The population stays that of the draw, whatever a person has labelled or taken away since: whoever labels the easy
     * ones must not make the rest look better.
     */
    private Accepted accepted(Snapshot now, List<Open> open, int error) {
        List<Open> promised = open.stream().filter(Open::isPromised).toList();
        List<Open> checked =
                check.labels.keySet().stream().map(row -> open(now, row)).toList();
        double[] confidences = Stream.concat(checked.stream(), promised.stream())
                .mapToDouble(Open::confidence)
                .toArray();
        boolean[] right = new boolean[checked.size()];
        for (int i = 0; i < right.length; i++) {
            Open one = checked.get(i);
            right[i] = one.label != NONE && check.labels.get(one.row) == one.label;
        }
        int[] drawn = IntStream.range(0, right.length).toArray();
        Acceptance tested = Acceptance.of(confidences, drawn, right, error / 100.0, check.delta);
        Acceptance.Test last = tested.tests().stream()
                .filter(Acceptance.Test::passes)
                .reduce((one, next) -> next)
                .orElse(tested.tests().get(0));
        int accepted = (int)
                promised.stream().filter(one -> tested.accepts(one.confidence)).count();
        int others = Math.max(0, check.population.size() - right.length - promised.size());
        int wrong = error * (accepted + last.pictures() + others) / 100 - last.wrong();
        Promise promise = new Promise(
                error, fewest(error, check.delta), accepted, Math.min(wrong, accepted), last.pictures(), last.wrong());
        return new Accepted(promise, tested);
    }

    /** Returns the promise of a share of wrong answers. */
    Promise promise(Snapshot now, int error) {
        return accepted(now, open(now), error).promise;
    }

    /** Returns the classes by content of the pictures that it is about. */
    Map<String, String> accepted(Snapshot now, int error) {
        List<Open> open = open(now);
        Accepted accepted = accepted(now, open, error);
        Map<String, String> labels = new LinkedHashMap<>();
        open.stream().filter(accepted::takes).forEach(one -> labels.put(content(one.row), names.get(one.label)));
        return labels;
    }

    // For the page

    /**
     * Pictures that are answered with a class, the surest first.
     *
     * @param accepted how many of them would be accepted, for each error
     */
    record Row(String name, List<String> pictures, List<Integer> accepted) {}

    /** A picture to which looking at it alone gives another answer. */
    record Different(String id, String label, String alone) {}

    /** A picture that is probably of one of some classes. */
    record Doubt(String id, List<String> of) {}

    /**
     * The screen.
     *
     * @param sets true if the classes of doubtful pictures hold the right one in 9 of 10 cases
     * @param strangers pictures, the least like the classes first
     * @param late number of pictures that are not part of the promise
     * @param promises empty before a check is done
     */
    record Screen(
            long number,
            boolean joint,
            int pictures,
            List<Row> rows,
            List<Different> different,
            boolean sets,
            List<Doubt> doubts,
            List<String> strangers,
            int late,
            List<Promise> promises) {}

    Screen screen(Snapshot now) {
        List<Open> open = open(now);
        List<Accepted> accepted = check == null
                ? List.of()
                : ERRORS.stream().map(error -> accepted(now, open, error)).toList();
        List<Row> rows = new ArrayList<>();
        for (int k = 0; k < names.size(); k++) {
            int label = k;
            List<Open> own = open.stream().filter(one -> one.label == label).toList();
            List<Integer> taken = accepted.stream()
                    .map(promise -> (int) own.stream().filter(promise::takes).count())
                    .toList();
            rows.add(new Row(names.get(k), own.stream().map(this::id).toList(), taken));
        }
        List<Different> different = open.stream()
                .filter(one -> one.label != NONE && one.label != answers.alone()[one.row])
                .map(one -> new Different(id(one), names.get(one.label), names.get(answers.alone()[one.row])))
                .toList();
        List<String> strangers = open.stream()
                .sorted(Comparator.comparingDouble(
                        one -> one.label == NONE ? Double.NEGATIVE_INFINITY : ownness[one.row]))
                .map(this::id)
                .limit(LISTED)
                .toList();
        Optional<AnswerSets> sets = Optional.ofNullable(check)
                .flatMap(one -> AnswerSets.of(answers.probabilities(), Check.own(one.labels)));
        int late = (int) open.stream().filter(one -> !one.isPromised).count();
        return new Screen(
                number,
                answers.joint(),
                open.size(),
                rows,
                different,
                sets.isPresent(),
                doubts(now, open, sets),
                strangers,
                late,
                accepted.stream().map(Accepted::promise).toList());
    }

    private String id(Open one) {
        return compared.id(one.row);
    }

    /** Returns pictures that are of one of a few classes: by what was checked, or by the closest two answers. */
    private List<Doubt> doubts(Snapshot now, List<Open> open, Optional<AnswerSets> sets) {
        FeatureMatrix p = answers.probabilities();
        Map<Open, List<Integer>> few = new HashMap<>();
        for (Open one : open) {
            int second = best(now, one.row, one.label);
            List<Integer> of = sets.isEmpty()
                    ? List.of(one.label, second)
                    : IntStream.of(sets.get().of(one.row)).boxed().toList();
            if (second != NONE && of.contains(one.label) && of.size() > 1 && of.size() <= LARGEST_SET) {
                few.put(one, of);
            }
        }
        return few.entrySet().stream()
                .sorted(Comparator.comparingDouble(
                        one -> p.get(one.getKey().row, one.getValue().get(0))
                                - p.get(one.getKey().row, one.getValue().get(1))))
                .limit(LISTED)
                .map(one -> new Doubt(
                        id(one.getKey()),
                        one.getValue().stream().map(names::get).toList()))
                .toList();
    }

    // Checks

    /**
     * The open check.
     *
     * @param drawn number of its pictures
     * @param fewest fewest pictures that a new check needs to promise anything
     * @param pictures those that nobody has answered
     */
    record Checked(int drawn, int fewest, List<String> pictures) {}

    static Checked checked(Snapshot now) {
        List<String> left = now.drawn().stream()
                .filter(one -> !one.isAnswered())
                .map(Drawn::id)
                .toList();
        return new Checked(
                now.drawn().size(), fewest(ERRORS.get(0), risk(now.checks().size())), left);
    }

    /** Accepts what a person was shown: refuses if these answers, or the number of those that are promised, are others. */
    Done accept(Studio studio, int error, long shown, int count) {
        require(ERRORS.contains(error), "The request names no promise.");
        require(check != null && count > 0, "Nothing is promised: check pictures first.");
        Snapshot now = studio.snapshot();
        Promise promise = promise(now, error);
        if (number != shown || promise.accepted != count) {
            throw new StudioProblem(CONFLICT_409, "The answers have changed: look at them again.");
        }
        return studio.accept(accepted(now, error), promise.accepted - promise.wrong);
    }

    /** Draws unsorted pictures, each as likely as any other. */
    List<String> draw(Snapshot now, int count, Random random) {
        require(now.drawn().stream().allMatch(Drawn::isAnswered), "A check is open: go on, or stop it.");
        Set<String> population = now.of(null).stream().map(Photo::sha256).collect(toCollection(LinkedHashSet::new));
        now.photos().stream()
                .filter(one -> one.className() != null)
                .map(Photo::sha256)
                .forEach(population::remove);
        require(compared.rows().keySet().containsAll(population), "Wait until all pictures have been compared.");
        require(
                count >= 1 && count <= population.size(),
                "%d pictures cannot be checked: %d are unsorted.",
                count,
                population.size());
        List<String> drawn = new ArrayList<>(population);
        Collections.shuffle(drawn, random);
        return drawn.subList(0, count);
    }

    // What to label next

    /**
     * A picture to label.
     *
     * @param label the class that it looks like; null before each class has a label
     * @param covers number of pictures that it resembles
     * @param like the nearest of them
     */
    record Asked(String id, String label, int covers, List<String> like) {}

    /** Returns the unsorted pictures whose labels would help most. */
    List<Asked> next(Snapshot now, int count) {
        Map<String, String> labels =
                now.labelled(one -> true).stream().collect(toMap(Photo::sha256, Photo::className, (one, other) -> one));
        Set<Integer> open = open(now).stream().map(Open::row).collect(toSet());
        Map<Integer, Integer> answered = new HashMap<>();
        compared.rows().forEach((content, row) -> {
            if (labels.containsKey(content) || !open.contains(row)) {
                answered.put(row, label(names, labels.get(content)));
            }
        });
        Pool pool = compared.pool();
        return answered.size() == pool.size()
                ? List.of()
                : pool.next(logits, 1, answered, count).stream()
                        .map(one -> new Asked(
                                compared.id(one.row()),
                                learned ? names.get(one.predicted()) : null,
                                one.covers(),
                                IntStream.range(
                                                0,
                                                Math.min(
                                                        ALIKE, pool.neighbours().count()))
                                        .mapToObj(place ->
                                                compared.id(pool.neighbours().row(one.row(), place)))
                                        .toList()))
                        .toList();
    }
}
