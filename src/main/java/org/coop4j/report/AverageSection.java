package org.coop4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.HtmlTable.Kind;
import org.coop4j.report.html.Section;
import org.coop4j.results.Average;
import org.coop4j.results.FewShot;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.PublishedNumbers;
import org.coop4j.results.PublishedNumbers.Score;
import org.coop4j.results.Shots;

/** Averages over the datasets, on the page. */
final class AverageSection {

    private final StudyView view;
    private final FewShot fewShot;
    private final StudyCharts charts;
    private final PublishedNumbers published;
    private final String suffix;

    AverageSection(StudyView view, StudyCharts charts, PublishedNumbers published, String suffix) {
        this.view = view;
        this.fewShot = view.fewShot();
        this.charts = charts;
        this.published = published;
        this.suffix = suffix;
    }

    Section section() {
        String datasets = fewShot.averaged().size() + " datasets";
        Section section = new Section("Average over " + datasets + suffix);
        charts.average()
                .ifPresent(
                        chart ->
                                section.chart(
                                        chart,
                                        "Mean accuracy over "
                                                + datasets
                                                + " by training images a class; bars are one"
                                                + " standard deviation over the seeds."));
        return section.table(averageTable()).table(averageGains());
    }

    private HtmlTable averageTable() {
        HtmlTable table =
                new HtmlTable(
                                "Accuracy in %, averaged over the datasets: mean ± standard"
                                        + " deviation over seeds, 95 % interval by Student's t"
                                        + " below it; published averages over the same datasets"
                                        + " in italics")
                        .words("method");
        List<Shots> columns = averageColumns();
        columns.forEach(shots -> table.numbers(column(shots)));
        for (MethodLabel method : fewShot.methods()) {
            if (fewShot.averages().stream().noneMatch(a -> a.method().equals(method))) {
                continue;
            }
            List<Cell> row = new ArrayList<>(List.of(Cell.of(method.title())));
            List<Cell> paper = new ArrayList<>();
            String backbone = "";
            for (Shots shots : columns) {
                row.add(fewShot.average(method, shots).map(this::averageCell).orElse(Cell.of("")));
                Optional<Score> score =
                        fewShot.average(method, shots)
                                .flatMap(
                                        a ->
                                                published.fewShotAverage(
                                                        fewShot.averaged(),
                                                        method,
                                                        shots,
                                                        view.backbone()));
                backbone = score.map(Score::backbone).orElse(backbone);
                paper.add(
                        score.map(s -> Cell.of(Rounded.number(s.accuracy()), Kind.PUBLISHED))
                                .orElse(Cell.of("")));
            }
            table.row(StudyPage.data(view, "", method, Shots.NONE), row);
            if (!backbone.isEmpty()) {
                paper.add(0, Cell.of(method.title() + ", published, " + backbone, Kind.PUBLISHED));
                table.row(StudyPage.data(view, "", method, Shots.NONE), paper);
            }
        }
        return table;
    }

    private List<Shots> averageColumns() {
        List<Shots> columns = new ArrayList<>();
        if (fewShot.averages().stream().anyMatch(a -> a.shots().equals(Shots.NONE))) {
            columns.add(Shots.NONE);
        }
        for (Shots shots : fewShot.shots()) {
            if (fewShot.averages().stream().anyMatch(a -> a.shots().equals(shots))) {
                columns.add(shots);
            }
        }
        return columns;
    }

    private static String column(Shots shots) {
        return shots.describe();
    }

    private Cell averageCell(Average average) {
        Kind kind = AverageTable.isBest(fewShot, average) ? Kind.BEST : Kind.PLAIN;
        SeedSummary summary = FewShotTable.summary(average);
        Cell cell = Cell.of(Rounded.plusMinus(Optional.of(summary)), kind);
        String interval = Rounded.interval(Optional.of(summary));
        return interval.equals(Rounded.UNKNOWN) ? cell : cell.withNote(interval);
    }

    private HtmlTable averageGains() {
        HtmlTable table =
                new HtmlTable(
                                "Points won over zero-shot CLIP on average, with p of the paired t"
                                        + " test over the datasets below it")
                        .words("method");
        List<Shots> columns = averageColumns();
        columns.forEach(shots -> table.numbers(column(shots)));
        for (MethodLabel method : fewShot.methods()) {
            List<Cell> row = new ArrayList<>(List.of(Cell.of(method.title())));
            boolean any = false;
            for (Shots shots : columns) {
                Optional<Outcome.Gain> gain =
                        fewShot.average(method, shots).flatMap(a -> AverageTable.gain(view, a));
                any |= gain.isPresent();
                row.add(
                        gain.map(g -> Cell.of(Rounded.signed(g.difference())).withNote(note(gain)))
                                .orElse(Cell.of("")));
            }
            if (any) {
                table.row(StudyPage.data(view, "", method, Shots.NONE), row);
            }
        }
        return table;
    }

    private static String note(Optional<Outcome.Gain> gain) {
        String p = Rounded.probability(gain);
        if (p.equals(Rounded.UNKNOWN)) {
            return "";
        }
        return p.startsWith("<") ? "p " + p : "p = " + p;
    }
}
