package org.coop4j.studio;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.studio.Model.Fit;

/** How the latest fits with the present classes did. Safe for use by several threads. */
final class Curve {

    private static final int MOST = 50;

    private final List<Tested> fits = new ArrayList<>();
    private List<String> classes = List.of();

    /** Number of labels of a fit, and which test pictures it has right. */
    private record Tested(int labels, Map<String, Boolean> answers) {}

    /** A fit's labels, and how many of the test pictures that all were tested on it has right. */
    record Point(int labels, int right, int tested) {}

    synchronized void add(Fit fit, int labels) {
        if (!classes.equals(fit.classes())) {
            fits.clear();
            classes = fit.classes();
        }
        fits.add(new Tested(labels, fit.numbers().answers()));
        if (fits.size() > MOST) {
            fits.remove(0);
        }
    }

    /** Returns a point per fit, the first first. */
    synchronized List<Point> points() {
        Set<String> same =
                new HashSet<>(fits.isEmpty() ? Set.of() : fits.get(0).answers.keySet());
        fits.forEach(one -> same.retainAll(one.answers.keySet()));
        return fits.stream()
                .map(one -> new Point(
                        one.labels, (int) same.stream().filter(one.answers::get).count(), same.size()))
                .toList();
    }
}
