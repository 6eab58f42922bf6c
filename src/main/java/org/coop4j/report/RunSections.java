package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.coop4j.report.html.HtmlPage;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.Section;
import org.coop4j.results.Entry;
import org.coop4j.results.Findings;
import org.coop4j.results.MethodLabel;

/** What the page is made from, what is missing, and how. */
final class RunSections {

    private final Findings findings;
    private final List<StudyView> views;

    RunSections(Findings findings, List<StudyView> views) {
        this.findings = findings;
        this.views = views;
    }

    void addTo(HtmlPage page) {
        page.add(runs()).add(method());
    }

    private Section runs() {
        Section section = new Section("Runs");
        section.facts(
                new Section.Fact(count(findings.finished().size()), "finished"),
                new Section.Fact(count(findings.failed().size()), "failed"),
                new Section.Fact(count(findings.unfinished().size()), "unfinished"),
                new Section.Fact(count(findings.damaged().size()), "damaged"));
        List<String> models = new ArrayList<>();
        for (StudyView view : views) {
            models.add(
                    view.study().model().describe()
                            + ": "
                            + Rounded.count(view.study().entries().size(), "run")
                            + ", "
                            + Rounded.count(datasets(view), "dataset")
                            + seeds(view)
                            + time(view));
        }
        section.list(models);
        List<String> notes = new ArrayList<>();
        for (StudyView view : views) {
            String prefix = views.size() > 1 ? view.model() + ": " : "";
            StudyReport.notesOf(view).forEach(note -> notes.add(prefix + note + "."));
        }
        if (!notes.isEmpty()) {
            section.subheading("To know").list(notes);
        }
        failures(section, "Failed runs", findings.failed());
        failures(section, "Damaged runs", findings.damaged());
        if (!findings.unfinished().isEmpty()) {
            section.subheading("Unfinished runs")
                    .list(findings.unfinished().stream().map(String::valueOf).toList());
        }
        section.subheading("Settings");
        views.forEach(view -> section.table(settings(view)));
        return section;
    }

    private static String count(int n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    private static long datasets(StudyView view) {
        return view.study().entries().stream().map(Entry::dataset).distinct().count();
    }

    private static String seeds(StudyView view) {
        Set<Long> seeds = new TreeSet<>();
        view.study().entries().stream()
                .filter(entry -> !entry.method().isWithoutTraining())
                .forEach(entry -> seeds.add(entry.run().result().seed()));
        return seeds.isEmpty()
                ? ""
                : ", "
                        + (seeds.size() == 1 ? "seed " : "seeds ")
                        + Rounded.list(seeds.stream().map(String::valueOf).toList());
    }

    private static String time(StudyView view) {
        double seconds =
                view.study().entries().stream()
                        .mapToDouble(entry -> RunTable.seconds(entry.run().result()))
                        .sum();
        if (seconds < 1) {
            return "";
        }
        return seconds < 3600
                ? String.format(Locale.ROOT, ", %.0f minutes of work", Math.ceil(seconds / 60))
                : String.format(Locale.ROOT, ", %.1f hours of work", seconds / 3600);
    }

    private static void failures(Section section, String heading, List<Findings.Failure> failures) {
        if (failures.isEmpty()) {
            return;
        }
        HtmlTable table = new HtmlTable("Not in any number here").words("run").text("reason");
        failures.forEach(f -> table.row(f.folder().toString(), f.reason()));
        section.subheading(heading).table(table);
    }

    private HtmlTable settings(StudyView view) {
        Map<MethodLabel, Map<String, Set<String>>> all = new TreeMap<>();
        for (Entry entry : view.study().entries()) {
            Map<String, Set<String>> settings =
                    all.computeIfAbsent(entry.method(), m -> new LinkedHashMap<>());
            entry.run()
                    .settings()
                    .values()
                    .forEach(
                            (name, value) ->
                                    settings.computeIfAbsent(name, n -> new LinkedHashSet<>())
                                            .add(value));
        }
        HtmlTable table =
                new HtmlTable(
                                "From the runs' config.json"
                                        + (views.size() > 1 ? ", " + view.model() : ""))
                        .words("method")
                        .text("settings");
        all.forEach(
                (method, settings) -> {
                    List<String> texts = new ArrayList<>();
                    settings.forEach((name, values) -> texts.add(name + " " + values(values)));
                    table.row(method.id(), texts.isEmpty() ? Rounded.UNKNOWN : join(texts));
                });
        return table;
    }

    private static String values(Set<String> values) {
        int most = 4;
        List<String> some = values.stream().limit(most).toList();
        return values.size() > most
                ? String.join(" | ", some) + " | and " + (values.size() - most) + " more"
                : String.join(" | ", some);
    }

    private static String join(List<String> texts) {
        return String.join("; ", texts);
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
                                    + " 1 degrees of freedom, wide for three seeds.",
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
