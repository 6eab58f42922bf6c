package org.coop4j.study;

import java.util.Comparator;
import org.coop4j.method.Method;
import org.coop4j.method.Roles;
import org.coop4j.run.RunConfig;

/**
 * A way to classify, as the tables name it: runs of equal labels are averaged, others never.
 *
 * @param id for other programs and the screen, such as {@code coop-m16-end}; with what tells it
 *     apart in brackets where runs of one name have different settings; labels of one id are equal
 * @param title for people: "CoOp (M = 16, class-specific)"
 * @param method the method, with the settings of a run that has this label
 * @param published whether it is trained as its paper does, so that the paper's numbers are of it
 * @param rank its place in the tables: zero-shot CLIP first, the others in the order of the list of
 *     methods
 */
public record MethodLabel(String id, String title, Method method, boolean published, int rank)
        implements Comparable<MethodLabel> {

    private static final String BEST = "hand-written-best";

    /** The hand-written prompt of the dataset, which others are compared with. */
    public static final MethodLabel ZERO_SHOT = of(Roles.zeroShot().id());

    /** The best of the hand-written prompts that {@code coop train} tests. */
    public static final MethodLabel BEST_HAND_WRITTEN =
            new MethodLabel(BEST, "best hand-written prompt", ZERO_SHOT.method, false, 1);

    private static final Comparator<MethodLabel> ORDER =
            Comparator.comparing(MethodLabel::rank).thenComparing(MethodLabel::id);

    MethodLabel(String id, String title, Method method, boolean published) {
        this(id, title, method, published, place(id, method));
    }

    private static int place(String id, Method method) {
        if (id.equals(method.id()) && !method.learns()) {
            return 0;
        }
        return 2 + Method.all().stream().map(Method::id).toList().indexOf(method.id());
    }

    /** A method by its own name or a short one, trained as its paper does. */
    public static MethodLabel of(String name) {
        Method method = Method.of(name);
        return new MethodLabel(name, method.title(), method, true);
    }

    /** Whether a run is trained as the paper of its method does. */
    static boolean isPublished(RunConfig config) {
        int shots = config.sample().shots();
        return config.training().equals(config.method().training(shots))
                || config.training().equals(config.method().trainingOnImageNet(shots));
    }

    /** Whether nothing is learned, so that it holds for any number of shots. */
    public boolean isWithoutTraining() {
        return !method.learns();
    }

    /** Whether it is the same method, with whatever settings. */
    public boolean isOf(Method other) {
        return method.id().equals(other.id());
    }

    @Override
    public int compareTo(MethodLabel other) {
        return ORDER.compare(this, other);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MethodLabel label && id.equals(label.id);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }
}
