package org.coop4j.study.report;

import java.util.List;
import java.util.Optional;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Gain;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Study;

/**
 * A dataset, or the average over datasets, whose few-shot results are shown.
 *
 * @param dataset the dataset, or {@link MethodResult#AVERAGE}
 */
record Place(Study study, String dataset) {

    static Place average(Study study) {
        return new Place(study, MethodResult.AVERAGE);
    }

    /** Returns a place per dataset. */
    static List<Place> datasets(Study study) {
        return study.fewShot().datasets().stream()
                .map(dataset -> new Place(study, dataset))
                .toList();
    }

    boolean isAverage() {
        return dataset.equals(MethodResult.AVERAGE);
    }

    String title() {
        return isAverage()
                ? "Average over " + study.fewShot().averaged().size() + " datasets"
                : DatasetNames.title(dataset);
    }

    Optional<MethodResult> result(Setup setup) {
        return study.fewShot().get(dataset, setup);
    }

    Optional<SeedSummary> accuracy(Setup setup) {
        return Cells.accuracy(result(setup));
    }

    /** Returns true if no method is better here with as many images. */
    boolean isBest(MethodResult result) {
        return study.fewShot().cells(dataset).stream()
                .filter(other -> other.shots().equals(result.shots()))
                .noneMatch(other -> other.accuracy() > result.accuracy());
    }

    /** Returns the points gained over zero-shot on the same datasets; not a number if they are unknown. */
    Gain gain(MethodResult result) {
        return study.fewShot()
                .zeroShot(dataset)
                .filter(zeroShot -> !result.method().equals(MethodLabel.ZERO_SHOT))
                .flatMap(result::gainOver)
                .orElse(new Gain(Double.NaN, Optional.empty()));
    }

    /** Returns a paper's number for the same method. */
    Optional<Score> published(Setup setup) {
        List<String> datasets = isAverage() ? study.fewShot().averaged() : List.of(dataset);
        return study.published("", datasets, ClassHalf.ALL, setup);
    }
}
