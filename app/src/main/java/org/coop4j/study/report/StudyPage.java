package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FewShotResults;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.HandWrittenPrompts;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.Shots;
import org.coop4j.study.html.HtmlPage;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Fact;

/** The page of a report, with filters for model, dataset, method and shots. */
record StudyPage(FoundRuns findings, List<StudyView> views, StudyCharts charts) {

    HtmlPage page() {
        List<String> titles = datasets();
        HtmlPage page = new HtmlPage(
                        "Few-shot CLIP on " + (titles.size() == 1 ? titles.get(0) : titles.size() + " datasets"),
                        views.stream()
                                .map(view -> view.model() + ", " + view.study().summary())
                                .collect(Collectors.joining("; ")))
                .filtered();
        for (StudyView view : views) {
            page.add(summary(view))
                    .add(average(view))
                    .add(curves(view))
                    .add(section("Gain over zero-shot", view).table(FewShotTables.gains(view)))
                    .add(section("All numbers", view).table(FewShotTables.numbers(List.of(view))))
                    .add(classes(view))
                    .add(section("Base to new", view).table(TransferTables.baseNew(List.of(view), false)))
                    .add(robustness(view))
                    .add(handWritten(view))
                    .add(published(view));
        }
        return page.add(runs()).add(new Section("Definitions").definitions());
    }

    private List<String> datasets() {
        Set<String> all = new LinkedHashSet<>();
        for (StudyView view : views) {
            all.addAll(view.fewShot().datasets());
            all.addAll(view.baseNew().datasets());
        }
        if (all.isEmpty()) {
            views.forEach(view -> view.robustness().forEach(table -> all.addAll(table.targets())));
        }
        return all.stream().map(DatasetNames::title).distinct().toList();
    }

    /** Makes a section of one model. */
    private Section section(String heading, StudyView view) {
        return new Section(views.size() > 1 ? heading + ", " + view.model() : heading);
    }

    /** Compares the main method with the best baseline, on average or on the dataset where it has most images. */
    private Section summary(StudyView view) {
        Section section = section("In short", view);
        FewShotResults fewShot = view.fewShot();
        fewShot.main().ifPresent(main -> {
            boolean averaged = fewShot.averages().stream()
                    .anyMatch(average -> average.method().equals(main));
            MethodResult most = fewShot.cells().stream()
                    .filter(cell -> cell.method().equals(main))
                    .max(Comparator.comparing(MethodResult::shots))
                    .orElseThrow();
            section.facts(facts(new Place(view, averaged ? "" : most.dataset()), main));
        });
        return section;
    }

    /** Returns facts with most images that most baselines have too. */
    private static List<Fact> facts(Place place, MethodLabel main) {
        Shots shots = place.view().fewShot().shots().stream()
                .filter(s -> place.accuracy(main, s).isPresent())
                .max(Comparator.comparing((Shots s) -> baselines(place, main, s).size())
                        .thenComparing(s -> s))
                .orElseThrow();
        SeedSummary learned = place.accuracy(main, shots).orElseThrow();
        Map<MethodLabel, Double> baselines = baselines(place, main, shots);
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(learned.meanSd(1) + " %", place.title() + ", " + main.title() + ", " + shots.describe()));
        if (!baselines.isEmpty()) {
            MethodLabel best = Collections.max(baselines.entrySet(), Map.Entry.comparingByValue())
                    .getKey();
            String gain = Numbers.signed(learned.mean() - baselines.get(best), 1) + " points";
            facts.add(0, new Fact(gain, "compared with the best baseline, " + best.title()));
            Set<MethodLabel> shown = new LinkedHashSet<>(List.of(best, MethodLabel.ZERO_SHOT));
            shown.retainAll(baselines.keySet());
            shown.forEach(
                    m -> facts.add(new Fact(Numbers.percent(baselines.get(m)), place.title() + ", " + m.title())));
        }
        return facts;
    }

    /** Returns accuracies of the methods before the main one in the tables, with as many images. */
    private static Map<MethodLabel, Double> baselines(Place place, MethodLabel main, Shots shots) {
        Map<MethodLabel, Double> baselines = new LinkedHashMap<>();
        for (MethodLabel method : place.view().fewShot().methods()) {
            if (method.compareTo(main) < 0 && !method.isOf(main.method())) {
                place.accuracy(method, method.isWithoutTraining() ? Shots.NONE : shots)
                        .ifPresent(s -> baselines.put(method, s.mean()));
            }
        }
        return baselines;
    }

    private Section average(StudyView view) {
        Place average = Place.average(view);
        return section(average.title(), view)
                .charts(charts(List.of(average)))
                .table(FewShotTables.byShots(average))
                .table(FewShotTables.averages(List.of(view)));
    }

    private Section curves(StudyView view) {
        return section("Curves of each dataset", view).charts(charts(Place.datasets(view)));
    }

    private List<Section.Chart> charts(List<Place> places) {
        List<Section.Chart> all = new ArrayList<>();
        for (Place place : places) {
            charts.chart(place)
                    .ifPresent(chart -> all.add(new Section.Chart(chart, data(place.view(), place.dataset()))));
        }
        return all;
    }

    /** Returns the data by which the filters find a part. */
    private static Map<String, String> data(StudyView view, String dataset) {
        return dataset.isEmpty() ? Map.of() : new TreeMap<>(Map.of("model", view.model(), "dataset", dataset));
    }

    private Section classes(StudyView view) {
        Section section = section("Class by class", view);
        for (String dataset : view.fewShot().datasets()) {
            section.details(DatasetNames.title(dataset), data(view, dataset), ClassTable.table(view, dataset));
        }
        return section;
    }

    private Section robustness(StudyView view) {
        Section section = section("Robustness", view);
        view.robustness().forEach(r -> section.table(TransferTables.robustness(view, r, false)));
        return section;
    }

    private Section handWritten(StudyView view) {
        Section section = section("Hand-written prompts", view);
        for (HandWrittenPrompts prompts : view.study().handWritten()) {
            String classes = prompts.half() == ClassHalf.ALL ? "" : ", " + Cells.half(prompts.half()) + " classes";
            section.details(
                    "%s%s: %s by “%s”"
                            .formatted(
                                    DatasetNames.title(prompts.dataset()),
                                    classes,
                                    Numbers.percent(prompts.best().accuracies().accuracy(), 2),
                                    prompts.best().text()),
                    data(view, prompts.dataset()),
                    RunTables.handWritten(List.of(view), prompts::equals));
        }
        return section;
    }

    /** Names the papers whose numbers stand beside ours. */
    private Section published(StudyView view) {
        Section section = section("Published numbers", view);
        List<String> sources = view.fewShot().cells().stream()
                .flatMap(cell -> new Place(view, cell.dataset()).published(cell.method(), cell.shots()).stream())
                .map(score -> score.source() + ": " + score.place() + ".")
                .distinct()
                .toList();
        return sources.isEmpty()
                ? section
                : section.paragraph("The model here is " + view.backbone().orElse("not one the papers used") + ".")
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
                .list(views.stream()
                        .map(view -> view.study().model().describe() + ": "
                                + view.study().summary() + work(view))
                        .toList())
                .list(StudyReport.notes(views).stream().map(note -> note + ".").toList())
                .table(RunTables.runs(findings, views, false));
        views.forEach(view -> section.table(RunTables.settings(view)));
        return section;
    }

    private static Fact fact(List<?> runs, String state) {
        return new Fact(Numbers.count(runs.size()), state);
    }

    private static String work(StudyView view) {
        double hours = view.study().entries().stream()
                        .mapToDouble(entry -> RunTables.seconds(entry.run().result()))
                        .sum()
                / 3600;
        return hours < 0.05 ? "" : ", " + Numbers.number(hours, 1) + " hours of work";
    }
}
