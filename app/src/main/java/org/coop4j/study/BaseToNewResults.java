package org.coop4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.study.MethodResults.Averaged;
import org.coop4j.study.MethodResults.Setup;

/**
 * Methods learned on base classes and tested on base and new ones (CoCoOp, section 4.1).
 *
 * @param datasets in the order of the tables
 * @param rows by method and shots, then dataset
 * @param averages over {@code averaged} datasets; empty if there are fewer than two
 * @param averaged the datasets that all averages are over
 * @param notes what was left out, a sentence each
 */
public record BaseToNewResults(
        List<String> datasets, List<Row> rows, List<AverageRow> averages, List<String> averaged, List<String> notes) {

    /**
     * A method's results on the two halves of a dataset.
     *
     * @param base tested on the classes that were learned, if it was
     * @param unseen tested on the others, if it was; of the same seeds
     */
    public record Row(
            String dataset,
            MethodLabel method,
            Shots shots,
            Optional<MethodResult> base,
            Optional<MethodResult> unseen) {

        /** Returns the means over the seeds, if both halves were tested. */
        public Optional<BaseToNew> means() {
            return base.flatMap(b -> unseen.map(u -> new BaseToNew(b.accuracy(), u.accuracy())));
        }
    }

    /**
     * A method's average over datasets; its harmonic mean is that of the averages.
     *
     * @param rows the datasets' rows
     */
    public record AverageRow(MethodLabel method, Shots shots, List<Row> rows) {

        /** Returns the averages over the datasets. */
        public BaseToNew means() {
            return BaseToNew.average(
                    rows.stream().map(row -> row.means().orElseThrow()).toList());
        }
    }

    static BaseToNewResults of(Study study) {
        MethodResults base = MethodResults.ofOwn(study, ClassHalf.BASE);
        MethodResults unseen = MethodResults.ofOwn(study, ClassHalf.NEW);
        SortedSet<Setup> setups = base.setups();
        setups.addAll(unseen.setups());
        List<String> datasets = Stream.of(base, unseen)
                .flatMap(results -> results.datasets().stream())
                .distinct()
                .sorted(DatasetNames.ORDER)
                .toList();
        Map<List<Object>, Row> rows = new LinkedHashMap<>();
        List<String> notes = new ArrayList<>();
        for (Setup setup : setups) {
            for (String dataset : datasets) {
                Row row = row(dataset, setup, base.get(dataset, setup), unseen.get(dataset, setup), notes);
                if (row.base.isPresent() || row.unseen.isPresent()) {
                    rows.put(List.of(dataset, setup), row);
                }
            }
        }
        Averaged<Row> averaged =
                Averaged.of(datasets, setups, (dataset, setup) -> Optional.ofNullable(rows.get(List.of(dataset, setup)))
                        .filter(row -> row.means().isPresent()));
        notes.addAll(averaged.notes());
        return new BaseToNewResults(
                datasets,
                List.copyOf(rows.values()),
                averaged.rows().entrySet().stream()
                        .map(row -> new AverageRow(
                                row.getKey().method(), row.getKey().shots(), row.getValue()))
                        .toList(),
                averaged.datasets(),
                List.copyOf(notes));
    }

    /** Returns a row of the seeds that were tested on both halves. */
    private static Row row(
            String dataset,
            Setup setup,
            Optional<MethodResult> base,
            Optional<MethodResult> unseen,
            List<String> notes) {
        if (base.isEmpty() || unseen.isEmpty()) {
            return new Row(dataset, setup.method(), setup.shots(), base, unseen);
        }
        List<Long> baseSeeds = base.get().seeds();
        List<Long> newSeeds = unseen.get().seeds();
        if (!setup.method().isWithoutTraining() && !baseSeeds.equals(newSeeds)) {
            notes.add("base-to-new, %s, %s: base classes have seeds %s, new classes %s; only shared seeds count"
                    .formatted(dataset, setup.method().id(), text(baseSeeds), text(newSeeds)));
        }
        return new Row(
                dataset,
                setup.method(),
                setup.shots(),
                base.get().onlySeedsOf(unseen.get()),
                unseen.get().onlySeedsOf(base.get()));
    }

    private static String text(List<Long> seeds) {
        return Numbers.first(seeds.stream().map(String::valueOf).toList(), Integer.MAX_VALUE);
    }

    /** Returns true if there is nothing. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }
}
