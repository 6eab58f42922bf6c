package org.coop4j.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
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

        /** Means over the seeds, if both halves were tested. */
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

        /** Averages over the datasets. */
        public BaseToNew means() {
            return BaseToNew.average(
                    rows.stream().map(row -> row.means().orElseThrow()).toList());
        }
    }

    static BaseToNewResults of(Study study) {
        MethodResults base = MethodResults.ofOwn(study, ClassHalf.BASE);
        MethodResults unseen = MethodResults.ofOwn(study, ClassHalf.NEW);
        TreeSet<Setup> setups = base.setups();
        setups.addAll(unseen.setups());
        TreeSet<String> names = new TreeSet<>(DatasetNames.ORDER);
        names.addAll(base.datasets());
        names.addAll(unseen.datasets());
        List<String> datasets = List.copyOf(names);
        List<Row> rows = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (Setup setup : setups) {
            for (String dataset : datasets) {
                row(dataset, setup, base.get(dataset, setup), unseen.get(dataset, setup), notes)
                        .ifPresent(rows::add);
            }
        }
        Averaged<Row> averaged = Averaged.of(datasets, setups, (dataset, setup) -> rows.stream()
                .filter(row -> row.dataset.equals(dataset) && setup.equals(new Setup(row.method, row.shots)))
                .filter(row -> row.means().isPresent())
                .findFirst());
        notes.addAll(averaged.notes());
        return new BaseToNewResults(
                datasets,
                List.copyOf(rows),
                averaged.rows().entrySet().stream()
                        .map(row -> new AverageRow(row.getKey().method(), row.getKey().shots(), row.getValue()))
                        .toList(),
                averaged.datasets(),
                List.copyOf(notes));
    }

    /** A row of the seeds that were tested on both halves. */
    private static Optional<Row> row(
            String dataset,
            Setup setup,
            Optional<MethodResult> base,
            Optional<MethodResult> unseen,
            List<String> notes) {
        Optional<MethodResult> first = unseen.isEmpty() ? base : base.flatMap(b -> b.onlySeedsOf(unseen.get()));
        Optional<MethodResult> second = base.isEmpty() ? unseen : unseen.flatMap(u -> u.onlySeedsOf(base.get()));
        if (base.isPresent()
                && unseen.isPresent()
                && !setup.method().isWithoutTraining()
                && !base.get().seeds().equals(unseen.get().seeds())) {
            notes.add("base-to-new, %s, %s: base classes have the seeds %s, new ones %s; those of both count"
                    .formatted(
                            dataset,
                            setup.method().id(),
                            seeds(base.get()),
                            seeds(unseen.get())));
        }
        return first.isEmpty() && second.isEmpty()
                ? Optional.empty()
                : Optional.of(new Row(dataset, setup.method(), setup.shots(), first, second));
    }

    private static String seeds(MethodResult result) {
        return Numbers.first(result.seeds().stream().map(String::valueOf).toList(), Integer.MAX_VALUE);
    }

    /** Returns true if there is nothing. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }
}
