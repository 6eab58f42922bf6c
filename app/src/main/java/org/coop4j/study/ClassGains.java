package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.run.RunResult;

/**
 * A method's results on each class of a dataset, beside zero-shot's.
 *
 * @param outcome the method's results
 * @param classes in the order of the first result
 */
public record ClassGains(Outcome outcome, List<ClassGain> classes) {

    /** Copies the list. */
    public ClassGains {
        classes = List.copyOf(classes);
    }

    /**
     * A class.
     *
     * @param name the class
     * @param images its test images, of all seeds together
     * @param accuracy percentage of them classified rightly
     * @param zeroShot the same of zero-shot, if known
     */
    public record ClassGain(String name, int images, double accuracy, OptionalDouble zeroShot) {

        /** Points won over zero-shot, if that is known. */
        public OptionalDouble gain() {
            return zeroShot.isPresent()
                    ? OptionalDouble.of(accuracy - zeroShot.getAsDouble())
                    : OptionalDouble.empty();
        }
    }

    /** Images of a class over the seeds. */
    private record Count(int total, int correct) {

        Count plus(RunResult.PerClass one) {
            return new Count(total + one.total(), correct + one.correct());
        }

        double accuracy() {
            return 100.0 * correct / total;
        }
    }

    /** Whether zero-shot's results on the classes are known. */
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

    /** All that was learned and has results of its classes. */
    static List<ClassGains> of(FewShot fewShot) {
        List<ClassGains> gains = new ArrayList<>();
        for (Outcome cell : fewShot.cells()) {
            Map<String, Count> own = counts(cell);
            if (!cell.method().isWithoutTraining() && !own.isEmpty()) {
                Map<String, Count> zeroShot =
                        fewShot.zeroShot(cell.dataset()).map(ClassGains::counts).orElse(Map.of());
                gains.add(of(cell, own, zeroShot));
            }
        }
        return gains;
    }

    private static Map<String, Count> counts(Outcome cell) {
        Map<String, Count> counts = new LinkedHashMap<>();
        for (Measured measured : cell.bySeed().values()) {
            Map<String, Integer> seen = new HashMap<>();
            for (RunResult.PerClass one : measured.perClass()) {
                // ImageNet has two classes called "missile".
                int nth = seen.merge(one.name(), 1, Integer::sum);
                counts.merge(
                        nth == 1 ? one.name() : one.name() + " (" + nth + ")",
                        new Count(one.total(), one.correct()),
                        (count, ignored) -> count.plus(one));
            }
        }
        return counts;
    }

    private static ClassGains of(
            Outcome cell, Map<String, Count> own, Map<String, Count> zeroShot) {
        List<ClassGain> classes = new ArrayList<>();
        own.forEach(
                (name, count) ->
                        classes.add(
                                new ClassGain(
                                        name,
                                        count.total,
                                        count.accuracy(),
                                        Optional.ofNullable(zeroShot.get(name))
                                                .map(c -> OptionalDouble.of(c.accuracy()))
                                                .orElse(OptionalDouble.empty()))));
        return new ClassGains(cell, classes);
    }
}
