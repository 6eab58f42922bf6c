package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.HtmlTable.Kind;
import org.coop4j.report.html.Section;
import org.coop4j.results.FewShot;
import org.coop4j.results.Measure;
import org.coop4j.results.Outcome;
import org.coop4j.results.PublishedNumbers;

/** Dataset × method × shots with all that is known of it, on the page. */
final class NumbersSection {

    private final StudyView view;
    private final FewShot fewShot;
    private final PublishedNumbers published;
    private final String suffix;
    private final RowNames names;

    NumbersSection(StudyView view, PublishedNumbers published, String suffix) {
        this.view = view;
        this.fewShot = view.fewShot();
        this.published = published;
        this.suffix = suffix;
        this.names = new RowNames(view);
    }

    Section section() {
        HtmlTable table =
                new HtmlTable(
                                names.describe()
                                        + " × shots, in %: mean ± standard deviation over n"
                                        + " seeds, 95 % interval by Student's t, points won over"
                                        + " zero-shot and p of the paired t test over the seeds;"
                                        + " F1 is macro F1, ECE the calibration error; numbers in"
                                        + " italics are published, with their backbone")
                        .tall()
                        .words(names.columns())
                        .numbers(
                                "shots",
                                "n",
                                "accuracy",
                                "95 % interval",
                                "gain",
                                "p",
                                "F1",
                                "ECE");
        boolean papers = !new PublishedTable(published).fewShot(view).isEmpty();
        if (papers) {
            table.numbers("published");
        }
        for (String dataset : fewShot.datasets()) {
            for (Outcome cell : fewShot.cells(dataset)) {
                table.row(
                        StudyPage.data(view, dataset, cell.method(), cell.shots()),
                        row(cell, papers));
            }
        }
        return new Section("All numbers" + suffix).table(table);
    }

    private List<Cell> row(Outcome cell, boolean papers) {
        Optional<SeedSummary> accuracy = cell.summary(Measure.ACCURACY);
        boolean best =
                fewShot.cells(cell.dataset()).stream()
                        .filter(other -> other.shots().equals(cell.shots()))
                        .noneMatch(other -> other.accuracy() > cell.accuracy());
        Optional<Outcome.Gain> gain = FewShotTable.gain(view, cell);
        List<Cell> row = new ArrayList<>(names.cells(cell.dataset(), cell.method()));
        row.add(Cell.of(cell.shots().label()));
        row.add(Cell.of(String.valueOf(cell.seeds().size()), Kind.MUTED));
        row.add(Cell.of(Rounded.plusMinus(accuracy), best ? Kind.BEST : Kind.PLAIN));
        row.add(Cell.of(Rounded.interval(accuracy)));
        row.add(Cell.of(gain.map(g -> Rounded.signed(g.difference())).orElse(Rounded.UNKNOWN)));
        row.add(Cell.of(Rounded.probability(gain)));
        row.add(Cell.of(Rounded.plusMinus(cell.summary(Measure.MACRO_F1))));
        row.add(Cell.of(Rounded.plusMinus(cell.summary(Measure.CALIBRATION_ERROR))));
        if (papers) {
            row.add(paper(cell));
        }
        return row;
    }

    private Cell paper(Outcome cell) {
        return published
                .fewShot(cell.dataset(), cell.method(), cell.shots(), view.backbone())
                .map(score -> Rounded.number(score.accuracy()) + " " + score.backbone())
                .map(text -> Cell.of(text, Kind.PUBLISHED))
                .orElse(Cell.of(""));
    }
}
