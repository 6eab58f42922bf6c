package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.study.Score.Place.AVERAGE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.FewShotChart;
import org.coop4j.page.FewShotChart.Point;
import org.coop4j.page.FewShotChart.Series;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.ReportFiles;
import org.coop4j.page.Section;
import org.coop4j.page.Section.Fact;
import org.coop4j.study.FoundRuns.State;
import org.coop4j.study.Score.Measure;

/**
 * The tables and figures of a folder of runs: a page with filters for model, dataset, method and shots, the figures, and all
 * scores as comma-separated values.
 *
 * @param studies the finished runs by model, at least one
 */
public record StudyReport(FoundRuns findings, List<Study> studies) {

    /** Name of the page. */
    public static final String PAGE = "report.html";

    /** Name of the file of all scores. */
    public static final String SCORES = "scores.csv";

    private static final int LONGEST_SLUG = 60;
    private static final int FEWEST_PUBLISHED = 3;

    /** Writes all files into a folder. */
    public void write(Path folder) throws IOException {
        ReportFiles files = new ReportFiles(folder, SCORES);
        Map<String, String> contents = new LinkedHashMap<>();
        contents.put(
                PAGE,
                addTo(
                                new HtmlPage(
                                        "Few-shot CLIP",
                                        studies.stream()
                                                .map(study -> study.name() + ", " + study.summary())
                                                .collect(joining("; "))),
                                List.of())
                        .html());
        contents.put(SCORES, scores());
        for (Study study : studies) {
            String ofModel = studies.size() == 1 ? "" : study.name() + " ";
            Stream.concat(Stream.of(AVERAGE), study.fewShot().datasets().stream())
                    .forEach(dataset -> chart(study, dataset)
                            .ifPresent(chart -> contents.put(
                                    "figures/%d-%s.svg".formatted(contents.size() - 1, slug(ofModel + chart.title())),
                                    chart.file())));
        }
        files.write(contents);
    }

    private static String slug(String name) {
        String slug =
                name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        return slug.substring(0, Math.min(LONGEST_SLUG, slug.length()));
    }

    /** Returns all scores as comma-separated values. */
    public String scores() {
        Map<String, List<Score>> byModel = new LinkedHashMap<>();
        studies.forEach(study -> byModel.put(
                study.name(),
                Stream.concat(study.scores().stream(), study.prompts().stream()).toList()));
        return CsvFormat.text(StudyTables.scores(byModel));
    }

    /** Returns a model's accuracies. */
    public static List<Table<?>> brief(Study study) {
        List<Table<?>> tables = new ArrayList<>();
        tables.add(StudyTables.byShots(study.name(), study.fewShot()));
        tables.add(StudyTables.baseNew(study));
        study.transfers().keySet().forEach(source -> tables.add(StudyTables.transfers(study, source)));
        tables.removeIf(Table::isEmpty);
        return tables;
    }

    /** Returns remarks on runs that are shown apart, missing or left out. */
    public List<String> notes() {
        return studies.stream()
                .flatMap(study ->
                        study.notes().stream().map(note -> studies.size() > 1 ? study.name() + ": " + note : note))
                .toList();
    }

    private static String title(Study study, String dataset) {
        return dataset.equals(AVERAGE)
                ? "Average over " + count(study.fewShot().averaged().size(), "dataset")
                : PublishedNumbers.title(dataset);
    }

    // Curves

    /**
     * Returns the curves of a dataset or of the averages, if there are any, as in the paper's figure 3. Published curves
     * are drawn if they are of the same backbone and at least three of their points are known.
     */
    public Optional<FewShotChart> chart(Study study, String dataset) {
        // All charts of a report give a method the same colour. Curves come first, so that theirs differ most.
        List<MethodLabel> methods = studies.stream()
                .flatMap(one -> one.fewShot().methods().stream())
                .distinct()
                .sorted(comparing(MethodLabel::isWithoutTraining).thenComparing(naturalOrder()))
                .toList();
        List<Series> all = new ArrayList<>();
        Results.grouped(study.fewShot().on(dataset), Result::method).forEach((method, results) -> {
            boolean star = method.isWithoutTraining();
            List<Point> points = new ArrayList<>();
            List<Point> papers = new ArrayList<>();
            for (Result result : results) {
                SeedSummary accuracy = result.summary();
                points.add(new Point(result.shots(), star ? SeedSummary.of(accuracy.mean()) : accuracy));
                study.published(result, "", ClassHalf.ALL)
                        .filter(paper -> study.model().backbone().equals(Optional.of(paper.backbone())))
                        .ifPresent(paper -> papers.add(new Point(result.shots(), SeedSummary.of(paper.accuracy()))));
            }
            int index = methods.indexOf(method);
            all.add(new Series(method.title(), index, false, points));
            if (papers.size() >= (star ? 1 : FEWEST_PUBLISHED)) {
                all.add(new Series(method.title() + ", published", index, true, papers));
            }
        });
        all.sort(comparing(Series::index));
        FewShotChart chart = new FewShotChart(title(study, dataset), all);
        return chart.curves().isEmpty() ? Optional.empty() : Optional.of(chart);
    }

    /** Returns charts with the data that the filters compare. */
    private Map<FewShotChart, Map<String, String>> charts(Study study, List<String> datasets) {
        Map<FewShotChart, Map<String, String>> charts = new LinkedHashMap<>();
        datasets.forEach(dataset -> chart(study, dataset).ifPresent(chart -> charts.put(chart, data(study, dataset))));
        return charts;
    }

    // The page

    /**
     * Adds the sections of all models, and of their runs.
     *
     * @param more sections to add above those of each model
     */
    public HtmlPage addTo(HtmlPage page, List<Section> more) {
        for (Study study : studies) {
            List<String> datasets = study.fewShot().datasets();
            more.forEach(page::add);
            page.add(section(title(study, AVERAGE), study)
                            .charts(charts(study, List.of(AVERAGE)))
                            .table(StudyTables.byShots(
                                    study.name(), new Results(study.fewShot().on(AVERAGE)))))
                    .add(section("Curves of each dataset", study).charts(charts(study, datasets)))
                    .add(section("All numbers", study).table(StudyTables.numbers(study, study.fewShot())));
            Section robustness = section("Robustness", study);
            study.transfers().keySet().forEach(source -> robustness.table(StudyTables.transfers(study, source)));
            page.add(section("Base to new", study).table(StudyTables.baseNew(study)))
                    .add(robustness)
                    .add(section("Hand-written prompts", study)
                            .table(StudyTables.numbers(study, Results.of(study.prompts()))));
        }
        return page.filtered().add(runs()).add(new Section("Definitions").definitions());
    }

    /** Makes a section of one model. */
    private Section section(String heading, Study study) {
        return new Section(studies.size() > 1 ? heading + ", " + study.name() : heading);
    }

    /** Returns the data that the filters compare. */
    private static Map<String, String> data(Study study, String dataset) {
        return dataset.equals(AVERAGE) ? Map.of() : new TreeMap<>(Map.of("model", study.name(), "dataset", dataset));
    }

    /** Describes the runs behind the page, and the missing ones. */
    private Section runs() {
        List<Fact> facts =
                new ArrayList<>(List.of(new Fact(count(findings.finished().size()), "finished")));
        for (State state : State.values()) {
            facts.add(new Fact(count(findings.leftOut(state).size()), state.label()));
        }
        return new Section("Runs")
                .facts(facts)
                .list(studies.stream()
                        .map(study -> study.model().describe() + ": " + study.summary() + work(study))
                        .toList())
                .list(notes().stream().map(note -> note + ".").toList())
                .table(StudyTables.leftOut(findings));
    }

    private static String work(Study study) {
        double hours = study.scores().stream()
                        .mapToDouble(score -> score.values().get(Measure.SECONDS))
                        .sum()
                / 3600;
        return hours < 0.05 ? "" : ", " + number(hours, 1) + " hours of work";
    }
}
