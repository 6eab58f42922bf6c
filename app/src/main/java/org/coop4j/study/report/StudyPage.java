package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.method.Method;
import org.coop4j.study.html.HtmlFilter;
import org.coop4j.study.html.HtmlFilter.Option;
import org.coop4j.study.html.HtmlPage;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Fact;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.Findings;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Shots;

/** The page of a report: all of it in one file, with filters for dataset, method and shots. */
record StudyPage(Findings findings, List<StudyView> views, StudyCharts charts) {

    HtmlPage page() {
        HtmlPage page = new HtmlPage(title(), subtitle()).filters(filters());
        for (StudyView view : views) {
            String suffix = views.size() > 1 ? ", " + view.model() : "";
            new StudySections(view, charts, suffix).all().forEach(page::add);
        }
        return page.add(runs()).add(method());
    }

    private String title() {
        List<String> titles = datasets().stream().map(Option::text).distinct().toList();
        return "Few-shot CLIP on "
                + (titles.size() == 1 ? titles.get(0) : titles.size() + " datasets");
    }

    private String subtitle() {
        return views.stream()
                .map(view -> view.model() + ", " + view.study().summary())
                .collect(Collectors.joining("; "));
    }

    private List<HtmlFilter> filters() {
        List<HtmlFilter> filters = new ArrayList<>();
        if (views.size() > 1) {
            List<Option> models =
                    views.stream().map(view -> Option.of(view.model(), view.model())).toList();
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
        groups.forEach(
                (group, own) -> {
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

    /** What the page is made from, and what is missing. */
    private Section runs() {
        Section section = new Section("Runs");
        section.facts(
                List.of(
                        new Fact(Numbers.count(findings.finished().size()), "finished"),
                        new Fact(Numbers.count(findings.failed().size()), "failed"),
                        new Fact(Numbers.count(findings.unfinished().size()), "unfinished"),
                        new Fact(Numbers.count(findings.damaged().size()), "damaged")));
        section.list(
                views.stream()
                        .map(
                                view ->
                                        view.study().model().describe()
                                                + ": "
                                                + view.study().summary()
                                                + work(view))
                        .toList());
        List<String> notes = StudyReport.notes(views);
        if (!notes.isEmpty()) {
            section.subheading("To know").list(notes.stream().map(note -> note + ".").toList());
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
        double seconds =
                view.study().entries().stream()
                        .mapToDouble(entry -> RunTables.seconds(entry.run().result()))
                        .sum();
        if (seconds < 1) {
            return "";
        }
        return seconds < 3600
                ? ", " + Numbers.count((long) Math.ceil(seconds / 60), "minute") + " of work"
                : ", " + Numbers.number(seconds / 3600, 1) + " hours of work";
    }

    private static void failures(Section section, String heading, List<Findings.Failure> runs) {
        if (!runs.isEmpty()) {
            section.subheading(heading).table(RunTables.failures(runs));
        }
    }

    private static Section method() {
        return new Section("How the numbers are made")
                .code("coop report DIR")
                .list(
                        List.of(
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
                                "The harmonic mean of an average is that of the averaged base and"
                                        + " new accuracies.",
                                "Runs of different models, test images or settings are never"
                                    + " averaged: they are shown apart, or said to be left out."));
    }
}
