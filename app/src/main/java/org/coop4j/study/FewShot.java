package org.coop4j.study;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.data.ClassHalf;
import org.coop4j.method.Method;
import org.coop4j.method.Roles;
import org.coop4j.study.Outcomes.Setup;

/** Results of methods that learned from, and were tested on, all classes of a dataset. */
public final class FewShot {

    private final Outcomes cells;
    private final List<String> datasets;
    private final List<Setup> setups;
    private final List<Average> averages;
    private final CommonDatasets common;

    private FewShot(Outcomes cells, List<String> datasets) {
        this.cells = cells;
        this.datasets = datasets;
        this.setups =
                cells.setups().stream()
                        .filter(s -> datasets.stream().anyMatch(d -> has(d, s)))
                        .toList();
        this.common = CommonDatasets.of(datasets, setups, this::has);
        this.averages = common.setups().stream().map(this::average).toList();
    }

    static FewShot of(Study study) {
        Outcomes cells =
                Outcomes.of(study, ClassHalf.ALL, entry -> !entry.run().isTransferred())
                        .withHandWritten(study, ClassHalf.ALL);
        Set<String> targets = new HashSet<>();
        for (Entry entry : study.entries()) {
            if (entry.run().isTransferred()) {
                targets.add(entry.dataset());
            }
        }
        // What contexts were only carried over to has a table of its own.
        for (Outcome cell : cells.all()) {
            if (!cell.method().isWithoutTraining()) {
                targets.remove(cell.dataset());
            }
        }
        return new FewShot(
                cells, cells.datasets().stream().filter(d -> !targets.contains(d)).toList());
    }

    private boolean has(String dataset, Setup setup) {
        return cells.get(dataset, setup.method(), setup.shots()).isPresent();
    }

    private Average average(Setup setup) {
        return new Average(
                setup.method(),
                setup.shots(),
                common.datasets().stream()
                        .map(d -> cells.get(d, setup.method(), setup.shots()).orElseThrow())
                        .toList());
    }

    /** The datasets, in the order of the tables. */
    public List<String> datasets() {
        return datasets;
    }

    /** All cells of a dataset, by method and shots. */
    public List<Outcome> cells(String dataset) {
        return setups.stream()
                .flatMap(s -> cells.get(dataset, s.method(), s.shots()).stream())
                .toList();
    }

    /** All cells. */
    public List<Outcome> cells() {
        return datasets.stream().flatMap(dataset -> cells(dataset).stream()).toList();
    }

    /** A cell. */
    public Optional<Outcome> cell(String dataset, MethodLabel method, Shots shots) {
        return cells.get(dataset, method, shots);
    }

    /** What others are compared with on a dataset: its own hand-written prompt. */
    public Optional<Outcome> zeroShot(String dataset) {
        return cells.get(dataset, MethodLabel.ZERO_SHOT, Shots.NONE);
    }

    /** All methods, in the order of the tables. */
    public List<MethodLabel> methods() {
        return setups.stream().map(Setup::method).distinct().toList();
    }

    /** All numbers of training images, but none, ascending. */
    public List<Shots> shots() {
        return setups.stream()
                .map(Setup::shots)
                .filter(shots -> !shots.equals(Shots.NONE))
                .distinct()
                .sorted()
                .toList();
    }

    /** Averages over {@link #averaged} datasets; empty if there are fewer than two. */
    public List<Average> averages() {
        return averages;
    }

    /** An average. */
    public Optional<Average> average(MethodLabel method, Shots shots) {
        return averages.stream()
                .filter(a -> a.method().equals(method) && a.shots().equals(shots))
                .findFirst();
    }

    /** The average of zero-shot. */
    public Optional<Average> averageZeroShot() {
        return average(MethodLabel.ZERO_SHOT, Shots.NONE);
    }

    /** The datasets that all averages are over. */
    public List<String> averaged() {
        return common.datasets();
    }

    /** What averages leave out, a sentence each. */
    public List<String> notes() {
        return common.notes();
    }

    /** The method that a short summary shows: the paper's CoOp, else another, else any learned. */
    public Optional<MethodLabel> main() {
        Method coop = Roles.standard();
        return methods().stream()
                .filter(method -> !method.isWithoutTraining())
                .min(
                        Comparator.comparing((MethodLabel m) -> !m.isOf(coop))
                                .thenComparing(m -> !m.method().equals(coop)));
    }
}
