package org.coop4j.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.report.chart.ChartFiles;
import org.coop4j.report.chart.FewShotChart;
import org.coop4j.results.Findings;
import org.coop4j.results.PublishedNumbers;
import org.coop4j.results.Study;
import org.coop4j.weights.Progress;

/** All tables and figures of a folder of runs. */
public final class StudyReport {

    /** The page. */
    public static final String PAGE = "report.html";

    private final Findings findings;
    private final PublishedNumbers published = PublishedNumbers.shipped();
    private final List<StudyView> views;

    /**
     * A report that is not written yet.
     *
     * @param studies the finished runs, by model; at least one
     */
    public StudyReport(Findings findings, List<Study> studies) {
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
    public List<Path> write(Path folder, Progress progress) throws IOException {
        ReportFiles files = ReportFiles.in(folder);
        Map<String, byte[]> contents = new LinkedHashMap<>();
        List<TableFiles> tables = tables();
        Series series = new Series(views);
        contents.put(PAGE, bytes(new StudyPage(findings, views, series, published).page().html()));
        contents.putAll(figures(series, progress));
        for (TableFiles table : tables) {
            table.files(views).forEach((name, text) -> contents.put(name, bytes(text)));
        }
        return files.write(contents);
    }

    private List<TableFiles> tables() {
        return List.of(
                new FewShotTable(published),
                new AverageTable(published),
                new BaseNewTable(),
                new RobustnessTable(),
                new ClassTable(),
                new HandWrittenTable(),
                new PublishedTable(published),
                new RunTable(findings));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Map<String, byte[]> figures(Series series, Progress progress) throws IOException {
        Map<String, FewShotChart> charts = new LinkedHashMap<>();
        for (StudyView view : views) {
            StudyCharts all = new StudyCharts(view, series, published);
            StudyView.Slugs slugs = new StudyView.Slugs();
            String folder = "figures/" + view.folder();
            String average = folder + slugs.of("average");
            all.average().ifPresent(chart -> charts.put(average, chart));
            for (String dataset : view.fewShot().datasets()) {
                all.dataset(dataset)
                        .ifPresent(chart -> charts.put(folder + slugs.of(dataset), chart));
            }
        }
        Map<String, byte[]> figures = new LinkedHashMap<>();
        try (Progress.Task task = progress.task("drawing", charts.size(), Progress.Unit.FIGURES)) {
            for (Map.Entry<String, FewShotChart> chart : charts.entrySet()) {
                ByteArrayOutputStream png = new ByteArrayOutputStream();
                ChartFiles.writePng(png, chart.getValue());
                figures.put(chart.getKey() + ".png", png.toByteArray());
                figures.put(chart.getKey() + ".svg", bytes(ChartFiles.svg(chart.getValue())));
                task.advance(1);
            }
        }
        return figures;
    }

    /** The few-shot table as comma-separated values. */
    public String fewShotCsv() {
        return new FewShotTable(published).csv(views).text();
    }

    /** What the reader should know of the runs: told apart, missing, left out. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (views.size() > 1) {
            notes.add(
                    "runs of "
                            + views.size()
                            + " models are shown apart: "
                            + Rounded.list(
                                    views.stream()
                                            .map(v -> v.study().model().describe())
                                            .toList()));
        }
        for (StudyView view : views) {
            String prefix = views.size() > 1 ? view.model() + ": " : "";
            notesOf(view).forEach(note -> notes.add(prefix + note));
        }
        return notes;
    }

    static List<String> notesOf(StudyView view) {
        List<String> notes = new ArrayList<>(view.study().notes());
        notes.addAll(view.fewShot().notes());
        notes.addAll(view.baseNew().notes());
        return notes;
    }

    List<StudyView> views() {
        return views;
    }
}
