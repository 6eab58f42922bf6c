package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.report.PublishedTable.Comparison;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.HtmlTable.Kind;
import org.coop4j.report.html.Section;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.PublishedNumbers.Score;
import org.coop4j.results.Shots;

/** The papers' few-shot numbers beside those measured here, on the page. */
final class PublishedSection {

    private final StudyView view;
    private final String suffix;

    PublishedSection(StudyView view, String suffix) {
        this.view = view;
        this.suffix = suffix;
    }

    Section section(List<Comparison> papers) {
        RowNames names = new RowNames(view);
        HtmlTable table =
                new HtmlTable("Few-shot accuracy in %: published, and measured here")
                        .tall()
                        .words(names.columns())
                        .numbers("shots", "published")
                        .words("backbone")
                        .numbers("here");
        boolean differences =
                papers.stream().anyMatch(c -> c.difference(view.backbone()).isPresent());
        if (differences) {
            table.numbers("difference");
        }
        for (Comparison comparison : papers) {
            Score score = comparison.score();
            MethodLabel method = comparison.ours().orElseThrow();
            String dataset = datasetHere(score);
            List<Cell> row = new ArrayList<>(names.cells(score.dataset(), method));
            row.add(Cell.of(score.shots().label()));
            row.add(Cell.of(Rounded.number(score.accuracy()), Kind.PUBLISHED));
            row.add(Cell.of(score.backbone(), Kind.PUBLISHED));
            row.add(Cell.of(Rounded.number(comparison.accuracy().orElse(Double.NaN))));
            if (differences) {
                row.add(
                        comparison.difference(view.backbone()).stream()
                                .mapToObj(points -> Cell.of(Rounded.signed(points)))
                                .findFirst()
                                .orElse(Cell.of("")));
            }
            table.row(data(dataset, method, score.shots()), row);
        }
        return new Section("Published numbers" + suffix)
                .paragraph(comparable())
                .table(table)
                .list(
                        papers.stream()
                                .map(c -> c.score().source() + ": " + c.score().place() + ".")
                                .distinct()
                                .toList());
    }

    private String datasetHere(Score score) {
        return view.fewShot().datasets().stream()
                .filter(d -> StudyView.title(d).equals(StudyView.title(score.dataset())))
                .findFirst()
                .orElse("");
    }

    private String comparable() {
        String known =
                view.backbone()
                        .map(backbone -> "The model here is " + backbone + ".")
                        .orElse("The model here is none that the papers used.");
        return known
                + " A published number of another backbone is no yardstick for it; one of the same"
                + " backbone is from the authors' images, splits and half precision.";
    }

    private Map<String, String> data(String dataset, MethodLabel method, Shots shots) {
        return StudyPage.data(view, dataset, method, shots);
    }
}
