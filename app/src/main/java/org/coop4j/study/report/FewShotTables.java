package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Kind;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.MethodResults;
import org.coop4j.study.Shots;
import org.coop4j.study.Study;

/** Few-shot results of each dataset, and averaged over the datasets. */
final class FewShotTables {

    private FewShotTables() {}

    /**
     * A result on a dataset, or an average.
     *
     * @param source the dataset learned from; empty if it is the one tested on
     */
    record Line(Study study, String source, MethodResult result) {

        Cell accuracy() {
            return Cell.mean(result.summary(Measured::accuracy).orElseThrow())
                    .best(study.fewShot().isBest(result));
        }

        /** Returns Student's 95 % interval of three seeds or more. */
        Optional<String> interval() {
            return result.summary(Measured::accuracy)
                    .filter(s -> s.percentInterval().isPresent())
                    .map(s -> s.interval(2));
        }

        double gain() {
            return study.fewShot().gain(result).difference();
        }

        Optional<Cell> probability() {
            return study.fewShot().gain(result).pValue().map(Cell::probability);
        }

        Optional<Cell> published() {
            return Cells.published(study.published(source, result.datasets(), ClassHalf.ALL, result.setup()));
        }
    }

    /** Makes a table whose first column is the model. */
    private static Table<Line> table(String name, String title, String note) {
        return new Table<Line>(name, title, note).decimals(2).data("model", line -> line.study.name());
    }

    /** Returns all numbers: dataset × method × shots. */
    static Table<?> numbers(List<Study> studies) {
        boolean one =
                studies.stream().allMatch(study -> study.fewShot().datasets().size() < 2);
        Table<Line> table = table(
                        "few-shot",
                        (one ? "Method" : "Dataset × method") + " × shots, in %",
                        "mean ± standard deviation over n seeds, gain over zero-shot in points")
                .data("model_sha256", line -> line.study.model().sha256())
                .words("dataset", line -> Cells.dataset(line.result.dataset()), "dataset");
        if (one) {
            table.in(Table.Format.CSV);
        }
        Cells.setup(table, line -> line.result.setup())
                .numbers("n", line -> Cells.seeds(line.result), "seeds", "n")
                .means("accuracy", Line::accuracy, "accuracy")
                .numbers("gain", line -> Cell.points(line.gain()), "gain_over_zero_shot")
                .numbers("p", Line::probability, "p_paired_over_seeds")
                .numbers("95 % interval", Line::interval)
                .means("F1", line -> line.result.summary(Measured::macroF1), "macro_f1")
                .means("ECE", line -> line.result.summary(Measured::calibrationError), "ece_percent")
                .numbers("published", Line::published, "published", "published_backbone", "published_source");
        for (Study study : studies) {
            study.fewShot().cells().forEach(cell -> table.row(new Line(study, "", cell)));
        }
        return table;
    }

    /** Returns all numbers averaged over the datasets: method × shots. */
    static Table<?> averages(List<Study> studies) {
        Table<Line> table = table("average", "Averages over the datasets, in %", "gain over zero-shot in points");
        Cells.setup(table, line -> line.result.setup())
                .data("datasets", line -> String.join("; ", line.result.datasets()))
                .data("n_datasets", line -> line.result.datasets().size())
                .numbers("accuracy", Line::accuracy, "accuracy", "accuracy_sd_over_seeds", "accuracy_ci95_over_seeds")
                .numbers("F1", line -> line.result.summary(Measured::macroF1), "macro_f1")
                .numbers("ECE", line -> line.result.summary(Measured::calibrationError), "ece_percent")
                .numbers("gain", line -> Cell.points(line.gain()), "gain_over_zero_shot")
                .numbers("p", Line::probability, "p_paired_over_datasets")
                .numbers("published", Line::published, "published", "published_backbone");
        for (Study study : studies) {
            study.fewShot().averages().forEach(average -> table.row(new Line(study, "", average)));
        }
        return table;
    }

    /** Returns the accuracies of a place: method × shots. */
    static Table<?> byShots(Place place) {
        MethodResults fewShot = place.study().fewShot();
        Table<MethodLabel> table = new Table<MethodLabel>(
                        "by-shots",
                        place.title() + ", accuracy in % by training images per class",
                        "mean ± standard deviation over seeds, 95 % interval")
                .decimals(2)
                .data("model", method -> place.study().name());
        Cells.method(table, method -> method);
        Stream.concat(Stream.of(Shots.NONE), fewShot.shots().stream())
                .forEach(shots -> table.numbers(shots.describe(), method -> place.result(new Setup(method, shots))
                        .map(result -> new Line(place.study(), "", result))
                        .map(line -> line.accuracy().withNote(line.interval().orElse("")))));
        return table.rows(fewShot.cells(place.dataset()).stream()
                .map(MethodResult::method)
                .distinct()
                .toList());
    }

    /** Returns the main method's gain on each dataset with most images, as the paper's figure 4; may be empty. */
    static Table<?> gains(Study study) {
        MethodResults fewShot = study.fewShot();
        List<Line> most = new ArrayList<>();
        for (String dataset : fewShot.datasets().size() > 1 ? fewShot.datasets() : List.<String>of()) {
            fewShot.ofMain(dataset)
                    .map(cell -> new Line(study, "", cell))
                    .filter(line -> Double.isFinite(line.gain()))
                    .max(Comparator.comparing(line -> line.result.shots()))
                    .ifPresent(most::add);
        }
        most.sort(Comparator.comparing(line -> -line.gain()));
        return table(
                        "gains",
                        fewShot.main().map(MethodLabel::title).orElse("") + " compared with zero-shot CLIP,"
                                + " accuracy in %",
                        "p of the paired t test over the seeds")
                .data("method", line -> line.result.method().id())
                .words("dataset", line -> Cells.dataset(line.result.dataset()), "dataset")
                .column("gain", Kind.BARS, Line::gain)
                .numbers(MethodLabel.ZERO_SHOT.id(), line -> Cells.accuracy(fewShot.zeroShot(line.result.dataset())))
                .numbers("learned", line -> line.result.summary(Measured::accuracy))
                .numbers("shots", line -> Cell.words(line.result.shots().label()), "shots")
                .numbers("p", Line::probability)
                .rows(most);
    }
}
