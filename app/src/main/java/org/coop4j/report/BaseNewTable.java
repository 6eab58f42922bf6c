package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.report.PublishedTable.Comparison;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.study.BaseNew;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.Outcome;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Shots;

/** Learned on base classes, tested on base and new ones, with the harmonic mean of both. */
public final class BaseNewTable implements StudyTable {

    /** Averages first, then each dataset with the published numbers of it. */
    @Override
    public ResultTable records(List<StudyView> views) {
        ResultTable table =
                new ResultTable(
                                "base-to-new",
                                "Base-to-new generalization, accuracy in %",
                                "mean ± standard deviation over seeds; H is the harmonic mean of"
                                        + " base and new, in rows of averages that of the averaged"
                                        + " accuracies; published numbers in italics with their"
                                        + " backbone")
                        .grouped()
                        .hidden("model")
                        .words("dataset", "dataset")
                        .words("method", "method")
                        .numbers("shots", "shots")
                        .hidden("seeds", "datasets")
                        .means("base", "base")
                        .means("new", "new")
                        .numbers("H", "harmonic_mean");
        for (StudyView view : views) {
            add(view, table);
        }
        return table;
    }

    private static void add(StudyView view, ResultTable table) {
        BaseNew results = view.baseNew();
        List<Score> papers = PublishedTable.baseNew(view).stream().map(Comparison::score).toList();
        for (BaseNew.AverageRow row : results.averages()) {
            Cell place = average(row.rows().size());
            Setup setup = new Setup(FewShotTable.method(row.method()), row.shots());
            long datasets = row.rows().size();
            table.row(Origin.AVERAGE, row(view, place, setup, datasets, row.means()));
        }
        List<String> averaged = results.averaged().stream().map(DatasetNames::title).toList();
        addPublished(view, average(averaged.size()), papers, averaged, table);
        for (String dataset : results.datasets()) {
            Cell place = FewShotTable.dataset(dataset);
            results.rows().stream()
                    .filter(row -> row.dataset().equals(dataset))
                    .forEach(row -> table.row(Origin.MEASURED, row(view, place, row)));
            addPublished(view, place, papers, List.of(DatasetNames.title(dataset)), table);
        }
    }

    private static Cell average(int datasets) {
        return Cell.words("average of " + datasets, "Average of " + datasets);
    }

    private static List<Cell> row(StudyView view, Cell place, BaseNew.Row row) {
        return List.of(
                Cell.words(view.model()),
                place,
                FewShotTable.method(row.method()),
                Cell.shots(row.shots()),
                Cell.seeds(row.base().or(row::unseen).map(Outcome::seeds).orElse(List.of())),
                Cell.NONE,
                FewShotTable.accuracy(row.base()),
                FewShotTable.accuracy(row.unseen()),
                Cell.number(row.means().map(BaseToNew::harmonicMean).orElse(Double.NaN)));
    }

    private record Setup(Cell method, Shots shots) {}

    private static List<Cell> row(
            StudyView view, Cell place, Setup setup, long datasets, BaseToNew means) {
        return List.of(
                Cell.words(view.model()),
                place,
                setup.method,
                Cell.shots(setup.shots),
                Cell.NONE,
                Cell.count(datasets),
                Cell.number(means.baseAccuracy()),
                Cell.number(means.newAccuracy()),
                Cell.number(means.harmonicMean()));
    }

    /** Of each published method, if all of the datasets are published. */
    private static void addPublished(
            StudyView view,
            Cell place,
            List<Score> papers,
            List<String> datasets,
            ResultTable table) {
        Map<String, List<Score>> methods = new LinkedHashMap<>();
        papers.stream()
                .filter(score -> datasets.contains(DatasetNames.title(score.dataset())))
                .forEach(
                        score ->
                                methods.computeIfAbsent(score.title(), t -> new ArrayList<>())
                                        .add(score));
        methods.forEach(
                (title, scores) -> {
                    if (scores.size() == 2 * datasets.size()) {
                        BaseToNew means =
                                new BaseToNew(
                                        mean(scores, ClassHalf.BASE), mean(scores, ClassHalf.NEW));
                        Score first = scores.get(0);
                        Setup setup = new Setup(PublishedTable.method(first), first.shots());
                        table.row(
                                Origin.PUBLISHED, row(view, place, setup, datasets.size(), means));
                    }
                });
    }

    private static double mean(List<Score> scores, ClassHalf half) {
        return scores.stream()
                .filter(score -> score.half() == half)
                .mapToDouble(Score::accuracy)
                .average()
                .orElseThrow();
    }
}
