package org.coop4j.study.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Numbers;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Table;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.Study;

/**
 * All tables and figures of a folder of runs.
 *
 * @param studies the finished runs by model, at least one
 */
public record StudyReport(FoundRuns findings, List<Study> studies) {

    /** Name of the page. */
    public static final String PAGE = "report.html";

    private static final int LONGEST_SLUG = 60;

    /**
     * Makes all files and writes them into a folder.
     *
     * @return the files, relative to the folder
     */
    public List<Path> write(Path folder) throws IOException {
        ReportFiles files = new ReportFiles(folder);
        StudyCharts charts = new StudyCharts(studies);
        Map<String, String> contents = new LinkedHashMap<>();
        contents.put(
                PAGE, new StudyPage(findings, studies, notes(), charts).page().html());
        Set<String> models = new HashSet<>();
        for (Study study : studies) {
            String ofModel = studies.size() == 1 ? "" : slug(study.name(), models) + "/";
            Set<String> names = new HashSet<>();
            List<Place> places = new ArrayList<>(List.of(Place.average(study)));
            places.addAll(Place.datasets(study));
            for (Place place : places) {
                String name = slug(place.isAverage() ? "average" : place.dataset(), names);
                charts.chart(place)
                        .ifPresent(chart -> contents.put("figures/" + ofModel + name + ".svg", chart.file()));
            }
        }
        for (Table<?> table : List.of(
                StudyTables.numbers(studies),
                StudyTables.averages(studies),
                StudyTables.baseNew(studies, false),
                StudyTables.robustness(studies),
                ClassTable.records(studies),
                RunTables.handWritten(studies, all -> true),
                RunTables.runs(findings, studies))) {
            if (!table.isEmpty()) {
                contents.put("tables/" + table.name() + ".csv", CsvFormat.text(table));
            }
        }
        return files.write(contents);
    }

    /** Returns the few-shot table as comma-separated values. */
    public String fewShotCsv() {
        return CsvFormat.text(StudyTables.numbers(studies));
    }

    /** Returns remarks on runs that are shown apart, missing or left out. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        if (studies.size() > 1) {
            List<String> models =
                    studies.stream().map(study -> study.model().describe()).toList();
            notes.add("runs of %d models are shown apart: %s".formatted(models.size(), Numbers.list(models)));
        }
        for (Study study : studies) {
            String prefix = studies.size() > 1 ? study.name() + ": " : "";
            study.notes().forEach(note -> notes.add(prefix + note));
        }
        return notes;
    }

    /** Returns a file name that was not given before. */
    private static String slug(String name, Set<String> used) {
        String plain =
                name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        String stem = plain.isEmpty() ? "unnamed" : plain.substring(0, Math.min(LONGEST_SLUG, plain.length()));
        String slug = stem;
        for (int n = 2; !used.add(slug); n++) {
            slug = stem + "-" + n;
        }
        return slug;
    }

    /** Returns a model's results in short: of several datasets the averages alone. */
    public static List<Table<?>> brief(Study study) {
        List<Table<?>> tables = new ArrayList<>();
        if (study.fewShot().averages().isEmpty()) {
            Place.datasets(study).forEach(place -> tables.add(StudyTables.byShots(place)));
        } else {
            tables.add(StudyTables.byShots(Place.average(study)));
            tables.add(StudyTables.gains(study));
        }
        tables.add(StudyTables.baseNew(List.of(study), true));
        study.robustness().forEach(robustness -> tables.add(StudyTables.robustness(study, robustness, true)));
        tables.removeIf(Table::isEmpty);
        return tables;
    }
}
