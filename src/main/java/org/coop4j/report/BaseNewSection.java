package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.ClassHalf;
import org.coop4j.eval.BaseToNew;
import org.coop4j.report.PublishedTable.Comparison;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.HtmlTable.Kind;
import org.coop4j.report.html.Section;
import org.coop4j.results.BaseNew;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.PublishedNumbers.Score;
import org.coop4j.results.Shots;

/** Learned on base classes, on the page. */
final class BaseNewSection {

    private final StudyView view;
    private final PublishedTable published;
    private final String suffix;

    BaseNewSection(StudyView view, PublishedTable published, String suffix) {
        this.view = view;
        this.published = published;
        this.suffix = suffix;
    }

    Section section() {
        BaseNew results = view.baseNew();
        HtmlTable table =
                new HtmlTable(
                                "Accuracy in %, mean ± standard deviation over seeds; H is the"
                                        + " harmonic mean of base and new; published numbers in"
                                        + " italics with their backbone")
                        .tall()
                        .words("dataset", "method")
                        .numbers("shots", "base", "new", "H");
        results.averages()
                .forEach(row -> table.total(data("", row.method(), row.shots()), average(row)));
        List<Comparison> papers = published.baseNew(view);
        paperAverages(papers, table);
        for (String dataset : results.datasets()) {
            results.rows().stream()
                    .filter(row -> row.dataset().equals(dataset))
                    .forEach(row -> table.row(data(dataset, row.method(), row.shots()), row(row)));
            paperRows(dataset, papers, table);
        }
        return new Section("Base to new" + suffix)
                .paragraph(
                        "Learned on the first half of the classes, tested on these (base) and on"
                            + " the others (new), each among its own half. In rows of averages H is"
                            + " that of the averaged accuracies, as in the paper, not the average"
                            + " of H.")
                .table(table);
    }

    private Map<String, String> data(String dataset, MethodLabel method, Shots shots) {
        return StudyPage.data(view, dataset, method, shots);
    }

    private static List<Cell> average(BaseNew.AverageRow row) {
        BaseToNew means = row.means();
        return List.of(
                Cell.of("Average of " + row.rows().size()),
                Cell.of(row.method().title()),
                Cell.of(row.shots().label()),
                Cell.of(Rounded.number(means.baseAccuracy())),
                Cell.of(Rounded.number(means.newAccuracy())),
                Cell.of(Rounded.number(means.harmonicMean())));
    }

    private static List<Cell> row(BaseNew.Row row) {
        return List.of(
                Cell.of(StudyView.title(row.dataset())),
                Cell.of(row.method().title()),
                Cell.of(row.shots().label()),
                Cell.of(Rounded.plusMinus(BaseNewTable.accuracy(row.base()))),
                Cell.of(Rounded.plusMinus(BaseNewTable.accuracy(row.unseen()))),
                Cell.of(
                        row.means()
                                .map(m -> Rounded.number(m.harmonicMean()))
                                .orElse(Rounded.UNKNOWN)));
    }

    /** Of the same datasets as the averages here, if all are published. */
    private void paperAverages(List<Comparison> papers, HtmlTable table) {
        List<String> datasets = view.baseNew().averaged().stream().map(StudyView::title).toList();
        Map<String, List<Score>> methods = new LinkedHashMap<>();
        papers.stream()
                .map(Comparison::score)
                .filter(score -> datasets.contains(StudyView.title(score.dataset())))
                .forEach(
                        score ->
                                methods.computeIfAbsent(score.title(), t -> new ArrayList<>())
                                        .add(score));
        methods.forEach(
                (title, scores) -> {
                    if (scores.size() == 2 * datasets.size()) {
                        Score first = scores.get(0);
                        table.row(
                                data("", MethodLabel.of(first.method()), first.shots()),
                                paperRow(
                                        "Average of " + datasets.size(),
                                        first,
                                        new BaseToNew(
                                                mean(scores, ClassHalf.BASE),
                                                mean(scores, ClassHalf.NEW))));
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

    private static List<Cell> paperRow(String place, Score first, BaseToNew means) {
        return List.of(
                paper(place),
                paper(first.title() + ", published, " + first.backbone()),
                paper(first.shots().label()),
                paper(means.baseAccuracy()),
                paper(means.newAccuracy()),
                paper(means.harmonicMean()));
    }

    /** Base and new of a published method stand in one row. */
    private void paperRows(String dataset, List<Comparison> papers, HtmlTable table) {
        Map<String, Map<ClassHalf, Score>> methods = new LinkedHashMap<>();
        for (Comparison comparison : papers) {
            Score score = comparison.score();
            if (StudyView.title(dataset).equals(StudyView.title(score.dataset()))) {
                methods.computeIfAbsent(score.title(), t -> new LinkedHashMap<>())
                        .put(score.half(), score);
            }
        }
        methods.forEach(
                (title, halves) -> {
                    Score base = halves.get(ClassHalf.BASE);
                    Score unseen = halves.get(ClassHalf.NEW);
                    table.row(
                            data(dataset, MethodLabel.of(base.method()), base.shots()),
                            paperRow(
                                    StudyView.title(dataset),
                                    base,
                                    new BaseToNew(base.accuracy(), unseen.accuracy())));
                });
    }

    private static Cell paper(double value) {
        return paper(Rounded.number(value));
    }

    private static Cell paper(String text) {
        return Cell.of(text, Kind.PUBLISHED);
    }
}
