package org.coop4j.study.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.base.Numbers;
import org.coop4j.console.Cell;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measure;
import org.coop4j.study.PublishedNumbers.Score;

/** Cells of what studies measure; those of unknown values are empty. */
final class Cells {

    private Cells() {}

    static Cell dataset(String dataset) {
        return Cell.words(dataset, DatasetNames.title(dataset));
    }

    static Cell method(MethodLabel method) {
        return Cell.words(method.id(), method.title());
    }

    /** "base". */
    static String half(ClassHalf half) {
        return half.name().toLowerCase(Locale.ROOT);
    }

    /** Seeds, of which people see how many there are. */
    static Cell seeds(List<Long> seeds) {
        return Cell.of(List.of(seeds, seeds.size()), decimals -> Numbers.count(seeds.size()))
                .in(Cell.Style.MUTED);
    }

    static Cell number(OptionalDouble value) {
        return Cell.number(value.orElse(Double.NaN));
    }

    static Cell points(OptionalDouble difference) {
        return Cell.points(difference.orElse(Double.NaN));
    }

    static Cell points(Optional<MethodResult.Gain> gain) {
        return Cell.points(gain.map(MethodResult.Gain::difference).orElse(Double.NaN));
    }

    /** The p value of a gain's test. */
    static Cell probability(Optional<MethodResult.Gain> gain) {
        return gain.flatMap(MethodResult.Gain::pValue).map(p -> Cell.probability(p)).orElse(Cell.NONE);
    }

    static Cell mean(Optional<SeedSummary> summary) {
        return summary.map(Cell::mean).orElse(Cell.NONE);
    }

    static Cell accuracy(Optional<MethodResult> outcome) {
        return mean(outcome.flatMap(o -> o.summary(Measure.ACCURACY)));
    }

    /** Student's 95 % interval of three seeds or more; other programs have its width with the mean. */
    static Cell interval(Optional<SeedSummary> summary) {
        return summary.filter(s -> s.percentInterval().isPresent())
                .map(s -> Cell.of(List.of(), s::interval))
                .orElse(Cell.NONE);
    }

    /** A number of a paper, with its backbone and its source. */
    static Cell published(Optional<Score> score) {
        return score.map(s -> Cell.of(
                                List.of(Cell.datum(s.accuracy()), s.backbone(), s.source()),
                                decimals -> Numbers.number(s.accuracy(), decimals) + " " + s.backbone())
                        .in(Cell.Style.PUBLISHED))
                .orElse(Cell.NONE);
    }
}
