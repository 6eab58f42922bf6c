package org.coop4j.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.ResultTable.Kind;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.study.FewShot.Average;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FewShot;
import org.coop4j.study.Outcome.Measure;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Outcome;
import org.coop4j.study.Shots;

/** Dataset × method × shots. */
public final class FewShotTable implements StudyTable {

    @Override
    public ResultTable records(List<StudyView> views) {
        boolean one = views.stream().allMatch(view -> view.fewShot().datasets().size() < 2);
        ResultTable table = empty(one);
        for (StudyView view : views) {
            view.fewShot().cells().forEach(cell -> table.row(Origin.MEASURED, row(view, cell)));
        }
        return table;
    }

    /** All that is known of an outcome, as a table of one row. */
    public static ResultTable of(StudyView view, Outcome outcome) {
        return empty(false).row(Origin.MEASURED, row(view, outcome));
    }

    private static ResultTable empty(boolean oneDataset) {
        return new ResultTable(
                        "few-shot",
                        (oneDataset ? "Method" : "Dataset × method") + " × shots, in %",
                        "mean ± standard deviation over n seeds, 95 % interval by Student's t"
                            + " (three seeds or more), points won over zero-shot and p of the"
                            + " paired t test over the seeds; F1 is macro F1, ECE the calibration"
                            + " error; numbers in italics are published, with their backbone")
                .hidden("model", "model_sha256")
                .words(oneDataset ? "" : "dataset", "dataset")
                .words("method", "method")
                .numbers("shots", "shots")
                .numbers("n", "seeds", "n")
                .means("accuracy", "accuracy")
                .numbers("gain", "gain_over_zero_shot")
                .numbers("p", "p_paired_over_seeds")
                .numbers("95 % interval")
                .means("F1", "macro_f1")
                .means("ECE", "ece_percent")
                .numbers("published", "published", "published_backbone", "published_source");
    }

    private static List<Cell> row(StudyView view, Outcome cell) {
        Optional<Outcome.Gain> gain = gain(view, cell);
        boolean best =
                view.fewShot().cells(cell.dataset()).stream()
                        .filter(other -> other.shots().equals(cell.shots()))
                        .noneMatch(other -> other.accuracy() > cell.accuracy());
        return List.of(
                Cell.words(view.model()),
                Cell.words(view.study().model().sha256()),
                dataset(cell.dataset()),
                method(cell.method()),
                Cell.shots(cell.shots()),
                Cell.seeds(cell.seeds()),
                Cell.mean(cell.summary(Measure.ACCURACY)).best(best),
                Cell.points(gain),
                Cell.probability(gain),
                Cell.interval(cell.summary(Measure.ACCURACY)),
                Cell.mean(cell.summary(Measure.MACRO_F1)),
                Cell.mean(cell.summary(Measure.CALIBRATION_ERROR)),
                published(view, cell));
    }

    private static Cell published(StudyView view, Outcome cell) {
        return view.published()
                .fewShot(cell.dataset(), cell.method(), cell.shots(), view.backbone())
                .map(s -> Cell.published(s.accuracy(), s.backbone(), s.source()))
                .orElse(Cell.NONE);
    }

    static Cell dataset(String dataset) {
        return Cell.words(dataset, DatasetNames.title(dataset));
    }

    static Cell method(MethodLabel method) {
        return Cell.words(method.id(), method.title());
    }

    /** What a method won over zero-shot on the same dataset. */
    static Optional<Outcome.Gain> gain(StudyView view, Outcome cell) {
        return cell.method().equals(MethodLabel.ZERO_SHOT)
                ? Optional.empty()
                : view.fewShot().zeroShot(cell.dataset()).flatMap(cell::gainOver);
    }

    /** Method × shots of one dataset. */
    public static ResultTable byShots(StudyView view, String dataset) {
        String title = DatasetNames.title(dataset) + ", by training images a class";
        List<Line> lines = new ArrayList<>();
        for (MethodLabel method : view.fewShot().methods()) {
            lines.add(
                    new Line(
                            Origin.MEASURED,
                            method(method),
                            shots -> accuracy(view.fewShot().cell(dataset, method, shots))));
        }
        return byShots(new ResultTable("few-shot", title, ""), view, lines);
    }

    /**
     * A line of a table by shots.
     *
     * @param method names it
     * @param numbers its cells
     */
    record Line(Origin origin, Cell method, Function<Shots, Cell> numbers) {}

    /** Fills a table with a column for each number of shots; empty lines are left out. */
    static ResultTable byShots(ResultTable table, StudyView view, List<Line> lines) {
        List<Shots> columns = new ArrayList<>(List.of(Shots.NONE));
        columns.addAll(view.fewShot().shots());
        table.hidden("model").words("method", "method");
        columns.forEach(shots -> table.numbers(shots.describe()));
        for (Line line : lines) {
            List<Cell> numbers = columns.stream().map(line.numbers).toList();
            if (!numbers.stream().allMatch(Cell::isEmpty)) {
                List<Cell> row = new ArrayList<>(List.of(Cell.words(view.model()), line.method));
                row.addAll(numbers);
                table.row(line.origin, row);
            }
        }
        return table;
    }

    static Cell accuracy(Optional<Outcome> outcome) {
        return Cell.mean(outcome.flatMap(o -> o.summary(Measure.ACCURACY)));
    }

    /** As the paper's figure 4: what the main method won on each dataset with most images. */
    public static Optional<ResultTable> gains(StudyView view) {
        FewShot fewShot = view.fewShot();
        if (fewShot.main().isEmpty() || fewShot.datasets().size() < 2) {
            return Optional.empty();
        }
        MethodLabel main = fewShot.main().get();
        List<Outcome> best = new ArrayList<>();
        for (String dataset : fewShot.datasets()) {
            fewShot.cells(dataset).stream()
                    .filter(cell -> cell.method().equals(main) && gain(view, cell).isPresent())
                    .max(Comparator.comparing(Outcome::shots))
                    .ifPresent(best::add);
        }
        best.sort(Comparator.comparing(c -> -gain(view, c).orElseThrow().difference()));
        ResultTable table =
                new ResultTable(
                                "gains",
                                main.title() + " beside zero-shot CLIP, accuracy in %",
                                "p of the paired t test over the seeds")
                        .hidden("model", "method")
                        .words("dataset", "dataset")
                        .column("gain", Kind.BARS)
                        .numbers(MethodLabel.ZERO_SHOT.id())
                        .numbers("learned")
                        .numbers("shots", "shots")
                        .numbers("p");
        for (Outcome cell : best) {
            table.row(
                    Cell.words(view.model()),
                    method(main),
                    dataset(cell.dataset()),
                    Cell.points(gain(view, cell)),
                    accuracy(fewShot.zeroShot(cell.dataset())),
                    accuracy(Optional.of(cell)),
                    Cell.shots(cell.shots()),
                    Cell.probability(gain(view, cell)));
        }
        return best.isEmpty() ? Optional.empty() : Optional.of(table);
    }

    /** For each number of shots a row a dataset, a column a method. */
    @Override
    public List<ResultTable> tables(StudyView view) {
        List<Shots> shots = view.fewShot().shots();
        return (shots.isEmpty() ? List.of(Shots.NONE) : shots)
                .stream().map(s -> byMethod(view, s)).toList();
    }

    private static ResultTable byMethod(StudyView view, Shots shots) {
        FewShot fewShot = view.fewShot();
        List<MethodLabel> methods = fewShot.methods();
        ResultTable table =
                new ResultTable(
                                "few-shot-" + shots.label(),
                                "Accuracy in %"
                                        + (shots.equals(Shots.NONE) ? "" : ", " + shots.describe()),
                                "mean and standard deviation over seeds; the best of a row in bold")
                        .words("dataset");
        methods.forEach(method -> table.numbers(method.title()));
        for (String dataset : fewShot.datasets()) {
            addByMethod(
                    table,
                    Origin.MEASURED,
                    DatasetNames.title(dataset),
                    methods.stream()
                            .map(m -> fewShot.cell(dataset, m, shotsOf(m, shots)))
                            .map(c -> c.flatMap(o -> o.summary(Measure.ACCURACY)))
                            .toList());
        }
        if (!fewShot.averages().isEmpty()) {
            addByMethod(
                    table,
                    Origin.AVERAGE,
                    "Average of " + fewShot.averaged().size(),
                    methods.stream()
                            .map(m -> fewShot.average(m, shotsOf(m, shots)))
                            .map(average -> average.map(Average::summary))
                            .toList());
        }
        return table;
    }

    private static Shots shotsOf(MethodLabel method, Shots shots) {
        return method.isWithoutTraining() ? Shots.NONE : shots;
    }

    private static void addByMethod(
            ResultTable table, Origin origin, String name, List<Optional<SeedSummary>> numbers) {
        double best =
                numbers.stream()
                        .flatMap(Optional::stream)
                        .mapToDouble(SeedSummary::mean)
                        .max()
                        .orElse(Double.NaN);
        List<Cell> row = new ArrayList<>(List.of(Cell.words(name)));
        for (Optional<SeedSummary> number : numbers) {
            row.add(Cell.mean(number).best(number.isPresent() && number.get().mean() == best));
        }
        table.row(origin, row);
    }
}
