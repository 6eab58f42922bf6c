package org.coop4j.report;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.coop4j.report.PublishedTable.Comparison;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.Outcome;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Robustness;
import org.coop4j.study.Shots;

/** Learned on one dataset, tested on others. */
public final class RobustnessTable implements StudyTable {

    @Override
    public ResultTable records(List<StudyView> views) {
        ResultTable table =
                new ResultTable("robustness", "Robustness, accuracy in %", "")
                        .hidden("model", "source", "method", "shots", "tested_on", "role", "seeds")
                        .means("", "accuracy");
        for (StudyView view : views) {
            for (Robustness robustness : view.robustness()) {
                for (Robustness.Row row : robustness.rows()) {
                    row.onSource().ifPresent(o -> add(table, view, robustness, o, "source"));
                    row.onTargets()
                            .values()
                            .forEach(o -> add(table, view, robustness, o, "target"));
                }
            }
        }
        return table;
    }

    private static void add(
            ResultTable table,
            StudyView view,
            Robustness robustness,
            Outcome outcome,
            String role) {
        table.row(
                Cell.words(view.model()),
                Cell.words(robustness.source()),
                FewShotTable.method(outcome.method()),
                Cell.shots(outcome.shots()),
                Cell.words(outcome.dataset()),
                Cell.words(role),
                Cell.seeds(outcome.seeds()),
                FewShotTable.accuracy(Optional.of(outcome)));
    }

    @Override
    public List<ResultTable> tables(StudyView view) {
        return view.robustness().stream().map(robustness -> table(view, robustness)).toList();
    }

    /** Method × dataset, the source first, with published numbers below. */
    public static ResultTable table(StudyView view, Robustness robustness) {
        String source = DatasetNames.title(robustness.source());
        ResultTable table =
                new ResultTable(
                                "robustness-" + new StudyView.Slugs().of(robustness.source()),
                                "Learned on " + source + ", accuracy in % on it and on others",
                                "mean ± standard deviation over seeds; published numbers in"
                                        + " italics with their backbone")
                        .hidden("model")
                        .words("method", "method")
                        .numbers("shots", "shots")
                        .numbers(source, "source");
        robustness.targets().forEach(target -> table.numbers(DatasetNames.title(target)));
        table.numbers("average of targets", "average_of_targets");
        for (Robustness.Row row : robustness.rows()) {
            List<Cell> cells = start(view, FewShotTable.method(row.method()), row.shots());
            cells.add(FewShotTable.accuracy(row.onSource()));
            for (String target : robustness.targets()) {
                cells.add(FewShotTable.accuracy(Optional.ofNullable(row.onTargets().get(target))));
            }
            cells.add(Cell.number(row.average(robustness.targets())));
            table.row(Origin.MEASURED, cells);
        }
        Map<List<Object>, List<Score>> papers = new LinkedHashMap<>();
        for (Comparison comparison : PublishedTable.robustness(view, robustness)) {
            Score score = comparison.score();
            papers.computeIfAbsent(
                            List.of(score.title(), score.shots(), score.backbone()),
                            key -> new ArrayList<>())
                    .add(score);
        }
        papers.values().forEach(scores -> addPublished(view, robustness, scores, table));
        return table;
    }

    private static List<Cell> start(StudyView view, Cell method, Shots shots) {
        return new ArrayList<>(List.of(Cell.words(view.model()), method, Cell.shots(shots)));
    }

    /** A published method's numbers; their average if there is one of each target. */
    private static void addPublished(
            StudyView view, Robustness robustness, List<Score> scores, ResultTable table) {
        Map<String, Double> accuracies = new HashMap<>();
        scores.forEach(s -> accuracies.put(DatasetNames.title(s.dataset()), s.accuracy()));
        ToDoubleFunction<String> accuracy =
                dataset -> accuracies.getOrDefault(DatasetNames.title(dataset), Double.NaN);
        Score first = scores.get(0);
        List<Cell> cells = start(view, PublishedTable.method(first), first.shots());
        cells.add(Cell.number(accuracy.applyAsDouble(robustness.source())));
        robustness.targets().forEach(t -> cells.add(Cell.number(accuracy.applyAsDouble(t))));
        cells.add(Cell.number(robustness.targets().stream().mapToDouble(accuracy).average()));
        table.row(Origin.PUBLISHED, cells);
    }
}
