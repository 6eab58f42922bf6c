package org.coop4j.study.report;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.number;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.study.MethodResult.AVERAGE;
import static org.coop4j.study.PublishedNumbers.DatasetNames.title;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.HandWrittenPrompts;
import org.coop4j.study.MethodResult;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.MethodResults;
import org.coop4j.study.PublishedNumbers.DatasetNames;
import org.coop4j.study.Study;
import org.coop4j.study.html.HtmlPage;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Chart;
import org.coop4j.study.html.Section.Fact;

/** The page of a report, with filters for model, dataset, method and shots. */
record StudyPage(FoundRuns findings, List<Study> studies, List<String> notes, StudyCharts charts) {

    HtmlPage page() {
        List<String> titles = datasets();
        HtmlPage page = new HtmlPage(
                        "Few-shot CLIP on " + (titles.size() == 1 ? titles.get(0) : titles.size() + " datasets"),
                        studies.stream()
                                .map(study -> study.name() + ", " + study.summary())
                                .collect(joining("; ")))
                .filtered();
        for (Study study : studies) {
            page.add(summary(study))
                    .add(average(study))
                    .add(section("Curves of each dataset", study).charts(charts(Place.datasets(study))))
                    .add(section("Gain over zero-shot", study).table(StudyTables.gains(study)))
                    .add(section("All numbers", study).table(StudyTables.numbers(List.of(study))))
                    .add(classes(study))
                    .add(section("Base to new", study).table(StudyTables.baseNew(List.of(study), false)))
                    .add(robustness(study))
                    .add(handWritten(study))
                    .add(published(study));
        }
        return page.add(runs()).add(new Section("Definitions").definitions());
    }

    private List<String> datasets() {
        Set<String> all = new LinkedHashSet<>();
        for (Study study : studies) {
            all.addAll(study.fewShot().datasets());
            study.baseNew().rows().forEach(row -> all.add(row.any().dataset()));
        }
        if (all.isEmpty()) {
            studies.forEach(study -> study.robustness().forEach(table -> all.addAll(table.targets())));
        }
        return all.stream().map(DatasetNames::title).distinct().toList();
    }

    /** Makes a section of one model. */
    private Section section(String heading, Study study) {
        return new Section(studies.size() > 1 ? heading + ", " + study.name() : heading);
    }

    /** Compares the main method with the best baseline, on average or on the dataset where it has most images. */
    private Section summary(Study study) {
        Section section = section("In short", study);
        MethodResults fewShot = study.fewShot();
        Stream<MethodResult> cells = fewShot.datasets().stream().flatMap(fewShot::ofMain);
        Stream.concat(
                        fewShot.ofMain(AVERAGE),
                        cells.sorted(comparing(MethodResult::shots).reversed()))
                .findFirst()
                .ifPresent(most -> section.facts(facts(new Place(study, most.dataset()))));
        return section;
    }

    /** Returns facts with most images that most baselines have too. */
    private static List<Fact> facts(Place place) {
        MethodResult learned = place.study()
                .fewShot()
                .ofMain(place.dataset())
                .max(comparing((MethodResult cell) -> baselines(place, cell).size())
                        .thenComparing(MethodResult::shots))
                .orElseThrow();
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(
                place.accuracy(learned.setup()).orElseThrow().meanSd(1) + " %",
                place.title() + ", " + learned.method().title() + ", "
                        + learned.shots().describe()));
        Map<MethodResult, String> names = new LinkedHashMap<>();
        baselines(place, learned).stream()
                .max(comparing(MethodResult::accuracy))
                .ifPresent(best ->
                        names.put(best, "the best baseline, " + best.method().title()));
        place.result(Setup.ZERO_SHOT)
                .ifPresent(zeroShot ->
                        names.putIfAbsent(zeroShot, zeroShot.method().title()));
        names.forEach((other, name) -> facts.add(Fact.gain(learned.accuracy(), name, other.accuracy())));
        return facts;
    }

    /** Returns the results of the methods before the main one in the tables, with as many images. */
    private static List<MethodResult> baselines(Place place, MethodResult main) {
        return place.study().fewShot().methods().stream()
                .filter(method -> method.compareTo(main.method()) < 0
                        && !method.isOf(main.method().method()))
                .flatMap(method -> place.result(method.with(main.shots())).stream())
                .toList();
    }

    private Section average(Study study) {
        Place average = Place.average(study);
        return section(average.title(), study)
                .charts(charts(List.of(average)))
                .table(StudyTables.byShots(average))
                .table(StudyTables.averages(List.of(study)));
    }

    private List<Chart> charts(List<Place> places) {
        List<Chart> all = new ArrayList<>();
        for (Place place : places) {
            charts.chart(place).ifPresent(chart -> all.add(new Chart(chart, data(place.study(), place.dataset()))));
        }
        return all;
    }

    /** Returns the data by which the filters find a part. */
    private static Map<String, String> data(Study study, String dataset) {
        return dataset.isEmpty() ? Map.of() : new TreeMap<>(Map.of("model", study.name(), "dataset", dataset));
    }

    private Section classes(Study study) {
        Section section = section("Class by class", study);
        for (String dataset : study.fewShot().datasets()) {
            section.details(title(dataset), data(study, dataset), ClassTable.table(study, dataset));
        }
        return section;
    }

    private Section robustness(Study study) {
        Section section = section("Robustness", study);
        study.robustness().forEach(r -> section.table(StudyTables.robustness(study, r, false)));
        return section;
    }

    private Section handWritten(Study study) {
        Section section = section("Hand-written prompts", study);
        for (HandWrittenPrompts prompts : study.handWritten()) {
            section.details(
                    "%s%s: %s by “%s”"
                            .formatted(
                                    title(prompts.dataset()),
                                    Study.classes(prompts.half()),
                                    percent(prompts.best().accuracies().accuracy(), 2),
                                    prompts.best().text()),
                    data(study, prompts.dataset()),
                    RunTables.handWritten(List.of(study), prompts::equals));
        }
        return section;
    }

    /** Names the papers whose numbers stand beside ours. */
    private Section published(Study study) {
        Section section = section("Published numbers", study);
        List<String> sources = study.fewShot().cells().stream()
                .flatMap(cell -> new Place(study, cell.dataset()).published(cell.setup()).stream())
                .map(score -> score.table().source() + ": " + score.table().place() + ".")
                .distinct()
                .toList();
        return sources.isEmpty()
                ? section
                : section.paragraph(
                                "The model here is " + study.model().backbone().orElse("not one the papers used") + ".")
                        .list(sources);
    }

    /** Describes the runs behind the page, and those that are missing. */
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
                .list(notes.stream().map(note -> note + ".").toList())
                .table(RunTables.runs(findings, List.of()));
        studies.forEach(study -> section.table(RunTables.settings(study)));
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
