package org.coop4j.study;

import java.util.List;
import java.util.Optional;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.Study.Entry;

/**
 * Methods learned on one dataset and tested on others (CoOp, section 4.2; CoCoOp, sections 4.2 and 4.3).
 *
 * @param source the dataset learned from
 * @param targets the datasets tested on
 * @param results of zero-shot and ensembles on the targets, and of the methods that learned; on the source too
 */
public record Robustness(String source, List<String> targets, MethodResults results) {

    /** Returns average over the targets, if a method was tested on all. */
    public Optional<MethodResult> average(Setup setup) {
        List<MethodResult> all = onTargets(setup);
        return all.size() == targets.size() ? Optional.of(MethodResult.average(all)) : Optional.empty();
    }

    /** Returns a method's results on the targets. */
    public List<MethodResult> onTargets(Setup setup) {
        return targets.stream()
                .flatMap(target -> results.get(target, setup).stream())
                .toList();
    }

    /**
     * Makes one table per source.
     *
     * @param own results on the data that was learned from
     */
    static List<Robustness> of(List<Entry> entries, MethodResults own) {
        return entries.stream()
                .filter(entry -> entry.run().isTransferred() && entry.result().half() == ClassHalf.ALL)
                .map(entry -> entry.result().trainedOn())
                .distinct()
                .sorted()
                .map(source -> of(source, entries, own))
                .toList();
    }

    private static Robustness of(String source, List<Entry> entries, MethodResults own) {
        MethodResults results = MethodResults.of(
                entries,
                ClassHalf.ALL,
                entry -> entry.run().isTransferred()
                        && entry.result().trainedOn().equals(source));
        List<String> targets = results.datasets();
        for (MethodResult prompt : own.cells()) {
            if (targets.contains(prompt.dataset())
                    && prompt.method().isWithoutTraining()
                    && !prompt.method().equals(MethodLabel.BEST_HAND_WRITTEN)) {
                results.add(prompt);
            }
        }
        results.setups().forEach(setup -> own.get(source, setup).ifPresent(results::add));
        return new Robustness(source, targets, results);
    }
}
