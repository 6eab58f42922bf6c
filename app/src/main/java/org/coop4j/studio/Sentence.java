package org.coop4j.studio;

import static org.coop4j.base.Numbers.count;

import java.util.Optional;
import org.coop4j.console.Interval;
import org.coop4j.studio.Learning.Fit;
import org.coop4j.studio.Studio.Snapshot;

/** The line at the top: what is true of the pictures, its evidence, and what is useful next. */
record Sentence(String text, String evidence, Next next) {

    /** A screen, and the words of its button. */
    record Next(String screen, String label) {}

    /**
     * Returns the line for a state of the folder.
     *
     * @param fit the present classifier, or null
     * @param before the one before the latest change, or null
     */
    static Sentence of(Snapshot now, Fit fit, Fit before) {
        int unsorted = now.of(null).size();
        Optional<Next> sort =
                unsorted > 0 ? Optional.of(new Next("sort", "Sort " + count(unsorted, "picture"))) : Optional.empty();
        if (now.pictures().isEmpty()) {
            return new Sentence(
                    "Add pictures to begin.", "Drop files or folders here.", new Next("board", "Add pictures"));
        }
        if (fit == null) {
            String evidence = "%s, %s so far."
                    .formatted(
                            count(now.pictures().size(), "picture"),
                            count(now.classes().size(), "class", "classes"));
            return new Sentence(
                    "The studio learns as soon as there are two classes.",
                    evidence,
                    sort.orElse(new Next("board", "New class")));
        }
        int n = fit.tested().size();
        if (n == 0) {
            return new Sentence(
                    "Nothing is tested yet.",
                    "Add pictures: a class needs 8 or more to be tested.",
                    sort.orElse(new Next("board", "Add pictures")));
        }
        Interval likely = Interval.wilson(fit.right(), n);
        long low = Math.round(likely.low() / 10);
        long high = Math.round(likely.high() / 10);
        String evidence = "%d of %d test pictures are right (%d %%, likely %d to %d %%). %s"
                .formatted(
                        fit.right(),
                        n,
                        Math.round(100.0 * fit.right() / n),
                        Math.round(likely.low()),
                        Math.round(likely.high()),
                        compared(fit, before));
        int wrong = fit.mistaken(now).length;
        Next last = wrong > 0 ? new Next("mistakes", "Look at " + count(wrong, "mistake")) : new Next("learn", "Learn");
        return new Sentence(
                "Of 10 new pictures, %s would be right.".formatted(low == high ? low : low + " to " + high),
                evidence,
                sort.orElse(last));
    }

    private static String compared(Fit fit, Fit before) {
        String names = than(fit.right() - fit.byNames(), "without learning").replaceFirst("^as", "As");
        if (before == null || before.tested().isEmpty()) {
            return names + ".";
        }
        return before.test().equals(fit.test())
                ? "%s, %s.".formatted(names, than(fit.right() - before.right(), "before your last change"))
                : names + ". The test pictures have changed.";
    }

    private static String than(int more, String what) {
        return more == 0
                ? "as many as " + what
                : "%d %s than %s".formatted(Math.abs(more), more > 0 ? "more" : "fewer", what);
    }
}
