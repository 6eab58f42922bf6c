package org.coop4j.study.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Numbers;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Table;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.Study;

/** All tables and figures of a folder of runs. */
public final class StudyReport {

    /** Name of the page. */
    public static final String PAGE = "report.html";

    private final FoundRuns findings;
    private final List<StudyView> views;

    /** Takes the finished runs by model, at least one. */
    public StudyReport(FoundRuns findings, List<Study> studies) {
        if (studies.isEmpty()) {
            throw new IllegalArgumentException("there is no finished run to report");
        }
        this.findings = findings;
        this.views = StudyView.of(studies);
    }

    /**
     * Makes all files and writes them into a folder.
     *
     * @return the files, relative to the folder
     */
    public List<Path> write(Path folder) throws IOException {
        ReportFiles files = new ReportFiles(folder);
        StudyCharts charts = new StudyCharts(views);
        Map<String, byte[]> contents = new LinkedHashMap<>();
        contents.put(PAGE, bytes(new StudyPage(findings, views, charts).page().html()));
        for (StudyView view : views) {
            Set<String> names = new HashSet<>();
            List<Place> places = new ArrayList<>(List.of(Place.average(view)));
            places.addAll(Place.datasets(view));
            for (Place place : places) {
                String name = StudyView.slug(place.isAverage() ? "average" : place.dataset(), names);
                charts.chart(place)
                        .ifPresent(
                                chart -> contents.put("figures/" + view.folder() + name + ".svg", bytes(chart.file())));
            }
        }
        for (Table<?> table : List.of(
                FewShotTables.numbers(views),
                FewShotTables.averages(views),
                TransferTables.baseNew(views, false),
                TransferTables.robustness(views),
                ClassTable.records(views),
                RunTables.handWritten(views, all -> true),
                RunTables.runs(findings, views, true))) {
            if (!table.isEmpty()) {
                contents.put("tables/" + table.name() + ".csv", bytes(CsvFormat.text(table)));
            }
        }
        return files.write(contents);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the few-shot table as comma-separated values. */
    public String fewShotCsv() {
        return CsvFormat.text(FewShotTables.numbers(views));
    }

    /** Returns remarks on runs that are shown apart, missing or left out. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>(notes(views));
        if (views.size() > 1) {
            List<String> models =
                    views.stream().map(v -> v.study().model().describe()).toList();
            notes.add(0, "runs of %d models are shown apart: %s".formatted(views.size(), Numbers.list(models)));
        }
        return notes;
    }

    static List<String> notes(List<StudyView> views) {
        List<String> notes = new ArrayList<>();
        for (StudyView view : views) {
            String prefix = views.size() > 1 ? view.model() + ": " : "";
            for (List<String> some : List.of(
                    view.study().notes(), view.fewShot().notes(), view.baseNew().notes())) {
                some.forEach(note -> notes.add(prefix + note));
            }
        }
        return notes;
    }

    /** Returns the models with their results. */
    public List<StudyView> views() {
        return views;
    }

    /** Returns a model's results in short: of several datasets the averages alone. */
    public static List<Table<?>> brief(StudyView view) {
        List<Table<?>> tables = new ArrayList<>();
        if (view.fewShot().averages().isEmpty()) {
            Place.datasets(view).forEach(place -> tables.add(FewShotTables.byShots(place)));
        } else {
            tables.add(FewShotTables.byShots(Place.average(view)));
            tables.add(FewShotTables.gains(view));
        }
        tables.add(TransferTables.baseNew(List.of(view), true));
        view.robustness().forEach(robustness -> tables.add(TransferTables.robustness(view, robustness, true)));
        tables.removeIf(Table::isEmpty);
        return tables;
    }
}
