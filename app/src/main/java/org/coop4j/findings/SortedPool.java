package org.coop4j.findings;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.percent;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.coop4j.base.Progress;
import org.coop4j.pool.Acceptance;
import org.coop4j.pool.AnswerSets;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Answers;

/**
 * Answers to all pictures of a pool together, and what can be promised of them.
 *
 * @param acceptance null without a promise
 * @param checked a person's answers to pictures that were drawn at random
 */
public record SortedPool(List<Sorted> rows, Answers answers, Acceptance acceptance, Map<Integer, Integer> checked) {

    /** Fewest checked pictures of the classes that can tell a stranger. */
    private static final int FEWEST_FOR_STRANGERS = 20;

    /** Share of own pictures that may be called strangers. */
    private static final double MISSED = 0.05;

    private static final int MOST_SHOWN = 3;

    /**
     * The answer to a picture.
     *
     * @param label empty for none of the classes
     * @param alone the answer if the picture is looked at by itself
     * @param oneOf up to three classes that it may be of; empty if they are not known
     * @param accepted null without a promise
     */
    public record Sorted(
            String path,
            String label,
            double confidence,
            String alone,
            double ownness,
            List<String> oneOf,
            Boolean accepted) {}

    /**
     * Answers all pictures.
     *
     * @param error the share of accepted answers that may be wrong; null for no promise
     */
    public static SortedPool of(OpenPool opened, Map<Integer, Integer> checked, Double error, Progress progress) {
        Pool pool = opened.pool();
        Map<Integer, Integer> own = OpenPool.ofClasses(checked);
        Answers answers = opened.joint(checked, progress);
        double[] ownness = pool.ownness(opened.logits(), opened.space().logitScale());
        Acceptance acceptance = error == null ? null : acceptance(answers, checked, error);
        // A promise is about answers as they are.
        boolean[] strangers = error == null ? strangers(ownness, own) : new boolean[ownness.length];
        Optional<AnswerSets> sets = AnswerSets.of(answers.probabilities(), own);
        List<Sorted> rows = new ArrayList<>();
        for (int i = 0; i < pool.size(); i++) {
            boolean known = opened.known().containsKey(i);
            List<String> oneOf = sets.isEmpty() || known
                    ? List.of()
                    : IntStream.of(sets.get().of(i)).mapToObj(opened::className).toList();
            double confidence = answers.confidences()[i];
            rows.add(new Sorted(
                    opened.names().get(i),
                    strangers[i] && !known ? "" : opened.className(answers.labels()[i]),
                    confidence,
                    opened.className(answers.alone()[i]),
                    ownness[i],
                    oneOf.size() > MOST_SHOWN ? List.of() : oneOf,
                    acceptance == null ? null : acceptance.accepts(confidence)));
        }
        return new SortedPool(rows, answers, acceptance, checked);
    }

    /** Tests thresholds; checked pictures that also decided between joint answers and others allow half the risk. */
    public static Acceptance acceptance(Answers answers, Map<Integer, Integer> checked, double error) {
        int[] drawn = checked.keySet().stream().mapToInt(Integer::intValue).toArray();
        boolean[] right = new boolean[drawn.length];
        for (int i = 0; i < drawn.length; i++) {
            right[i] = answers.labels()[drawn[i]] == checked.get(drawn[i]);
        }
        return Acceptance.of(answers.confidences(), drawn, right, error, delta(checked));
    }

    private static double delta(Map<Integer, Integer> checked) {
        int own = OpenPool.ofClasses(checked).size();
        return own >= Pool.FEWEST_CHECKED ? Acceptance.DELTA / 2 : Acceptance.DELTA;
    }

    /** Returns which pictures are called strangers. */
    private static boolean[] strangers(double[] ownness, Map<Integer, Integer> own) {
        boolean[] strangers = new boolean[ownness.length];
        if (own.size() >= FEWEST_FOR_STRANGERS) {
            double[] p = Pool.strangers(
                    ownness, own.keySet().stream().mapToInt(Integer::intValue).toArray());
            for (int i = 0; i < p.length; i++) {
                strangers[i] = p[i] <= MISSED && !own.containsKey(i);
            }
        }
        return strangers;
    }

    /** Returns the number of answers that are accepted. */
    public long accepted() {
        return rows.stream().filter(row -> Boolean.TRUE.equals(row.accepted)).count();
    }

    /** Returns a sentence about how the pictures were answered. */
    public String how() {
        String pictures = count(rows.size(), "picture");
        return answers.joint()
                ? "%s answered together, which changed %s of the answers one by one; an answer depends on the other pictures"
                        .formatted(pictures, count(answers.changed()))
                : pictures + " answered one by one" + (checked.isEmpty() ? "" : ", as the checked ones were better so");
    }

    /** Returns the promise in a sentence: how many answers can be accepted, and the largest share of errors among them. */
    public String promise(double error) {
        String share = percent(100 * error, 0);
        if (acceptance.lowest().isPresent()) {
            return "%s of %s can be accepted: at most %s of them are wrong, which holds for 19 of 20 draws of checked pictures"
                    .formatted(count(accepted()), count(rows.size(), "picture"), share);
        }
        int need = Acceptance.fewest(error, delta(checked));
        return checked.size() < need
                ? "no answer can be accepted: to promise that at most %s are wrong, check %d pictures or more, not %d"
                        .formatted(share, need, checked.size())
                : "no answer can be accepted: too many of the checked ones are wrong to promise that at most %s are"
                        .formatted(share);
    }
}
