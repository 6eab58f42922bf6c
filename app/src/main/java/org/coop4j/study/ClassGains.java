package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.run.RunResult.PerClass;
import org.coop4j.study.MethodResult.Measured;

/**
 * A method's accuracy on each class of a dataset, beside zero-shot's; not a number where it is unknown.
 *
 * @param result the method's results
 * @param own images of each class, of all seeds together, in the order of the first result
 * @param zeroShot the same of zero-shot; empty if it is unknown
 */
public record ClassGains(MethodResult result, Map<String, PerClass> own, Map<String, PerClass> zeroShot) {

    /** Returns accuracy on a class. */
    public double accuracy(String name) {
        return own.containsKey(name) ? own.get(name).accuracy() : Double.NaN;
    }

    /** Returns zero-shot's accuracy on a class. */
    public double zeroShot(String name) {
        return zeroShot.containsKey(name) ? zeroShot.get(name).accuracy() : Double.NaN;
    }

    /** Returns gain over zero-shot in points. */
    public double gain(String name) {
        return accuracy(name) - zeroShot(name);
    }

    /** Returns the gains of everything that was learned and has results of its classes. */
    static List<ClassGains> of(MethodResults fewShot) {
        List<ClassGains> gains = new ArrayList<>();
        for (MethodResult cell : fewShot.cells()) {
            Map<String, PerClass> own = perClass(cell);
            if (!cell.method().isWithoutTraining() && !own.isEmpty()) {
                Map<String, PerClass> zeroShot = fewShot.zeroShot(cell.dataset())
                        .map(ClassGains::perClass)
                        .orElse(Map.of());
                gains.add(new ClassGains(cell, own, zeroShot));
            }
        }
        return gains;
    }

    /** Returns images of each class over the seeds. */
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
