package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.report.PublishedTable.Comparison;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.HtmlTable.Kind;
import org.coop4j.report.html.Section;
import org.coop4j.results.Measure;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.PublishedNumbers.Score;
import org.coop4j.results.Robustness;
import org.coop4j.results.Shots;

/** Learned on one dataset and tested on others, on the page. */
final class RobustnessSection {

    private final StudyView view;
    private final PublishedTable published;
    private final String suffix;

    RobustnessSection(StudyView view, PublishedTable published, String suffix) {
        this.view = view;
        this.published = published;
        this.suffix = suffix;
    }

    Section section() {
        Section section = new Section("Robustness" + suffix);
        section.paragraph(
                "What was learned on one dataset, tested on others with the same context."
                        + " Zero-shot CLIP uses the hand-written prompt of each.");
        view.robustness().forEach(table -> section.table(robustness(table)));
        return section;
    }

    private HtmlTable robustness(Robustness robustness) {
        HtmlTable table =
                new HtmlTable(
                                "Learned on "
                                        + StudyView.title(robustness.source())
                                        + ", accuracy in % on it (source) and on the targets;"
                                        + " published numbers in italics with their backbone")
                        .words("method")
                        .numbers("shots", StudyView.title(robustness.source()));
        robustness.targets().forEach(target -> table.numbers(StudyView.title(target)));
        table.numbers("average of targets");
        for (Robustness.Row row : robustness.rows()) {
            List<Cell> cells = new ArrayList<>();
            cells.add(Cell.of(row.method().title()));
            cells.add(Cell.of(row.shots().label()));
            cells.add(accuracy(row.onSource()));
            for (String target : robustness.targets()) {
                cells.add(accuracy(Optional.ofNullable(row.onTargets().get(target))));
            }
            cells.add(Cell.of(Rounded.number(average(row, robustness))));
            table.row(data("", row.method(), row.shots()), cells);
        }
        paperRows(robustness, table);
        return table;
    }

    private static double average(Robustness.Row row, Robustness robustness) {
        return row.average(robustness.targets()).orElse(Double.NaN);
    }

    private static Cell accuracy(Optional<Outcome> cell) {
        return Cell.of(Rounded.plusMinus(cell.flatMap(c -> c.summary(Measure.ACCURACY))));
    }

    private record PaperRow(String title, String backbone, Score first) {}

    private void paperRows(Robustness robustness, HtmlTable table) {
        Map<String, PaperRow> rows = new LinkedHashMap<>();
        Map<String, Map<String, Double>> values = new LinkedHashMap<>();
        for (Comparison comparison : published.robustness(view, robustness)) {
            Score score = comparison.score();
            String key = score.title() + score.shots().label() + score.backbone();
            rows.putIfAbsent(key, new PaperRow(score.title(), score.backbone(), score));
            values.computeIfAbsent(key, k -> new LinkedHashMap<>())
                    .put(StudyView.title(score.dataset()), score.accuracy());
        }
        rows.forEach(
                (key, row) -> {
                    Map<String, Double> byDataset = values.get(key);
                    List<Cell> cells = new ArrayList<>();
                    cells.add(paper(row.title + ", published, " + row.backbone));
                    cells.add(paper(row.first.shots().label()));
                    cells.add(paper(byDataset.get(StudyView.title(robustness.source()))));
                    OptionalDouble average = OptionalDouble.of(0);
                    for (String target : robustness.targets()) {
                        Double value = byDataset.get(StudyView.title(target));
                        cells.add(paper(value));
                        average =
                                value == null || average.isEmpty()
                                        ? OptionalDouble.empty()
                                        : OptionalDouble.of(average.getAsDouble() + value);
                    }
                    cells.add(
                            paper(
                                    average.isEmpty()
                                            ? null
                                            : average.getAsDouble() / robustness.targets().size()));
                    table.row(
                            data("", MethodLabel.of(row.first.method()), row.first.shots()), cells);
                });
    }

    private static Cell paper(Double value) {
        return paper(Rounded.number(value == null ? Double.NaN : value));
    }

    private static Cell paper(String text) {
        return Cell.of(text, Kind.PUBLISHED);
    }

    private Map<String, String> data(String dataset, MethodLabel method, Shots shots) {
        return StudyPage.data(view, dataset, method, shots);
    }
}
