package org.coop4j.results;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A way to classify, as the tables name it.
 *
 * @param name as the results have it, such as {@code coop-m16-end}
 * @param variant settings that tell it from others of the same name, or empty
 * @param published the name under which the papers' numbers of it are kept
 * @param kind what sort of method it is
 */
public record MethodLabel(String name, String variant, String published, Kind kind)
        implements Comparable<MethodLabel> {

    /** Hand-written prompts of the dataset, which others are compared with. */
    public static final String ZERO_SHOT = "zero-shot";

    /** The best of the hand-written prompts that {@code coop train} tests. */
    public static final String BEST_HAND_WRITTEN = "hand-written-best";

    private static final Pattern CONTEXT =
            Pattern.compile("coop-m([0-9]{1,4})-(end|middle|front)(-csc)?");
    private static final Pattern WORDS = Pattern.compile("coop-words(-csc)?");
    private static final Pattern ENSEMBLE = Pattern.compile("ensemble-([0-9]{1,6})");

    private static final Comparator<MethodLabel> ORDER =
            Comparator.comparing(MethodLabel::kind)
                    .thenComparing(MethodLabel::rank)
                    .thenComparing(MethodLabel::name)
                    .thenComparing(MethodLabel::variant);

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
        return new MethodLabel(name, "", name, kindOf(name));
    }

    /** What a name says of a method. */
    static Kind kindOf(String name) {
        if (name.equals(ZERO_SHOT)) {
            return Kind.ZERO_SHOT;
        }
        if (name.equals(BEST_HAND_WRITTEN)) {
            return Kind.BEST_HAND_WRITTEN;
        }
        if (ENSEMBLE.matcher(name).matches()) {
            return Kind.ENSEMBLE;
        }
        if (name.equals("linear-probe")) {
            return Kind.PROBE;
        }
        return name.equals("coop") || name.startsWith("coop-") ? Kind.CONTEXT : Kind.OTHER;
    }

    /** Whether nothing is learned, so that it holds for any number of shots. */
    public boolean isWithoutTraining() {
        return kind.compareTo(Kind.PROBE) < 0;
    }

    /** Smaller ensembles first; contexts as the paper has them, the longest at the end first. */
    private int rank() {
        Matcher ensemble = ENSEMBLE.matcher(name);
        if (ensemble.matches()) {
            return Integer.parseInt(ensemble.group(1));
        }
        Matcher context = CONTEXT.matcher(published.isEmpty() ? name : published);
        if (context.matches()) {
            int position = "end middle front".indexOf(context.group(2));
            int specific = context.group(3) == null ? 0 : 1;
            return -100 * Integer.parseInt(context.group(1)) + 2 * position + specific;
        }
        return 0;
    }

    /** Name and variant, for other programs and the terminal. */
    public String id() {
        return variant.isEmpty() ? name : name + " [" + variant + "]";
    }

    /** For people, as in the paper: "CoOp (M = 16, end, CSC)", CSC being class-specific context. */
    public String title() {
        return variant.isEmpty() ? titleOfName() : titleOfName() + ", " + variant;
    }

    private String titleOfName() {
        Matcher context = CONTEXT.matcher(name);
        if (context.matches()) {
            return "CoOp (M = %s, %s%s)"
                    .formatted(
                            context.group(1),
                            context.group(2),
                            context.group(3) == null ? "" : ", CSC");
        }
        Matcher words = WORDS.matcher(name);
        if (words.matches()) {
            return words.group(1) == null ? "CoOp (from words)" : "CoOp (from words, CSC)";
        }
        Matcher ensemble = ENSEMBLE.matcher(name);
        if (ensemble.matches()) {
            return "ensemble of " + ensemble.group(1) + " prompts";
        }
        return switch (kind) {
            case ZERO_SHOT -> "zero-shot CLIP";
            case BEST_HAND_WRITTEN -> "best hand-written prompt";
            case PROBE -> "linear probe";
            default -> name.equals("coop") ? "CoOp" : name;
        };
    }

    @Override
    public int compareTo(MethodLabel other) {
        return ORDER.compare(this, other);
    }
}
