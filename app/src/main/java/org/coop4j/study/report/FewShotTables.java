package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.FewShotResults;
import org.coop4j.study.FewShotResults.Average;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measure;
import org.coop4j.study.Shots;

/** Few-shot results of each dataset, and averaged over the datasets. */
final class FewShotTables {

    private FewShotTables() {}

    /** A method's result at a place. */
    private record Result(Place place, MethodLabel method, Shots shots) {

        String model() {
            return place.view().model();
        }

        Optional<Cell> accuracy() {
            return place.accuracy(method, shots)
                    .map(accuracy -> Cell.mean(accuracy).best(place.isBest(method, shots)));
        }

        Optional<Cell> withInterval() {
            return accuracy().map(cell -> cell.withNote(interval().orElse("")));
        }

        /** Returns Student's 95 % interval of three seeds or more. */
        Optional<String> interval() {
            return place.accuracy(method, shots)
                    .filter(s -> s.percentInterval().isPresent())
                    .map(s -> s.interval(2));
        }

        double gain() {
            return place.gain(method, shots).difference();
        }

        Cell points() {
            return Cell.points(gain());
        }

        Optional<Cell> probability() {
            return place.gain(method, shots).pValue().map(Cell::probability);
        }

        Optional<Cell> published() {
            return Cells.published(place.published(method, shots));
        }

        MethodResult onDataset() {
            return place.view().fewShot().cell(place.dataset(), method, shots).orElseThrow();
        }

        Cell seeds() {
            return Cells.seeds(onDataset().seeds());
        }

        Optional<SeedSummary> mean(Measure measure) {
            return onDataset().summary(measure);
        }

        Average average() {
            return place.view().fewShot().average(method, shots).orElseThrow();
        }

        Cell averageOf(Measure measure) {
            return Cells.number(average().mean(measure));
        }
    }

    /** Returns all numbers: dataset × method × shots. */
    static Table<?> numbers(List<StudyView> views) {
        boolean one = views.stream().allMatch(view -> view.fewShot().datasets().size() < 2);
        Table<Result> table = new Table<Result>(
                        "few-shot",
                        (one ? "Method" : "Dataset × method") + " × shots, in %",
                        "mean ± standard deviation over n seeds, gain over zero-shot in points")
                .data("model", Result::model)
                .data("model_sha256", r -> r.place.view().study().model().sha256())
                .words("dataset", r -> Cells.dataset(r.place.dataset()), "dataset");
        if (one) {
            table.in(Table.Format.CSV);
        }
        Cells.method(table, Result::method, Result::shots)
                .numbers("n", Result::seeds, "seeds", "n")
                .means("accuracy", Result::accuracy, "accuracy")
                .numbers("gain", Result::points, "gain_over_zero_shot")
                .numbers("p", Result::probability, "p_paired_over_seeds")
                .numbers("95 % interval", Result::interval)
                .means("F1", r -> r.mean(Measure.MACRO_F1), "macro_f1")
                .means("ECE", r -> r.mean(Measure.CALIBRATION_ERROR), "ece_percent")
                .numbers("published", Result::published, "published", "published_backbone", "published_source");
        for (StudyView view : views) {
            for (MethodResult cell : view.fewShot().cells()) {
                table.row(new Result(new Place(view, cell.dataset()), cell.method(), cell.shots()));
            }
        }
        return table;
    }

    /** Returns all numbers averaged over the datasets: method × shots. */
    static Table<?> averages(List<StudyView> views) {
        Table<Result> table = new Table<Result>(
                        "average", "Averages over the datasets, in %", "gain over zero-shot in points")
                .data("model", Result::model);
        Cells.method(table, Result::method, Result::shots)
                .data(
                        "datasets",
                        r -> String.join("; ", r.place.view().fewShot().averaged()))
                .data("n_datasets", r -> r.average().cells().size())
                .numbers("accuracy", Result::accuracy, "accuracy", "accuracy_sd_over_seeds", "accuracy_ci95_over_seeds")
                .numbers("F1", r -> r.averageOf(Measure.MACRO_F1), "macro_f1")
                .numbers("ECE", r -> r.averageOf(Measure.CALIBRATION_ERROR), "ece_percent")
                .numbers("gain", Result::points, "gain_over_zero_shot")
                .numbers("p", Result::probability, "p_paired_over_datasets")
                .numbers("published", Result::published, "published", "published_backbone");
        for (StudyView view : views) {
            view.fewShot().averages().forEach(a -> table.row(new Result(Place.average(view), a.method(), a.shots())));
        }
        return table;
    }

    /** Returns the accuracies of a place: method × shots. */
    static Table<?> byShots(Place place) {
        FewShotResults fewShot = place.view().fewShot();
        List<Shots> columns =
                Stream.concat(Stream.of(Shots.NONE), fewShot.shots().stream()).toList();
        Table<MethodLabel> table = new Table<MethodLabel>(
                        place.isAverage() ? "average" : "few-shot",
                        place.isAverage()
                                ? "Accuracy in %, averaged over "
                                        + fewShot.averaged().size() + " datasets"
                                : place.title() + ", by training images per class",
                        "mean ± standard deviation over seeds, 95 % interval")
                .data("model", method -> place.view().model());
        Cells.method(table, method -> method, null);
        columns.forEach(
                shots -> table.numbers(shots.describe(), method -> new Result(place, method, shots).withInterval()));
        return table.rows(fewShot.methods().stream()
                .filter(method -> columns.stream()
                        .anyMatch(shots -> place.accuracy(method, shots).isPresent()))
                .toList());
    }

    /** Returns the main method's gain on each dataset with most images, as the paper's figure 4; may be empty. */
    static Table<?> gains(StudyView view) {
        FewShotResults fewShot = view.fewShot();
        List<Result> most = new ArrayList<>();
        for (Place place : fewShot.datasets().size() > 1 ? Place.datasets(view) : List.<Place>of()) {
            fewShot.cells(place.dataset()).stream()
                    .filter(cell -> Optional.of(cell.method()).equals(fewShot.main()))
                    .map(cell -> new Result(place, cell.method(), cell.shots()))
                    .filter(result -> Double.isFinite(result.gain()))
                    .max(Comparator.comparing(Result::shots))
                    .ifPresent(most::add);
        }
        most.sort(Comparator.comparing(result -> -result.gain()));
        return new Table<Result>(
                        "gains",
                        fewShot.main().map(MethodLabel::title).orElse("") + " compared with zero-shot CLIP,"
                                + " accuracy in %",
                        "p of the paired t test over the seeds")
                .data("model", Result::model)
                .data("method", r -> r.method.id())
                .words("dataset", r -> Cells.dataset(r.place.dataset()), "dataset")
                .column("gain", Table.Kind.BARS, Result::points)
                .numbers(MethodLabel.ZERO_SHOT.id(), r -> Cells.accuracy(fewShot.zeroShot(r.place.dataset())))
                .numbers("learned", r -> r.mean(Measure.ACCURACY))
                .numbers("shots", r -> Cell.words(r.shots.label()), "shots")
                .numbers("p", Result::probability)
                .rows(most);
    }
}
