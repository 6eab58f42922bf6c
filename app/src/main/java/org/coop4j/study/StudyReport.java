package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.study.MethodResult.AVERAGE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
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
import org.coop4j.page.Shots;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.Score;

/**
 * All tables and figures of a folder of runs, and a page of them with filters for model, dataset, method and shots.
 *
 * @param studies the finished runs by model, at least one
 */
public record StudyReport(FoundRuns findings, List<Study> studies) {

    /** Name of the page. */
    public static final String PAGE = "report.html";

    private static final int LONGEST_SLUG = 60;
    private static final int FEWEST_PUBLISHED = 3;

    /**
     * Makes all files and writes them into a folder.
     *
     * @return the files, relative to the folder
     */
    public List<Path> write(Path folder) throws IOException {
        ReportFiles files = new ReportFiles(folder);
        Map<String, String> contents = new LinkedHashMap<>();
        contents.put(PAGE, page().html());
        Set<String> models = new HashSet<>();
        for (Study study : studies) {
            String ofModel = studies.size() == 1 ? "" : slug(study.name(), models) + "/";
            Set<String> names = new HashSet<>();
            Stream.concat(Stream.of(AVERAGE), study.fewShot().datasets().stream())
                    .forEach(dataset -> {
                        String name = slug(dataset.equals(AVERAGE) ? "average" : dataset, names);
                        chart(study, dataset)
                                .ifPresent(chart -> contents.put("figures/" + ofModel + name + ".svg", chart.file()));
                    });
        }
        for (Table<?> table : List.of(
                StudyTables.fewShot(studies),
                StudyTables.baseNew(studies, false),
                StudyTables.transfers(studies),
                StudyTables.classes(studies),
                StudyTables.handWritten(studies, prompt -> true),
                StudyTables.runs(studies),
                StudyTables.leftOut(findings))) {
            if (!table.isEmpty()) {
                contents.put("tables/" + table.name() + ".csv", CsvFormat.text(table));
            }
        }
        return files.write(contents);
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

    /** Returns the few-shot table as comma-separated values. */
    public String fewShotCsv() {
        return CsvFormat.text(StudyTables.fewShot(studies));
    }

    /** Returns a model's results in short: of several datasets the averages alone. */
    public static List<Table<?>> brief(Study study) {
        List<Table<?>> tables = new ArrayList<>();
        if (study.fewShot().averaged().isEmpty()) {
            study.fewShot().datasets().forEach(dataset -> tables.add(StudyTables.byShots(study, dataset)));
        } else {
            tables.add(StudyTables.byShots(study, AVERAGE));
            tables.add(StudyTables.gains(study));
        }
        tables.add(StudyTables.baseNew(List.of(study), true));
        study.transfers().keySet().forEach(source -> tables.add(StudyTables.transfers(study, source, true)));
        tables.removeIf(Table::isEmpty);
        return tables;
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

    static String title(Study study, String dataset) {
        return dataset.equals(AVERAGE)
                ? "Average over " + study.fewShot().averaged().size() + " datasets"
                : PublishedNumbers.title(dataset);
    }

    // Curves

    /**
     * Returns the curves of a dataset or of the averages, if there are any, as in the paper's figure 3. Published curves
     * are drawn if they are of the same backbone and at least three of their points are known.
     */
    public Optional<FewShotChart> chart(Study study, String dataset) {
        MethodResults fewShot = study.fewShot();
        // All charts of a report give a method the same colour. Curves come first, so that theirs differ most.
        List<MethodLabel> methods = studies.stream()
                .flatMap(one -> one.fewShot().methods().stream())
                .distinct()
                .sorted(comparing(MethodLabel::isWithoutTraining).thenComparing(naturalOrder()))
                .toList();
        List<Series> all = new ArrayList<>();
        for (MethodLabel method : methods) {
            boolean star = method.isWithoutTraining();
            List<Point> points = new ArrayList<>();
            List<Point> papers = new ArrayList<>();
            for (Shots shots : star ? List.of(Shots.NONE) : fewShot.shots()) {
                Setup setup = new Setup(method, shots);
                fewShot.get(dataset, setup)
                        .flatMap(result -> result.summary(Measured::accuracy))
                        .ifPresent(s -> points.add(new Point(shots, star ? SeedSummary.of(s.mean()) : s)));
                published(study, dataset, setup)
                        .filter(s ->
                                Optional.of(s.backbone()).equals(study.model().backbone()))
                        .ifPresent(s -> papers.add(new Point(shots, SeedSummary.of(s.accuracy()))));
            }
            int index = methods.indexOf(method);
            if (!points.isEmpty()) {
                all.add(new Series(method.title(), index, false, points));
                if (papers.size() >= (star ? 1 : FEWEST_PUBLISHED)) {
                    all.add(new Series(method.title() + ", published", index, true, papers));
                }
            }
        }
        FewShotChart chart = new FewShotChart(title(study, dataset), all);
        return !chart.curves().isEmpty() ? Optional.of(chart) : Optional.empty();
    }

    /** Returns a paper's number for the same method. */
    private static Optional<Score> published(Study study, String dataset, Setup setup) {
        List<String> datasets = dataset.equals(AVERAGE) ? study.fewShot().averaged() : List.of(dataset);
        return study.published("", datasets, ClassHalf.ALL, setup);
    }

    /** Returns the charts with the data that the filters compare. */
    private Map<FewShotChart, Map<String, String>> charts(Study study, List<String> datasets) {
        Map<FewShotChart, Map<String, String>> charts = new LinkedHashMap<>();
        datasets.forEach(dataset -> chart(study, dataset).ifPresent(chart -> charts.put(chart, data(study, dataset))));
        return charts;
    }

    // The page

    private HtmlPage page() {
        return addTo(
                new HtmlPage(
                        "Few-shot CLIP",
                        studies.stream()
                                .map(study -> study.name() + ", " + study.summary())
                                .collect(joining("; "))),
                List.of());
    }

    /**
     * Adds the sections of all models, and of their runs.
     *
     * @param more sections to add below the summary of each model
     */
    public HtmlPage addTo(HtmlPage page, List<Section> more) {
        for (Study study : studies) {
            page.add(section("In short", study).facts(facts(study)));
            more.forEach(page::add);
            page.add(section(title(study, AVERAGE), study)
                            .charts(charts(study, List.of(AVERAGE)))
                            .table(StudyTables.byShots(study, AVERAGE)))
                    .add(section("Curves of each dataset", study)
                            .charts(charts(study, study.fewShot().datasets())))
                    .add(section("Gain over zero-shot", study).table(StudyTables.gains(study)))
                    .add(section("All numbers", study).table(StudyTables.fewShot(List.of(study))))
                    .add(classes(study))
                    .add(section("Base to new", study).table(StudyTables.baseNew(List.of(study), false)))
                    .add(robustness(study))
                    .add(handWritten(study))
                    .add(published(study));
        }
        return page.filtered().add(runs()).add(new Section("Definitions").definitions());
    }

    /** Makes a section of one model. */
    private Section section(String heading, Study study) {
        return new Section(studies.size() > 1 ? heading + ", " + study.name() : heading);
    }

    /** Compares the main method with the best method before it in the tables and with zero-shot, with as many images. */
    private static List<Fact> facts(Study study) {
        MethodResults fewShot = study.fewShot();
        List<Fact> facts = new ArrayList<>();
        mostImages(fewShot).ifPresent(learned -> {
            facts.add(new Fact(
                    learned.summary(Measured::accuracy).orElseThrow().meanSd(1) + " %",
                    title(study, learned.dataset()) + ", " + learned.method().title() + ", "
                            + learned.shots().describe()));
            Optional<MethodResult> best = baselines(fewShot, learned).stream().max(comparing(MethodResult::accuracy));
            best.ifPresent(one -> facts.add(Fact.gain(
                    learned.accuracy(), "the best baseline, " + one.method().title(), one.accuracy())));
            fewShot.zeroShot(learned.dataset())
                    .filter(one -> !best.equals(Optional.of(one)))
                    .ifPresent(one ->
                            facts.add(Fact.gain(learned.accuracy(), one.method().title(), one.accuracy())));
        });
        return facts;
    }

    /** Returns the main method's average, or else its result on a dataset, with most images that most baselines have. */
    private static Optional<MethodResult> mostImages(MethodResults fewShot) {
        List<MethodResult> averages = fewShot.ofMain(AVERAGE).toList();
        return (averages.isEmpty() ? fewShot.datasets().stream().flatMap(fewShot::ofMain) : averages.stream())
                .max(comparing((MethodResult one) -> baselines(fewShot, one).size())
                        .thenComparing(MethodResult::shots));
    }

    /** Returns the results of the methods before the main one in the tables, with as many images. */
    private static List<MethodResult> baselines(MethodResults fewShot, MethodResult main) {
        return fewShot.on(main.dataset()).stream()
                .filter(other -> other.setup().equals(other.method().with(main.shots()))
                        && other.method().compareTo(main.method()) < 0
                        && !other.method().isOf(main.method().method()))
                .toList();
    }

    /** Returns the data that the filters compare. */
    private static Map<String, String> data(Study study, String dataset) {
        return dataset.equals(AVERAGE) ? Map.of() : new TreeMap<>(Map.of("model", study.name(), "dataset", dataset));
    }

    private Section classes(Study study) {
        Section section = section("Class by class", study);
        study.fewShot()
                .datasets()
                .forEach(dataset -> section.details(
                        PublishedNumbers.title(dataset), data(study, dataset), StudyTables.classes(study, dataset)));
        return section;
    }

    private Section robustness(Study study) {
        Section section = section("Robustness", study);
        study.transfers().keySet().forEach(source -> section.table(StudyTables.transfers(study, source, false)));
        return section;
    }

    private Section handWritten(Study study) {
        Section section = section("Hand-written prompts", study);
        for (String dataset : study.prompts().datasets()) {
            MethodResult best = Collections.max(study.prompts().on(dataset), comparing(MethodResult::accuracy));
            section.details(
                    "%s: %s by “%s”"
                            .formatted(
                                    PublishedNumbers.title(dataset),
                                    percent(best.accuracy(), 2),
                                    best.method().id()),
                    data(study, dataset),
                    StudyTables.handWritten(
                            List.of(study), prompt -> prompt.dataset().equals(dataset)));
        }
        return section;
    }

    /** Names the papers that the published numbers are from. */
    private Section published(Study study) {
        Section section = section("Published numbers", study);
        List<String> sources = study.fewShot().cells().stream()
                .flatMap(one -> published(study, one.dataset(), one.setup()).stream())
                .map(score -> score.table().source() + ": " + score.table().place() + ".")
                .distinct()
                .toList();
        return sources.isEmpty()
                ? section
                : section.paragraph(
                                "The model here is " + study.model().backbone().orElse("not one the papers used") + ".")
                        .list(sources);
    }

    /** Describes the runs behind the page, and the missing ones. */
    private Section runs() {
        Section section = new Section("Runs")
                .facts(List.of(
                        fact(findings.finished(), "finished"),
                        fact(findings.failed(), "failed"),
                        fact(findings.unfinished(), "unfinished"),
                        fact(findings.damaged(), "damaged")))
                .list(studies.stream()
                        .map(study -> study.model().describe() + ": " + study.summary() + work(study))
                        .toList())
                .list(notes().stream().map(note -> note + ".").toList())
                .table(StudyTables.leftOut(findings));
        studies.forEach(study -> section.table(StudyTables.settings(study)));
        return section;
    }

    private static Fact fact(List<?> runs, String state) {
        return new Fact(count(runs.size()), state);
    }

    private static String work(Study study) {
        double hours = study.entries().stream()
                        .mapToDouble(entry -> entry.run().result().totalSeconds())
                        .sum()
                / 3600;
        return hours < 0.05 ? "" : ", " + number(hours, 1) + " hours of work";
    }
}
