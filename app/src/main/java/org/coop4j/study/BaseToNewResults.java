package org.coop4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.coop4j.eval.BaseToNew;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.MethodResults.Common;

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
     * @param notes is told what is left out
     */
    static BaseToNewResults of(MethodResults base, MethodResults unseen, Consumer<String> notes) {
        SortedSet<Setup> setups = base.setups();
        setups.addAll(unseen.setups());
        List<String> datasets = Stream.of(base, unseen)
                .flatMap(results -> results.datasets().stream())
                .distinct()
                .sorted(DatasetNames.ORDER)
                .toList();
        Map<List<Object>, Row> rows = new LinkedHashMap<>();
        for (String dataset : datasets) {
            for (Setup setup : setups) {
                Row row = row(base.get(dataset, setup), unseen.get(dataset, setup), notes);
                if (row.base.isPresent() || row.unseen.isPresent()) {
                    rows.put(List.of(dataset, setup), row);
                }
            }
        }
        Common common = Common.of(
                datasets,
                setups,
                (dataset, setup) -> Optional.ofNullable(rows.get(List.of(dataset, setup)))
                        .flatMap(Row::means)
                        .isPresent(),
                notes);
        List<Row> averages = new ArrayList<>();
        for (Setup setup : common.setups()) {
            List<Row> own = common.datasets().stream()
                    .map(dataset -> rows.get(List.of(dataset, setup)))
                    .toList();
            averages.add(new Row(average(own, Row::base), average(own, Row::unseen)));
        }
        return new BaseToNewResults(List.copyOf(rows.values()), averages);
    }

    private static Optional<MethodResult> average(List<Row> rows, Function<Row, Optional<MethodResult>> half) {
        return Optional.of(MethodResult.average(
                rows.stream().flatMap(row -> half.apply(row).stream()).toList()));
    }

    /** Returns a row of the seeds that were tested on both halves. */
    private static Row row(Optional<MethodResult> base, Optional<MethodResult> unseen, Consumer<String> notes) {
        if (base.isEmpty() || unseen.isEmpty()) {
            return new Row(base, unseen);
        }
        List<Long> baseSeeds = base.get().seeds();
        List<Long> newSeeds = unseen.get().seeds();
        MethodLabel method = base.get().method();
        if (!method.isWithoutTraining() && !baseSeeds.equals(newSeeds)) {
            notes.accept("base-to-new, %s, %s: base classes have %s, new classes %s; only shared seeds count"
                    .formatted(base.get().dataset(), method.id(), Study.describe(baseSeeds), Study.describe(newSeeds)));
        }
        return new Row(base.get().onlySeedsOf(unseen.get()), unseen.get().onlySeedsOf(base.get()));
    }
}
