package org.coop4j.study.report;

import static org.coop4j.data.ImageDataset.ClassHalf.ALL;

import java.util.List;
import java.util.Optional;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FewShotResults;
import org.coop4j.study.FewShotResults.Average;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult.Gain;
import org.coop4j.study.MethodResult.Measure;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Shots;

/**
 * A dataset, or the average over datasets, whose few-shot results are shown.
 *
 * @param dataset the dataset; empty for the average
 */
record Place(StudyView view, String dataset) {

    static Place average(StudyView view) {
        return new Place(view, "");
    }

    /** Returns a place per dataset. */
    static List<Place> datasets(StudyView view) {
        return view.fewShot().datasets().stream()
                .map(dataset -> new Place(view, dataset))
                .toList();
    }

    boolean isAverage() {
        return dataset.isEmpty();
    }

    String title() {
        return isAverage()
                ? "Average over " + view.fewShot().averaged().size() + " datasets"
                : DatasetNames.title(dataset);
    }

    Optional<SeedSummary> accuracy(MethodLabel method, Shots shots) {
        FewShotResults fewShot = view.fewShot();
        return isAverage()
                ? fewShot.average(method, shots).map(Average::summary)
                : fewShot.cell(dataset, method, shots).flatMap(cell -> cell.summary(Measure.ACCURACY));
    }

    /** Returns true if no method is better here with as many images. */
    boolean isBest(MethodLabel method, Shots shots) {
        double own = accuracy(method, shots).orElseThrow().mean();
        return view.fewShot().methods().stream()
                .flatMap(other -> accuracy(other, shots).stream())
                .noneMatch(other -> other.mean() > own);
    }

    /** Returns the points gained over zero-shot on the same datasets; not a number if they are unknown. */
    Gain gain(MethodLabel method, Shots shots) {
        FewShotResults fewShot = view.fewShot();
        Optional<Gain> gain = isAverage()
                ? fewShot.average(method, shots)
                        .flatMap(own -> fewShot.averageZeroShot().map(own::gainOver))
                : fewShot.cell(dataset, method, shots)
                        .flatMap(own -> fewShot.zeroShot(dataset).flatMap(own::gainOver));
        return gain.filter(known -> !method.equals(MethodLabel.ZERO_SHOT))
                .orElse(new Gain(Double.NaN, Optional.empty()));
    }

    /** Returns a paper's number for the same method. */
    Optional<Score> published(MethodLabel method, Shots shots) {
        return view.published("", isAverage() ? view.fewShot().averaged() : List.of(dataset), ALL, method, shots);
    }
}
