package org.coop4j.study;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.eval.SeedSummary;

/**
 * A method's average over datasets.
 *
 * @param method the method
 * @param shots training images a class
 * @param cells its results on each of the datasets
 */
public record Average(MethodLabel method, Shots shots, List<Outcome> cells) {

    /** Copies the list. */
    public Average {
        cells = List.copyOf(cells);
    }

    /** Mean over the datasets of the means over the seeds, if all have the score. */
    public OptionalDouble mean(Measure measure) {
        double sum = 0;
        for (Outcome cell : cells) {
            Optional<SeedSummary> summary = cell.summary(measure);
            if (summary.isEmpty()) {
                return OptionalDouble.empty();
            }
            sum += summary.get().mean();
        }
        return OptionalDouble.of(sum / cells.size());
    }

    /** Mean accuracy. */
    public double accuracy() {
        return mean(Measure.ACCURACY).orElseThrow();
    }

    /** The average of each seed, over the seeds, if all datasets have the same seeds. */
    public Optional<SeedSummary> overSeeds(Measure measure) {
        List<Long> seeds = cells.get(0).seeds();
        boolean complete =
                cells.stream()
                        .allMatch(c -> c.seeds().equals(seeds) && c.summary(measure).isPresent());
        if (!complete) {
            return Optional.empty();
        }
        double[] averages = new double[seeds.size()];
        for (int s = 0; s < averages.length; s++) {
            for (Outcome cell : cells) {
                averages[s] += cell.bySeed().get(seeds.get(s)).value(measure).orElseThrow();
            }
            averages[s] /= cells.size();
        }
        return Optional.of(SeedSummary.of(averages));
    }

    /** Accuracy over the seeds, or the mean alone where the datasets have different seeds. */
    public SeedSummary summary() {
        return overSeeds(Measure.ACCURACY).orElseGet(() -> SeedSummary.of(accuracy()));
    }

    /**
     * The gain in accuracy over zero-shot on the same datasets, which are the pairs of its test.
     */
    public Outcome.Gain gainOver(Average zeroShot) {
        return Outcome.gain(
                cells.stream().map(Outcome::accuracy).toList(),
                zeroShot.cells.stream().map(Outcome::accuracy).toList());
    }
}
