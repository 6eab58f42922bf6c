package org.coop4j.study.report;

import static java.util.Comparator.comparing;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.console.Table.Format.CSV;
import static org.coop4j.console.Table.Kind.BARS;
import static org.coop4j.study.PublishedNumbers.DatasetNames.title;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.coop4j.console.Cell;
import org.coop4j.console.Cell.Style;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.BaseToNew;
import org.coop4j.study.BaseToNewResults;
import org.coop4j.study.BaseToNewResults.Row;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.MethodResults;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;
import org.coop4j.study.Shots;
import org.coop4j.study.Study;

/** Tables of what studies measure: few-shot results, base-to-new and robustness. */
final class StudyTables {

    private StudyTables() {}

    /**
     * A result on a dataset, or an average.
     *
     * @param source the dataset learned from; empty if it is the one tested on
     */
    private record Line(Study study, String source, MethodResult result) {

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
            return score(study.published(source, result.datasets(), ClassHalf.ALL, result.setup()));
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
                .words("dataset", line -> named(line.result.dataset()), "dataset");
        if (one) {
            table.in(CSV);
        }
        setup(table, line -> line.result.setup())
                .numbers("n", line -> seeds(line.result), "seeds", "n")
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
        setup(table, line -> line.result.setup())
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
        method(table, method -> method);
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
                    .max(comparing(line -> line.result.shots()))
                    .ifPresent(most::add);
        }
        most.sort(comparing(line -> -line.gain()));
        return table(
                        "gains",
                        fewShot.main().map(MethodLabel::title).orElse("") + " compared with zero-shot CLIP,"
                                + " accuracy in %",
                        "p of the paired t test over the seeds")
                .data("method", line -> line.result.method().id())
                .words("dataset", line -> named(line.result.dataset()), "dataset")
                .column("gain", BARS, Line::gain)
                .numbers(MethodLabel.ZERO_SHOT.id(), line -> accuracy(fewShot.zeroShot(line.result.dataset())))
                .numbers("learned", line -> line.result.summary(Measured::accuracy))
                .numbers("shots", line -> Cell.words(line.result.shots().label()), "shots")
                .numbers("p", Line::probability)
                .rows(most);
    }

    // Classes and datasets that were not learned

    /** A method's results on the two halves of a dataset, or their averages. */
    private record Halves(Study study, Row row) {

        MethodResult any() {
            return row.any();
        }

        boolean isAverage() {
            return !any().averaged().isEmpty();
        }

        Cell dataset() {
            int averaged = any().averaged().size();
            return isAverage()
                    ? Cell.words("average of " + averaged, "Average of " + averaged)
                    : named(any().dataset());
        }

        /** Returns the accuracy; that of an average has no standard deviation. */
        Object accuracy(Optional<MethodResult> half) {
            return isAverage() ? half.map(MethodResult::accuracy) : StudyTables.accuracy(half);
        }

        /** Returns the numbers of a paper, if it has all of them. */
        Optional<Cell> published() {
            return published(ClassHalf.BASE)
                    .flatMap(base -> published(ClassHalf.NEW).map(unseen -> published(base, unseen)));
        }

        private Optional<Score> published(ClassHalf half) {
            return study.published("", any().datasets(), half, any().setup());
        }

        private static Cell published(Score base, Score unseen) {
            double mean = new BaseToNew(base.accuracy(), unseen.accuracy()).harmonicMean();
            return Cell.of(
                            List.of(
                                    Cell.datum(base.accuracy()),
                                    Cell.datum(unseen.accuracy()),
                                    Cell.datum(mean),
                                    base.backbone()),
                            decimals -> "%s / %s, H %s %s"
                                    .formatted(
                                            number(base.accuracy(), decimals),
                                            number(unseen.accuracy(), decimals),
                                            number(mean, decimals),
                                            base.backbone()))
                    .in(Style.PUBLISHED);
        }
    }

    /**
     * Returns results of learning on base classes and testing on base and new ones, with their harmonic mean; averages
     * first.
     *
     * @param brief true for averages alone, if there are any
     */
    static Table<?> baseNew(List<Study> studies, boolean brief) {
        Table<Halves> table = new Table<Halves>(
                        "base-to-new",
                        "Base-to-new generalization, accuracy in %",
                        "mean ± standard deviation over seeds, published base / new")
                .decimals(2)
                .grouped()
                .data("model", h -> h.study.name())
                .words("dataset", Halves::dataset, "dataset");
        setup(table, h -> h.any().setup())
                .data("seeds", h -> h.isAverage() ? null : seeds(h.any()))
                .data("datasets", h -> h.isAverage() ? h.any().averaged().size() : null)
                .means("base", h -> h.accuracy(h.row.base()), "base")
                .means("new", h -> h.accuracy(h.row.unseen()), "new")
                .numbers("H", h -> h.row.means().map(BaseToNew::harmonicMean), "harmonic_mean")
                .numbers(
                        "published",
                        Halves::published,
                        "published_base",
                        "published_new",
                        "published_harmonic_mean",
                        "published_backbone");
        for (Study study : studies) {
            BaseToNewResults results = study.baseNew();
            results.averages().forEach(average -> table.average(new Halves(study, average)));
            if (!brief || results.averages().isEmpty()) {
                results.rows().forEach(row -> table.row(new Halves(study, row)));
            }
        }
        return table;
    }

    /** Returns all numbers of learning on one dataset and testing on others. */
    static Table<?> robustness(List<Study> studies) {
        Table<Line> table = new Table<Line>("robustness", "Robustness, accuracy in %", "")
                .data("model", t -> t.study.name())
                .data("source", Line::source)
                .data("method", t -> t.result.method().id())
                .data("shots", t -> t.result.shots().label())
                .data("tested_on", t -> t.result.dataset())
                .data("role", t -> t.result.dataset().equals(t.source) ? "source" : "target")
                .data("seeds", t -> seeds(t.result))
                .means("accuracy", t -> t.result.summary(Measured::accuracy), "accuracy")
                .numbers("published", Line::published, "published", "published_backbone");
        for (Study study : studies) {
            for (Robustness all : study.robustness()) {
                for (Setup setup : all.results().setups()) {
                    Stream.concat(all.results().get(all.source(), setup).stream(), all.onTargets(setup).stream())
                            .forEach(result -> table.row(new Line(study, all.source(), result)));
                }
            }
        }
        return table;
    }

    /**
     * Returns accuracies: method × dataset, the source first.
     *
     * @param brief true for the average of the targets alone
     */
    static Table<?> robustness(Study study, Robustness robustness, boolean brief) {
        String source = title(robustness.source());
        Table<Setup> table = new Table<Setup>(
                        "robustness",
                        "Learned on " + source + ", accuracy in % on it and on others",
                        "mean ± standard deviation over seeds")
                .decimals(2)
                .data("model", row -> study.name());
        setup(table, row -> row)
                .numbers(source, row -> accuracy(robustness.results().get(robustness.source(), row)), "source");
        for (String target : brief ? List.<String>of() : robustness.targets()) {
            table.numbers(title(target), row -> accuracy(robustness.results().get(target, row)));
        }
        table.numbers("average of targets", row -> robustness.average(row).map(MethodResult::accuracy));
        if (!brief) {
            table.numbers(
                    "published average",
                    row -> score(study.published(robustness.source(), robustness.targets(), ClassHalf.ALL, row)));
        }
        return table.rows(robustness.results().setups());
    }

    // Cells; those of unknown values are empty

    private static Cell named(String dataset) {
        return Cell.words(dataset, title(dataset));
    }

    /** Adds the columns of methods and their shots. */
    private static <T> Table<T> setup(Table<T> table, Function<T, Setup> setup) {
        return method(table, setup.andThen(Setup::method))
                .numbers("shots", row -> Cell.words(setup.apply(row).shots().label()), "shots");
    }

    /** Adds the columns of methods. */
    private static <T> Table<T> method(Table<T> table, Function<T, MethodLabel> method) {
        return table.filter("group", row -> method.apply(row).method().group().title())
                .words(
                        "method",
                        row -> Cell.words(
                                method.apply(row).id(), method.apply(row).title()),
                        "method");
    }

    /** Makes a cell of the seeds, of which people see the number. */
    static Cell seeds(MethodResult result) {
        List<Long> seeds = result.seeds();
        return Cell.of(List.of(seeds, seeds.size()), decimals -> count(seeds.size()))
                .in(Style.MUTED);
    }

    static Optional<SeedSummary> accuracy(Optional<MethodResult> result) {
        return result.flatMap(r -> r.summary(Measured::accuracy));
    }

    /** Makes a cell of a paper's number with its backbone and source. */
    private static Optional<Cell> score(Optional<Score> score) {
        return score.map(s -> Cell.of(
                        List.of(
                                Cell.datum(s.accuracy()),
                                s.backbone(),
                                s.table().source()),
                        decimals -> number(s.accuracy(), decimals) + " " + s.backbone())
                .in(Style.PUBLISHED));
    }
}
