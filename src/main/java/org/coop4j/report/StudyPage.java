package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.coop4j.report.html.HtmlFilter;
import org.coop4j.report.html.HtmlFilter.Option;
import org.coop4j.report.html.HtmlPage;
import org.coop4j.results.Findings;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.PublishedNumbers;
import org.coop4j.results.Shots;

/** The page of a report: all of it in one file, with filters for dataset, method and shots. */
final class StudyPage {

    static final String DATASET = "dataset";
    static final String METHOD = "method";
    static final String SHOTS = "shots";
    static final String MODEL = "model";

    private final Findings findings;
    private final List<StudyView> views;
    private final Series series;
    private final PublishedNumbers published;

    StudyPage(Findings findings, List<StudyView> views, Series series, PublishedNumbers published) {
        this.findings = findings;
        this.views = views;
        this.series = series;
        this.published = published;
    }

    HtmlPage page() {
        HtmlPage page = new HtmlPage(title(), subtitle());
        page.filters(filters());
        for (StudyView view : views) {
            String suffix = views.size() > 1 ? ", " + view.model() : "";
            new FewShotSections(view, series, published, suffix).addTo(page);
            addFurther(page, view, suffix);
        }
        new RunSections(findings, views).addTo(page);
        return page;
    }

    private void addFurther(HtmlPage page, StudyView view, String suffix) {
        PublishedTable papers = new PublishedTable(published);
        if (!view.baseNew().isEmpty()) {
            page.add(new BaseNewSection(view, papers, suffix).section());
        }
        if (!view.robustness().isEmpty()) {
            page.add(new RobustnessSection(view, papers, suffix).section());
        }
        if (!view.study().handWritten().isEmpty()) {
            page.add(new HandWrittenSection(view, suffix).section());
        }
        List<PublishedTable.Comparison> fewShot = papers.fewShot(view);
        if (!fewShot.isEmpty()) {
            page.add(new PublishedSection(view, suffix).section(fewShot));
        }
    }

    private String title() {
        Set<String> datasets = new LinkedHashSet<>();
        datasets().forEach(option -> datasets.add(option.text()));
        return datasets.size() == 1
                ? "CoOp on " + datasets.iterator().next()
                : "CoOp on " + datasets.size() + " datasets";
    }

    private String subtitle() {
        Set<Long> seeds = new TreeSet<>();
        int runs = 0;
        for (StudyView view : views) {
            runs += view.study().entries().size();
            view.study().entries().stream()
                    .filter(entry -> !entry.method().isWithoutTraining())
                    .forEach(entry -> seeds.add(entry.run().result().seed()));
        }
        return Rounded.list(views.stream().map(StudyView::model).toList())
                + ", "
                + Rounded.count(runs, "run")
                + (seeds.isEmpty()
                        ? ""
                        : (seeds.size() == 1 ? ", seed " : ", seeds ")
                                + Rounded.list(seeds.stream().map(String::valueOf).toList()));
    }

    private List<HtmlFilter> filters() {
        List<HtmlFilter> filters = new ArrayList<>();
        if (views.size() > 1) {
            filters.add(
                    new HtmlFilter(
                            MODEL,
                            "Model",
                            "all models",
                            views.stream()
                                    .map(view -> Option.of(view.model(), view.model()))
                                    .toList()));
        }
        List<Option> datasets = datasets();
        if (datasets.size() > 1) {
            filters.add(new HtmlFilter(DATASET, "Dataset", "all datasets", datasets));
        }
        filters.add(new HtmlFilter(METHOD, "Method", "all methods", methods()));
        filters.add(new HtmlFilter(SHOTS, "Shots", "all shots", shots()));
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
            all.forEach(d -> options.putIfAbsent(d, Option.of(d, StudyView.title(d))));
        }
        return List.copyOf(options.values());
    }

    private List<Option> methods() {
        TreeSet<MethodLabel> methods = new TreeSet<>();
        TreeSet<MethodLabel> curves = new TreeSet<>();
        for (StudyView view : views) {
            view.study().entries().forEach(entry -> methods.add(entry.method()));
            methods.addAll(view.fewShot().methods());
            curves.addAll(view.fewShot().methods());
        }
        return methods.stream()
                .map(
                        m ->
                                new Option(
                                        m.id(),
                                        m.title(),
                                        curves.contains(m)
                                                ? OptionalInt.of(series.of(m))
                                                : OptionalInt.empty()))
                .toList();
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

    /** What the filters find a row by; zero-shot holds for all shots. */
    static Map<String, String> data(
            StudyView view, String dataset, MethodLabel method, Shots shots) {
        Map<String, String> data = new LinkedHashMap<>();
        data.put(MODEL, view.model());
        if (!dataset.isEmpty()) {
            data.put(DATASET, dataset);
        }
        data.put(METHOD, method.id());
        if (!shots.equals(Shots.NONE)) {
            data.put(SHOTS, shots.label());
        }
        return data;
    }
}
