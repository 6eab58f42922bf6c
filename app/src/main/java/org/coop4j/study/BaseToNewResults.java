package org.coop4j.study;

import static org.coop4j.study.MethodResult.AVERAGE;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Methods learned on base classes and tested on base and new ones (CoCoOp, section 4.1).
 *
 * @param rows by dataset, then method and shots
 * @param averages over the datasets that all averages are over; empty if there are fewer than two
 */
public record BaseToNewResults(List<Row> rows, List<Row> averages) {

    /**
     * A method's results on the two halves of a dataset, or their averages.
     *
     * @param base tested on the classes that were learned, if it was
     * @param unseen tested on the others, if it was; of the same seeds
     */
    public record Row(Optional<MethodResult> base, Optional<MethodResult> unseen) {

        /** Returns the result on either half. */
        public MethodResult any() {
            return base.or(() -> unseen).orElseThrow();
        }

        /** Returns means over the seeds, if both halves were tested; the harmonic mean of an average is that of the averages. */
        public Optional<BaseToNew> means() {
            return base.flatMap(b -> unseen.map(u -> new BaseToNew(b.accuracy(), u.accuracy())));
        }
    }

    /**
     * Pairs the results on base classes with those on new ones.
     *
     * @param base is reduced to the seeds that both have, like the other, and both get averages
     * @param notes is told what is left out
     */
    static BaseToNewResults of(MethodResults base, MethodResults unseen, Consumer<String> notes) {
        MethodResults both = base.and(unseen);
        for (MethodResult one : base.cells()) {
            unseen.get(one.dataset(), one.setup()).ifPresent(other -> {
                if (!one.method().isWithoutTraining() && !one.seeds().equals(other.seeds())) {
                    notes.accept("base-to-new, %s, %s: base classes have %s, new classes %s; only shared seeds count"
                            .formatted(
                                    one.dataset(),
                                    one.method().id(),
                                    Study.describe(one.seeds()),
                                    Study.describe(other.seeds())));
                }
                base.replace(one, one.onlySeedsOf(other));
                unseen.replace(other, other.onlySeedsOf(one));
            });
        }
        MethodResults.average(both.datasets(), both.setups(), List.of(base, unseen), notes);
        Function<String, Stream<Row>> rows = dataset -> both.setups().stream()
                .map(setup -> new Row(base.get(dataset, setup), unseen.get(dataset, setup)))
                .filter(row -> row.base.isPresent() || row.unseen.isPresent());
        return new BaseToNewResults(
                both.datasets().stream().flatMap(rows).toList(),
                rows.apply(AVERAGE).toList());
    }
}
