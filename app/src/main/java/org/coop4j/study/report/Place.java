package org.coop4j.study.report;

import static org.coop4j.study.MethodResult.AVERAGE;

import java.util.List;
import java.util.Optional;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.DatasetNames;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Study;

/**
 * A dataset, or the average over datasets, whose few-shot results are shown.
 *
 * @param dataset the dataset, or {@link MethodResult#AVERAGE}
 */
record Place(Study study, String dataset) {

    static Place average(Study study) {
        return new Place(study, AVERAGE);
    }

    /** Returns a place per dataset. */
    static List<Place> datasets(Study study) {
        return study.fewShot().datasets().stream()
                .map(dataset -> new Place(study, dataset))
                .toList();
    }

    boolean isAverage() {
        return dataset.equals(AVERAGE);
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
        return StudyTables.accuracy(result(setup));
    }

    /** Returns a paper's number for the same method. */
    Optional<Score> published(Setup setup) {
        List<String> datasets = isAverage() ? study.fewShot().averaged() : List.of(dataset);
        return study.published("", datasets, ClassHalf.ALL, setup);
    }
}
