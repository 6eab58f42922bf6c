package org.coop4j.study;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.SeedSummary;
import org.coop4j.method.Method;
import org.coop4j.study.MethodResult.Measure;
import org.coop4j.study.MethodResults.Averaged;
import org.coop4j.study.MethodResults.Setup;
import org.coop4j.study.Study.Entry;

/** Results of methods that learned from, and were tested on, all classes of a dataset. */
public final class FewShotResults {

    /**
     * A method's average over datasets.
     *
     * @param method the method
     * @param shots training images per class
     * @param cells its results on each of the datasets
     */
    public record Average(MethodLabel method, Shots shots, List<MethodResult> cells) {

        /** Returns the mean over the datasets of the means over the seeds, if all have the score. */
        public OptionalDouble mean(Measure measure) {
            List<SeedSummary> known = cells.stream()
                    .flatMap(cell -> cell.summary(measure).stream())
                    .toList();
            return known.size() < cells.size()
                    ? OptionalDouble.empty()
                    : known.stream().mapToDouble(SeedSummary::mean).average();
        }

        /** Returns the mean accuracy. */
        public double accuracy() {
            return mean(Measure.ACCURACY).orElseThrow();
        }

        /** Returns the average of each seed, over the seeds, if all datasets have the same seeds. */
        public Optional<SeedSummary> overSeeds(Measure measure) {
            List<Long> seeds = cells.get(0).seeds();
            boolean same = cells.stream()
                    .allMatch(cell ->
                            cell.seeds().equals(seeds) && cell.summary(measure).isPresent());
            return same
                    ? Optional.of(SeedSummary.of(seeds, seed -> cells.stream()
                            .mapToDouble(
                                    cell -> cell.bySeed().get(seed).scores().get(measure))
                            .average()
                            .orElseThrow()))
                    : Optional.empty();
        }

        /** Returns the accuracy over the seeds, or the mean alone where the datasets have different seeds. */
        public SeedSummary summary() {
            return overSeeds(Measure.ACCURACY).orElseGet(() -> SeedSummary.of(accuracy()));
        }

        /** Returns the gain in accuracy over zero-shot on the same datasets, which are the pairs of its test. */
        public MethodResult.Gain gainOver(Average zeroShot) {
            return MethodResult.gain(
                    cells.stream().map(MethodResult::accuracy).toList(),
                    zeroShot.cells.stream().map(MethodResult::accuracy).toList());
        }
    }

    private final MethodResults cells;
    private final List<String> datasets;
    private final List<Setup> setups;
    private final Averaged<MethodResult> averaged;
    private final List<Average> averages;

    FewShotResults(Study study) {
        cells = MethodResults.ofOwn(study, ClassHalf.ALL);
        // Datasets that were only tested on, with what was learned elsewhere, have a table of their own.
        Set<String> targets = study.entries().stream()
                .filter(entry -> entry.run().isTransferred())
                .map(Entry::dataset)
                .collect(Collectors.toSet());
        datasets = cells.datasets().stream()
                .filter(dataset -> !targets.contains(dataset)
                        || cells.setups().stream()
                                .anyMatch(setup -> !setup.method().isWithoutTraining()
                                        && cells.get(dataset, setup).isPresent()))
                .toList();
        setups = cells.setups().stream()
                .filter(setup ->
                        datasets.stream().anyMatch(d -> cells.get(d, setup).isPresent()))
                .toList();
        averaged = Averaged.of(datasets, setups, cells::get);
        averages = averaged.rows().entrySet().stream()
                .map(row -> new Average(row.getKey().method(), row.getKey().shots(), row.getValue()))
                .toList();
    }

    /** Returns the datasets, in the order of the tables. */
    public List<String> datasets() {
        return datasets;
    }

    /** Returns all cells of a dataset, by method and shots. */
    public List<MethodResult> cells(String dataset) {
        return setups.stream()
                .flatMap(setup -> cells.get(dataset, setup).stream())
                .toList();
    }

    /** Returns all cells. */
    public List<MethodResult> cells() {
        return datasets.stream().flatMap(dataset -> cells(dataset).stream()).toList();
    }

    /** Returns a cell. */
    public Optional<MethodResult> cell(String dataset, MethodLabel method, Shots shots) {
        return cells.get(dataset, method, shots);
    }

    /** Returns the baseline of a dataset: its own hand-written prompt. */
    public Optional<MethodResult> zeroShot(String dataset) {
        return cells.get(dataset, MethodLabel.ZERO_SHOT, Shots.NONE);
    }

    /** Returns all methods, in the order of the tables. */
    public List<MethodLabel> methods() {
        return setups.stream().map(Setup::method).distinct().toList();
    }

    /** Returns all numbers of training images per class, but none, ascending. */
    public List<Shots> shots() {
        return setups.stream()
                .map(Setup::shots)
                .filter(shots -> !shots.equals(Shots.NONE))
                .distinct()
                .sorted()
                .toList();
    }

    /** Returns the averages over {@link #averaged} datasets; empty if there are fewer than two. */
    public List<Average> averages() {
        return averages;
    }

    /** Returns an average. */
    public Optional<Average> average(MethodLabel method, Shots shots) {
        return averages.stream()
                .filter(a -> a.method().equals(method) && a.shots().equals(shots))
                .findFirst();
    }

    /** Returns the average of zero-shot. */
    public Optional<Average> averageZeroShot() {
        return average(MethodLabel.ZERO_SHOT, Shots.NONE);
    }

    /** Returns the datasets that all averages are over. */
    public List<String> averaged() {
        return averaged.datasets();
    }

    /** Notes on datasets and methods that averages leave out, a sentence each. */
    public List<String> notes() {
        return averaged.notes();
    }

    /** Returns the method that a short summary shows: the paper's CoOp, else another, else any learned. */
    public Optional<MethodLabel> main() {
        Method coop = Method.standard();
        return methods().stream()
                .filter(method -> !method.isWithoutTraining())
                .min(Comparator.comparing((MethodLabel m) -> !m.isOf(coop))
                        .thenComparing(m -> !m.method().equals(coop)));
    }
}
