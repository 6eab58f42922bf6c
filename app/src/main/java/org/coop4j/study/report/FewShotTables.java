package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.study.FewShotResults;
import org.coop4j.study.FewShotResults.Average;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measure;
import org.coop4j.study.Shots;

/** Few-shot results of each dataset, and averaged over the datasets. */
final class FewShotTables {

    private FewShotTables() {}

    /** A method's results on a dataset. */
    private record Result(StudyView view, MethodResult outcome) {

        /** Points won over zero-shot on the same dataset. */
        Optional<MethodResult.Gain> gain() {
            return outcome.method().equals(MethodLabel.ZERO_SHOT)
                    ? Optional.empty()
                    : view.fewShot().zeroShot(outcome.dataset()).flatMap(outcome::gainOver);
        }

        Place place() {
            return new Place(view, outcome.dataset());
        }
    }

    /** Dataset × method × shots: all numbers. */
    static Table<?> numbers(List<StudyView> views) {
        boolean one = views.stream().allMatch(view -> view.fewShot().datasets().size() < 2);
        Table<Result> table = new Table<Result>(
                        "few-shot",
                        (one ? "Method" : "Dataset × method") + " × shots, in %",
                        "mean ± standard deviation over n seeds, 95 % interval by Student's t (three seeds or more),"
                                + " points won over zero-shot and p of the paired t test over the seeds; F1 is macro"
                                + " F1, ECE the calibration error; numbers in italics are published, with their"
                                + " backbone")
                .data("model", r -> r.view.model())
                .data("model_sha256", r -> r.view.study().model().sha256())
                .words("dataset", r -> Cells.dataset(r.outcome.dataset()), "dataset");
        if (one) {
            table.in(Table.Format.CSV);
        }
        table.words("method", r -> Cells.method(r.outcome.method()), "method")
                .numbers("shots", r -> Cell.words(r.outcome.shots().label()), "shots")
                .numbers("n", r -> Cells.seeds(r.outcome.seeds()), "seeds", "n")
                .means(
                        "accuracy",
                        r -> Cells.accuracy(Optional.of(r.outcome))
                                .best(r.place().isBest(r.outcome.method(), r.outcome.shots())),
                        "accuracy")
                .numbers("gain", r -> Cells.points(r.gain()), "gain_over_zero_shot")
                .numbers("p", r -> Cells.probability(r.gain()), "p_paired_over_seeds")
                .numbers("95 % interval", r -> Cells.interval(r.outcome.summary(Measure.ACCURACY)))
                .means("F1", r -> Cells.mean(r.outcome.summary(Measure.MACRO_F1)), "macro_f1")
                .means("ECE", r -> Cells.mean(r.outcome.summary(Measure.CALIBRATION_ERROR)), "ece_percent")
                .numbers(
                        "published",
                        r -> Cells.published(r.view.published(r.outcome)),
                        "published",
                        "published_backbone",
                        "published_source");
        for (StudyView view : views) {
            view.fewShot().cells().forEach(outcome -> table.row(new Result(view, outcome)));
        }
        return table;
    }

    /** A method's average over the datasets. */
    private record Mean(StudyView view, Average average) {

        /** Points won over zero-shot on the same datasets. */
        Optional<MethodResult.Gain> gain() {
            return average.method().equals(MethodLabel.ZERO_SHOT)
                    ? Optional.empty()
                    : view.fewShot().averageZeroShot().map(average::gainOver);
        }
    }

    /** Method × shots, averaged over the datasets: all numbers. */
    static Table<?> averages(List<StudyView> views) {
        Table<Mean> table = new Table<Mean>(
                        "average",
                        "Averages over the datasets, in %",
                        "points won over zero-shot and p of the paired t test over the datasets; F1 is macro F1, ECE"
                                + " the calibration error; published averages over the same datasets in italics, with"
                                + " their backbone")
                .data("model", m -> m.view.model())
                .words("method", m -> Cells.method(m.average.method()), "method")
                .numbers("shots", m -> Cell.words(m.average.shots().label()), "shots")
                .data("datasets", m -> String.join("; ", m.view.fewShot().averaged()))
                .data("n_datasets", m -> m.average.cells().size())
                .numbers(
                        "accuracy",
                        m -> accuracy(Place.average(m.view), m.average.method(), m.average.shots()),
                        "accuracy",
                        "accuracy_sd_over_seeds",
                        "accuracy_ci95_over_seeds")
                .numbers("F1", m -> Cells.number(m.average.mean(Measure.MACRO_F1)), "macro_f1")
                .numbers("ECE", m -> Cells.number(m.average.mean(Measure.CALIBRATION_ERROR)), "ece_percent")
                .numbers("gain", m -> Cells.points(m.gain()), "gain_over_zero_shot")
                .numbers("p", m -> Cells.probability(m.gain()), "p_paired_over_datasets")
                .numbers(
                        "published",
                        m -> Cells.published(Place.average(m.view).published(m.average.method(), m.average.shots())),
                        "published",
                        "published_backbone");
        for (StudyView view : views) {
            view.fewShot().averages().forEach(average -> table.row(new Mean(view, average)));
        }
        return table;
    }

    private static Cell accuracy(Place place, MethodLabel method, Shots shots) {
        return place.accuracy(method, shots)
                .map(accuracy -> Cell.mean(accuracy).best(place.isBest(method, shots)))
                .orElse(Cell.NONE);
    }

    /** Method × shots of a place: accuracies. */
    static Table<?> byShots(Place place) {
        FewShotResults fewShot = place.view().fewShot();
        List<Shots> columns = new ArrayList<>(List.of(Shots.NONE));
        columns.addAll(fewShot.shots());
        Table<MethodLabel> table = new Table<MethodLabel>(
                        place.isAverage() ? "average" : "few-shot",
                        place.isAverage()
                                ? "Accuracy in %, averaged over "
                                        + fewShot.averaged().size() + " datasets"
                                : place.title() + ", by training images a class",
                        "mean ± standard deviation over seeds, below it the 95 % interval by Student's t where there"
                                + " are three seeds or more")
                .data("model", method -> place.view().model())
                .words("method", Cells::method, "method");
        for (Shots shots : columns) {
            table.numbers(shots.describe(), method -> place.accuracy(method, shots)
                    .filter(accuracy -> accuracy.percentInterval().isPresent())
                    .map(accuracy -> accuracy(place, method, shots).withNote(accuracy.interval(2)))
                    .orElseGet(() -> accuracy(place, method, shots)));
        }
        for (MethodLabel method : fewShot.methods()) {
            if (columns.stream().anyMatch(shots -> place.accuracy(method, shots).isPresent())) {
                table.row(method);
            }
        }
        return table;
    }

    /** As the paper's figure 4: what the main method won on each dataset with most images; may be empty. */
    static Table<?> gains(StudyView view) {
        FewShotResults fewShot = view.fewShot();
        List<Result> most = new ArrayList<>();
        if (fewShot.main().isPresent() && fewShot.datasets().size() > 1) {
            for (String dataset : fewShot.datasets()) {
                fewShot.cells(dataset).stream()
                        .filter(cell -> cell.method().equals(fewShot.main().get()))
                        .map(cell -> new Result(view, cell))
                        .filter(result -> result.gain().isPresent())
                        .max(Comparator.comparing(result -> result.outcome.shots()))
                        .ifPresent(most::add);
            }
        }
        most.sort(Comparator.comparing(r -> -r.gain().orElseThrow().difference()));
        return new Table<Result>(
                        "gains",
                        fewShot.main().map(MethodLabel::title).orElse("") + " beside zero-shot CLIP, accuracy in %",
                        "p of the paired t test over the seeds")
                .data("model", r -> view.model())
                .data("method", r -> r.outcome.method().id())
                .words("dataset", r -> Cells.dataset(r.outcome.dataset()), "dataset")
                .column("gain", Table.Kind.BARS, r -> Cells.points(r.gain()))
                .numbers(MethodLabel.ZERO_SHOT.id(), r -> Cells.accuracy(fewShot.zeroShot(r.outcome.dataset())))
                .numbers("learned", r -> Cells.accuracy(Optional.of(r.outcome)))
                .numbers("shots", r -> Cell.words(r.outcome.shots().label()), "shots")
                .numbers("p", r -> Cells.probability(r.gain()))
                .rows(most);
    }
}
