package org.coop4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.study.MethodResults.Setup;
import org.coop4j.study.Study.Entry;

/**
 * Methods learned on one dataset and tested on others (CoOp, section 4.2; CoCoOp, sections 4.2 and 4.3).
 *
 * @param source the dataset learned from
 * @param targets the datasets tested on
 * @param rows zero-shot and ensembles on the same data, then the methods that learned
 */
public record Robustness(String source, List<String> targets, List<Row> rows) {

    /**
     * A method.
     *
     * @param onSource its result on the source, if it was tested there
     * @param onTargets its results by target
     */
    public record Row(
            MethodLabel method, Shots shots, Optional<MethodResult> onSource, Map<String, MethodResult> onTargets) {

        /** Returns the mean accuracy over the targets, if it was tested on all. */
        public OptionalDouble average(List<String> targets) {
            return onTargets.keySet().containsAll(targets)
                    ? onTargets.values().stream()
                            .mapToDouble(MethodResult::accuracy)
                            .average()
                    : OptionalDouble.empty();
        }
    }

    /** One table for each source. */
    static List<Robustness> of(Study study) {
        TreeSet<String> sources = new TreeSet<>();
        for (Entry entry : study.entries()) {
            if (entry.run().isTransferred() && entry.result().half() == ClassHalf.ALL) {
                sources.add(entry.result().trainedOn());
            }
        }
        MethodResults own = MethodResults.ofOwn(study, ClassHalf.ALL);
        return sources.stream().map(source -> of(study, source, own)).toList();
    }

    private static Robustness of(Study study, String source, MethodResults own) {
        MethodResults transferred = MethodResults.of(
                study,
                ClassHalf.ALL,
                e -> e.run().isTransferred() && e.result().trainedOn().equals(source));
        List<Row> rows = new ArrayList<>();
        for (MethodResults results : List.of(own, transferred)) {
            for (Setup setup : results.setups()) {
                Map<String, MethodResult> onTargets = new LinkedHashMap<>();
                transferred.datasets().forEach(target -> results.get(target, setup)
                        .ifPresent(result -> onTargets.put(target, result)));
                boolean shown = results == transferred
                        || (setup.method().isWithoutTraining()
                                && !setup.method().equals(MethodLabel.BEST_HAND_WRITTEN));
                if (shown && !onTargets.isEmpty()) {
                    rows.add(new Row(setup.method(), setup.shots(), own.get(source, setup), onTargets));
                }
            }
        }
        return new Robustness(source, transferred.datasets(), rows);
    }
}
