package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.coop4j.run.RunResult.PerClass;
import org.coop4j.study.MethodResult.Measured;

/**
 * A method's accuracy on each class of a dataset, beside zero-shot's.
 *
 * @param result the method's results
 * @param classes in the order of the first result
 */
public record ClassGains(MethodResult result, List<ClassGain> classes) {

    /**
     * A class.
     *
     * @param name the class
     * @param images its test images, of all seeds together
     * @param accuracy percentage of them classified correctly
     * @param zeroShot zero-shot's accuracy, if known
     */
    public record ClassGain(String name, int images, double accuracy, OptionalDouble zeroShot) {

        /** Gain over zero-shot in points, if that is known. */
        public OptionalDouble gain() {
            return zeroShot.isPresent() ? OptionalDouble.of(accuracy - zeroShot.getAsDouble()) : OptionalDouble.empty();
        }
    }

    /** Returns true if zero-shot's results on the classes are known. */
    public boolean isCompared() {
        return classes.stream().anyMatch(c -> c.zeroShot.isPresent());
    }

    /** The accuracy on a class, or NaN if it has none. */
    public double accuracy(String name) {
        return classes.stream()
                .filter(c -> c.name.equals(name))
                .mapToDouble(ClassGain::accuracy)
                .findFirst()
                .orElse(Double.NaN);
    }

    /** The gains of everything that was learned and has results of its classes. */
    static List<ClassGains> of(MethodResults fewShot) {
        List<ClassGains> gains = new ArrayList<>();
        for (MethodResult cell : fewShot.cells()) {
            Map<String, PerClass> own = perClass(cell);
            if (!cell.method().isWithoutTraining() && !own.isEmpty()) {
                Map<String, PerClass> zeroShot = fewShot.zeroShot(cell.dataset())
                        .map(ClassGains::perClass)
                        .orElse(Map.of());
                List<ClassGain> classes = new ArrayList<>();
                own.forEach((name, one) -> classes.add(new ClassGain(
                        name,
                        one.total(),
                        accuracy(one),
                        Stream.ofNullable(zeroShot.get(name))
                                .mapToDouble(ClassGains::accuracy)
                                .findFirst())));
                gains.add(new ClassGains(cell, classes));
            }
        }
        return gains;
    }

    private static double accuracy(PerClass one) {
        return 100.0 * one.correct() / one.total();
    }

    /** Images of each class over the seeds. */
    private static Map<String, PerClass> perClass(MethodResult cell) {
        Map<String, PerClass> sums = new LinkedHashMap<>();
        for (Measured measured : cell.bySeed().values()) {
            Map<String, Integer> seen = new HashMap<>();
            for (PerClass one : measured.perClass()) {
                // ImageNet has two classes called "missile".
                int nth = seen.merge(one.name(), 1, Integer::sum);
                sums.merge(
                        nth == 1 ? one.name() : one.name() + " (" + nth + ")",
                        one,
                        (a, b) -> new PerClass(a.name(), a.total() + b.total(), a.correct() + b.correct()));
            }
        }
        return sums;
    }
}
