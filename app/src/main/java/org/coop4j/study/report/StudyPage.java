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
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.console.Table;
import org.coop4j.eval.SeedSummary;
import org.coop4j.method.Method;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FewShotResults;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.HandWrittenPrompts;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.Shots;
import org.coop4j.study.chart.FewShotChart;
import org.coop4j.study.html.HtmlFilter;
import org.coop4j.study.html.HtmlFilter.Option;
import org.coop4j.study.html.HtmlFormat;
import org.coop4j.study.html.HtmlPage;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Fact;

/** The page of a report: all of it in one file, with filters for dataset, method and shots. */
record StudyPage(FoundRuns findings, List<StudyView> views, StudyCharts charts) {

    HtmlPage page() {
        HtmlPage page = new HtmlPage(title(), subtitle()).filters(filters());
        for (StudyView view : views) {
            page.add(summary(view))
                    .add(average(view))
                    .add(curves(view))
                    .add(section("Gain over zero-shot", view).table(FewShotTables.gains(view)))
                    .add(section("All numbers", view).table(FewShotTables.numbers(List.of(view))))
                    .add(classes(view))
                    .add(baseNew(view))
                    .add(robustness(view))
                    .add(handWritten(view))
                    .add(published(view));
        }
        return page.add(runs()).add(method());
    }

    private String title() {
        List<String> titles = datasets().stream().map(Option::text).distinct().toList();
        return "Few-shot CLIP on " + (titles.size() == 1 ? titles.get(0) : titles.size() + " datasets");
    }

    private String subtitle() {
        return views.stream()
                .map(view -> view.model() + ", " + view.study().summary())
                .collect(Collectors.joining("; "));
    }

    private List<HtmlFilter> filters() {
        List<HtmlFilter> filters = new ArrayList<>();
        if (views.size() > 1) {
            List<Option> models = views.stream()
                    .map(view -> Option.of(view.model(), view.model()))
                    .toList();
            filters.add(new HtmlFilter("model", "Model", "all models", models));
        }
        if (datasets().size() > 1) {
            filters.add(new HtmlFilter("dataset", "Dataset", "all datasets", datasets()));
        }
        filters.add(new HtmlFilter("method", "Method", "all methods", methods()));
        filters.add(new HtmlFilter("shots", "Shots", "all shots", shots()));
        return filters;
    }

    private List<Option> datasets() {
        Map<String, Option> options = new LinkedHashMap<>();
        for (StudyView view : views) {
            List<String> all = new ArrayList<>(view.fewShot().datasets());
            all.addAll(view.baseNew().datasets());
            if (all.isEmpty()) {
                view.robustness().forEach(table -> all.addAll(table.targets()));
            }
            all.forEach(d -> options.putIfAbsent(d, Option.of(d, DatasetNames.title(d))));
        }
        return List.copyOf(options.values());
    }

    private List<Option> methods() {
        TreeSet<MethodLabel> methods = new TreeSet<>();
        for (StudyView view : views) {
            view.study().entries().forEach(entry -> methods.add(entry.method()));
            methods.addAll(view.fewShot().methods());
        }
        Map<Method.Group, List<Option>> groups = new TreeMap<>();
        for (MethodLabel method : methods) {
            List<Integer> series = charts.series(method).stream().toList();
            groups.computeIfAbsent(method.method().group(), group -> new ArrayList<>())
                    .add(new Option(List.of(method.id()), method.title(), series));
        }
        List<Option> options = new ArrayList<>();
        groups.forEach((group, own) -> {
            if (groups.size() > 1 && own.size() > 1) {
                options.add(Option.together("all of " + group.title(), own));
            }
            options.addAll(own);
        });
        return options;
    }

    private List<Option> shots() {
        TreeSet<Shots> shots = new TreeSet<>();
        for (StudyView view : views) {
            view.study().entries().stream()
                    .filter(entry -> !entry.method().isWithoutTraining())
                    .forEach(entry -> shots.add(entry.run().shots()));
        }
        shots.remove(Shots.NONE);
        return shots.stream().map(s -> Option.of(s.label(), s.describe())).toList();
    }

    /** A section of one model. */
    private Section section(String heading, StudyView view) {
        return new Section(views.size() > 1 ? heading + ", " + view.model() : heading);
    }

    /** The main method beside the best baseline, on average or else on the dataset where it has most images. */
    private Section summary(StudyView view) {
        Section section = section("In short", view);
        FewShotResults fewShot = view.fewShot();
        if (fewShot.main().isEmpty()) {
            return section;
        }
        MethodLabel main = fewShot.main().get();
        if (fewShot.averages().stream().anyMatch(average -> average.method().equals(main))) {
            String on = "average over " + fewShot.averaged().size() + " datasets";
            return section.facts(facts(Place.average(view), main, on));
        }
        String dataset = fewShot.cells().stream()
                .filter(cell -> cell.method().equals(main))
                .max(Comparator.comparing(MethodResult::shots))
                .orElseThrow()
                .dataset();
        return section.facts(facts(new Place(view, dataset), main, DatasetNames.title(dataset)));
    }

    /** Facts with most images that most baselines have too. */
    private static List<Fact> facts(Place place, MethodLabel main, String on) {
        Shots shots = Stream.concat(Stream.of(Shots.NONE), place.view().fewShot().shots().stream())
                .filter(s -> place.accuracy(main, s).isPresent())
                .max(Comparator.comparing((Shots s) -> baselines(place, main, s).size())
                        .thenComparing(s -> s))
                .orElseThrow();
        SeedSummary learned = place.accuracy(main, shots).orElseThrow();
        Map<MethodLabel, Double> baselines = baselines(place, main, shots);
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(learned.meanSd(1) + " %", main.title() + ", " + shots.describe() + ", " + on));
        if (!baselines.isEmpty()) {
            MethodLabel best = Collections.max(baselines.entrySet(), Map.Entry.comparingByValue())
                    .getKey();
            String gain = Numbers.signed(learned.mean() - baselines.get(best), 1) + " points";
            facts.add(0, new Fact(gain, "against the best baseline, " + best.title()));
            Set<MethodLabel> shown = new LinkedHashSet<>(List.of(best, MethodLabel.ZERO_SHOT));
            shown.retainAll(baselines.keySet());
            shown.forEach(m -> facts.add(new Fact(Numbers.percent(baselines.get(m), 1), m.title() + ", " + on)));
        }
        return facts;
    }

    /** Accuracies of the methods that stand before the main one in the tables, of as many images. */
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
        String datasets = view.fewShot().averaged().size() + " datasets";
        Section section = section("Average over " + datasets, view);
        charts.chart(Place.average(view))
                .ifPresent(chart -> section.chart(chart, caption(chart, "Mean accuracy over " + datasets)));
        return section.table(FewShotTables.byShots(Place.average(view))).table(FewShotTables.averages(List.of(view)));
    }

    private static String caption(FewShotChart chart, String what) {
        return what
                + " by training images per class"
                + (chart.hasSpread() ? "; bars are one standard deviation over the seeds." : ".");
    }

    private Section curves(StudyView view) {
        List<Section.Chart> all = new ArrayList<>();
        for (String dataset : view.fewShot().datasets()) {
            charts.chart(new Place(view, dataset))
                    .ifPresent(chart -> all.add(new Section.Chart(chart, data(view, dataset))));
        }
        Section section = section("Curves of each dataset", view);
        if (all.size() == 1) {
            FewShotChart chart = all.get(0).chart();
            return section.chart(chart, caption(chart, "Accuracy on " + chart.title()));
        }
        return all.isEmpty() ? section : section.charts(all);
    }

    /** Attributes by which the filters find a part. */
    private static Map<String, String> data(StudyView view, String dataset) {
        Map<String, String> data = new LinkedHashMap<>();
        data.put("model", view.model());
        data.put("dataset", dataset);
        return data;
    }

    private Section classes(StudyView view) {
        Section section = section("Class by class", view);
        for (String dataset : view.fewShot().datasets()) {
            Table<?> table = ClassTable.table(view, dataset);
            if (!table.isEmpty()) {
                section.details(DatasetNames.title(dataset), data(view, dataset), HtmlFormat.table(table));
            }
        }
        return section;
    }

    private Section baseNew(StudyView view) {
        Section section = section("Base to new", view);
        return view.baseNew().isEmpty()
                ? section
                : section.paragraph("Learned on the first half of the classes, tested on these (base) and on the"
                                + " others (new), each among its own half.")
                        .table(TransferTables.baseNew(List.of(view)));
    }

    private Section robustness(StudyView view) {
        Section section = section("Robustness", view);
        if (!view.robustness().isEmpty()) {
            section.paragraph("What was learned on one dataset, tested on others with the same context. Zero-shot"
                    + " CLIP uses the hand-written prompt of each.");
            view.robustness().forEach(r -> section.table(TransferTables.robustness(view, r)));
        }
        return section;
    }

    private Section handWritten(StudyView view) {
        Section section = section("Hand-written prompts", view);
        List<HandWrittenPrompts> all = view.study().handWritten();
        if (!all.isEmpty()) {
            section.paragraph("Tested by the training runs beside the learned prompt. The best of them, in bold, was"
                    + " found on the test images and its accuracy is inflated by that.");
        }
        for (HandWrittenPrompts prompts : all) {
            String best = Numbers.percent(prompts.best().accuracies().accuracy(), 2);
            section.details(
                    "%s: best %s, “%s”"
                            .formatted(
                                    RunTables.place(prompts),
                                    best,
                                    prompts.best().text()),
                    data(view, prompts.dataset()),
                    HtmlFormat.table(RunTables.handWritten(view, prompts)));
        }
        return section;
    }

    /** The papers whose numbers stand beside ours. */
    private Section published(StudyView view) {
        Section section = section("Published numbers", view);
        List<String> sources = view.fewShot().cells().stream()
                .flatMap(cell -> view.published(cell).stream())
                .map(score -> score.source() + ": " + score.place() + ".")
                .distinct()
                .toList();
        if (sources.isEmpty()) {
            return section;
        }
        String known = view.backbone()
                .map(backbone -> "The model here is " + backbone + ".")
                .orElse("The model here is none that the papers used.");
        return section.paragraph(known
                        + " A published number of another backbone is no yardstick for it; one of the same backbone"
                        + " is from the authors' images, splits and half precision.")
                .list(sources);
    }

    /** The runs that the page is made from, and those that are missing. */
    private Section runs() {
        Section section = new Section("Runs")
                .facts(List.of(
                        new Fact(Numbers.count(findings.finished().size()), "finished"),
                        new Fact(Numbers.count(findings.failed().size()), "failed"),
                        new Fact(Numbers.count(findings.unfinished().size()), "unfinished"),
                        new Fact(Numbers.count(findings.damaged().size()), "damaged")))
                .list(views.stream()
                        .map(view -> view.study().model().describe() + ": "
                                + view.study().summary() + work(view))
                        .toList());
        List<String> notes = StudyReport.notes(views);
        if (!notes.isEmpty()) {
            section.subheading("To know")
                    .list(notes.stream().map(note -> note + ".").toList());
        }
        failures(section, "Failed runs", findings.failed());
        failures(section, "Damaged runs", findings.damaged());
        if (!findings.unfinished().isEmpty()) {
            section.subheading("Unfinished runs")
                    .list(findings.unfinished().stream().map(String::valueOf).toList());
        }
        section.subheading("Settings");
        views.forEach(view -> section.table(RunTables.settings(view)));
        return section;
    }

    private static String work(StudyView view) {
        double seconds = view.study().entries().stream()
                .mapToDouble(entry -> RunTables.seconds(entry.run().result()))
                .sum();
        if (seconds < 1) {
            return "";
        }
        return seconds < 3600
                ? ", " + Numbers.count((long) Math.ceil(seconds / 60), "minute") + " of work"
                : ", " + Numbers.number(seconds / 3600, 1) + " hours of work";
    }

    private static void failures(Section section, String heading, List<FoundRuns.Failure> runs) {
        if (!runs.isEmpty()) {
            section.subheading(heading).table(RunTables.failures(runs));
        }
    }

    private static Section method() {
        return new Section("How the numbers are made")
                .code("coop report DIR")
                .list(List.of(
                        "All is read from the folders of the runs (config.json,"
                                + " result.json, provenance.json), never from logs; every run"
                                + " is a line of tables/runs.csv.",
                        "Accuracy is the share of test images classified rightly. Macro F1"
                                + " is the mean F1 of the classes that have test images."
                                + " Calibration error is the expected calibration error over 15"
                                + " bins; small is good. All in percent.",
                        "± is the standard deviation over the seeds with divisor n − 1; the"
                                + " reference prints that with divisor n, which is smaller. The"
                                + " 95 % interval is mean ± t · sd / √n with Student's t of n −"
                                + " 1 degrees of freedom, cut at 0 and 100 %. It is wide for"
                                + " three seeds, and not given for two, where t is 12.7. It is"
                                + " of other draws of training images, not of other test"
                                + " images.",
                        "p is of Student's paired t test, two-sided, against zero-shot CLIP"
                                + " with the dataset's own hand-written prompt: over the seeds"
                                + " of a dataset, or over the datasets of an average. It is not"
                                + " corrected for the number of tests.",
                        "Averages are over the same datasets for all methods: a dataset"
                                + " that lacks a method is left out of all of them.",
                        "The harmonic mean of an average is that of the averaged base and" + " new accuracies.",
                        "Runs of different models, test images or settings are never"
                                + " averaged: they are shown apart, or said to be left out."));
    }
}
