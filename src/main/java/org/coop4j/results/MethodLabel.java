package org.coop4j.results;

import java.util.Comparator;

/**
 * A way to classify, as the tables name it: runs of equal labels are averaged, others never.
 *
 * @param id for other programs and the screen, such as {@code coop-m16-end}; with what tells it
 *     apart in brackets where runs of one name have different settings
 * @param title for people, as in the paper: "CoOp (M = 16, end, CSC)", CSC being class-specific
 * @param published the name under which the papers' numbers of it are kept, or empty
 * @param kind what sort of method it is
 * @param rank its place among those of its kind
 */
public record MethodLabel(String id, String title, String published, Kind kind, int rank)
        implements Comparable<MethodLabel> {

    /** Hand-written prompts of the dataset, which others are compared with. */
    public static final MethodLabel ZERO_SHOT = MethodLabels.named("zero-shot");

    /** The best of the hand-written prompts that {@code coop train} tests. */
    public static final MethodLabel BEST_HAND_WRITTEN = MethodLabels.named("hand-written-best");

    private static final Comparator<MethodLabel> ORDER =
            Comparator.comparing(MethodLabel::kind)
                    .thenComparing(MethodLabel::rank)
                    .thenComparing(MethodLabel::id);

    /** What sort of method it is, in the order of the tables. */
    public enum Kind {
        /** One hand-written prompt. */
        ZERO_SHOT,
        /** The best of several, chosen on the test images. */
        BEST_HAND_WRITTEN,
        /** Several hand-written prompts together. */
        ENSEMBLE,
        /** Hand-written prompts under a name of their own. */
        PROMPTS,
        /** Logistic regression on image features. */
        PROBE,
        /** Learned context vectors. */
        CONTEXT,
        /** Any other. */
        OTHER
    }

    /** A method that stands alone under its name. */
    public static MethodLabel of(String name) {
        return MethodLabels.named(name);
    }

    /** Whether nothing is learned, so that it holds for any number of shots. */
    public boolean isWithoutTraining() {
        return kind.compareTo(Kind.PROBE) < 0;
    }

    /** Whether it is the CoOp of the paper's few-shot experiments. */
    boolean isMain() {
        return published.equals("coop-m16-end");
    }

    @Override
    public int compareTo(MethodLabel other) {
        return ORDER.compare(this, other);
    }
}
