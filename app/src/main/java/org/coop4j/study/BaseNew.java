package org.coop4j.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.coop4j.data.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.study.Outcomes.Setup;

/** Contexts learned on base classes and tested on base and new ones (CoCoOp, section 4.1). */
public final class BaseNew {

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
            Optional<Outcome> base,
            Optional<Outcome> unseen) {

        /** Means over the seeds, if both halves were tested. */
        public Optional<BaseToNew> means() {
            return base.isPresent() && unseen.isPresent()
                    ? Optional.of(new BaseToNew(base.get().accuracy(), unseen.get().accuracy()))
                    : Optional.empty();
        }
    }

    /**
     * A method's average over datasets: its harmonic mean is that of the averages.
     *
     * @param rows the datasets' rows
     */
    public record AverageRow(MethodLabel method, Shots shots, List<Row> rows) {

        /** Averages over the datasets. */
        public BaseToNew means() {
            return BaseToNew.average(rows.stream().map(row -> row.means().orElseThrow()).toList());
        }
    }

    private final List<String> datasets;
    private final List<Row> rows;
    private final List<AverageRow> averages;
    private final CommonDatasets common;
    private final List<String> notes = new ArrayList<>();

    private BaseNew(Outcomes base, Outcomes unseen) {
        TreeSet<Setup> setups = new TreeSet<>(base.setups());
        setups.addAll(unseen.setups());
        TreeSet<String> names = new TreeSet<>(DatasetNames.order());
        names.addAll(base.datasets());
        names.addAll(unseen.datasets());
        this.datasets = List.copyOf(names);
        List<Row> found = new ArrayList<>();
        for (Setup setup : setups) {
            for (String dataset : datasets) {
                row(
                                base.get(dataset, setup.method(), setup.shots()),
                                unseen.get(dataset, setup.method(), setup.shots()))
                        .ifPresent(found::add);
            }
        }
        this.rows = List.copyOf(found);
        this.common = CommonDatasets.of(datasets, List.copyOf(setups), this::isWhole);
        this.averages = common.setups().stream().map(this::average).toList();
        notes.addAll(common.notes());
    }

    private AverageRow average(Setup setup) {
        return new AverageRow(
                setup.method(),
                setup.shots(),
                common.datasets().stream().map(d -> row(d, setup).orElseThrow()).toList());
    }

    static BaseNew of(Study study) {
        return new BaseNew(half(study, ClassHalf.BASE), half(study, ClassHalf.NEW));
    }

    private static Outcomes half(Study study, ClassHalf half) {
        return Outcomes.of(study, half, entry -> !entry.run().isTransferred())
                .withHandWritten(study, half);
    }

    /** Of the seeds, those that were tested on both halves. */
    private Optional<Row> row(Optional<Outcome> base, Optional<Outcome> unseen) {
        Optional<Outcome> any = base.or(() -> unseen);
        if (any.isEmpty()) {
            return Optional.empty();
        }
        Optional<Outcome> first = base;
        Optional<Outcome> second = unseen;
        if (base.isPresent() && unseen.isPresent()) {
            first = base.get().onlySeedsOf(unseen.get());
            second = unseen.get().onlySeedsOf(base.get());
            noteSeeds(base.get(), unseen.get());
        }
        Outcome cell = any.get();
        return first.isEmpty() && second.isEmpty()
                ? Optional.empty()
                : Optional.of(new Row(cell.dataset(), cell.method(), cell.shots(), first, second));
    }

    private void noteSeeds(Outcome base, Outcome unseen) {
        boolean learned = !base.method().isWithoutTraining();
        if (learned && !base.seeds().equals(unseen.seeds())) {
            notes.add(
                    "base-to-new, %s, %s: base classes have the seeds %s, new ones %s; those of"
                                    .formatted(
                                            base.dataset(),
                                            base.method().id(),
                                            base.seedsText(),
                                            unseen.seedsText())
                            + " both count");
        }
    }

    private boolean isWhole(String dataset, Setup setup) {
        return row(dataset, setup).flatMap(Row::means).isPresent();
    }

    private Optional<Row> row(String dataset, Setup setup) {
        return rows.stream()
                .filter(r -> r.dataset.equals(dataset))
                .filter(r -> r.method.equals(setup.method()) && r.shots.equals(setup.shots()))
                .findFirst();
    }

    /** Whether there is nothing. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The datasets, in the order of the tables. */
    public List<String> datasets() {
        return datasets;
    }

    /** All rows, by method and shots, then dataset. */
    public List<Row> rows() {
        return rows;
    }

    /** Averages over {@link #averaged} datasets; empty if there are fewer than two. */
    public List<AverageRow> averages() {
        return averages;
    }

    /** The datasets that all averages are over. */
    public List<String> averaged() {
        return common.datasets();
    }

    /** What was left out, a sentence each. */
    public List<String> notes() {
        return List.copyOf(notes);
    }
}
