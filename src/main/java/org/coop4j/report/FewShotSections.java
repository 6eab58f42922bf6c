package org.coop4j.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.chart.FewShotChart;
import org.coop4j.report.html.HtmlPage;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.Section;
import org.coop4j.results.Average;
import org.coop4j.results.FewShot;
import org.coop4j.results.Measure;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.PublishedNumbers;
import org.coop4j.results.Shots;

/** What was learned from a few images of all classes, on the page. */
final class FewShotSections {

    private final StudyView view;
    private final FewShot fewShot;
    private final StudyCharts charts;
    private final PublishedNumbers published;
    private final String suffix;

    /**
     * @param suffix ends the headings, where there are several models
     */
    FewShotSections(StudyView view, Series series, PublishedNumbers published, String suffix) {
        this.view = view;
        this.fewShot = view.fewShot();
        this.charts = new StudyCharts(view, series, published);
        this.published = published;
        this.suffix = suffix;
    }

    void addTo(HtmlPage page) {
        if (fewShot.isEmpty()) {
            return;
        }
        summary().ifPresent(page::add);
        if (!fewShot.averages().isEmpty()) {
            page.add(new AverageSection(view, charts, published, suffix).section());
        }
        curves().ifPresent(page::add);
        gains().ifPresent(page::add);
        page.add(new NumbersSection(view, published, suffix).section());
        new ClassSection(view, suffix).section().ifPresent(page::add);
    }

    private Optional<Section> summary() {
        Optional<MethodLabel> main = fewShot.main();
        if (main.isEmpty()) {
            return Optional.empty();
        }
        Section section = new Section("In short" + suffix);
        Optional<Average> best =
                fewShot.averages().stream()
                        .filter(a -> a.method().equals(main.get()))
                        .max(Comparator.comparing(Average::shots));
        if (best.isPresent()) {
            Average average = best.get();
            section.facts(
                    facts(
                            average.shots(),
                            FewShotTable.summary(average),
                            main.get(),
                            fewShot.averageZeroShot().map(Average::accuracy),
                            "average over " + fewShot.averaged().size() + " datasets"));
            return Optional.of(section);
        }
        return fewShot.cells().stream()
                .filter(cell -> cell.method().equals(main.get()))
                .max(Comparator.comparing(Outcome::shots))
                .map(
                        cell ->
                                section.facts(
                                        facts(
                                                cell.shots(),
                                                cell.summary(Measure.ACCURACY).orElseThrow(),
                                                main.get(),
                                                fewShot.zeroShot(cell.dataset())
                                                        .map(z -> z.accuracy()),
                                                StudyView.title(cell.dataset()))));
    }

    private static Section.Fact[] facts(
            Shots shots,
            SeedSummary learned,
            MethodLabel main,
            Optional<Double> zeroShot,
            String on) {
        List<Section.Fact> facts = new ArrayList<>();
        zeroShot.ifPresent(
                value ->
                        facts.add(new Section.Fact(short1(value) + " %", "zero-shot CLIP, " + on)));
        String text =
                learned.count() > 1
                        ? short1(learned.mean()) + " ± " + short1(learned.sampleSd())
                        : short1(learned.mean());
        facts.add(
                new Section.Fact(text + " %", main.title() + ", " + shots.describe() + ", " + on));
        zeroShot.ifPresent(
                value ->
                        facts.add(
                                new Section.Fact(
                                        Cell.signed(learned.mean() - value) + " points",
                                        "gain over zero-shot")));
        return facts.toArray(Section.Fact[]::new);
    }

    private static String short1(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private Optional<Section> curves() {
        Map<FewShotChart, String> datasets = new HashMap<>();
        List<FewShotChart> all = new ArrayList<>();
        for (String dataset : fewShot.datasets()) {
            charts.dataset(dataset)
                    .ifPresent(
                            chart -> {
                                datasets.put(chart, dataset);
                                all.add(chart);
                            });
        }
        if (all.isEmpty()) {
            return Optional.empty();
        }
        Section section = new Section("Curves of each dataset" + suffix);
        if (all.size() == 1) {
            return Optional.of(
                    section.chart(
                            all.get(0),
                            "Accuracy on "
                                    + all.get(0).title()
                                    + " by training images a class; bars are one standard"
                                    + " deviation over the seeds."));
        }
        return Optional.of(
                section.charts(
                        all,
                        chart ->
                                Map.of(
                                        StudyPage.DATASET,
                                        datasets.get(chart),
                                        StudyPage.MODEL,
                                        view.model())));
    }

    /** As the paper's figure 4. */
    private Optional<Section> gains() {
        Optional<MethodLabel> main = fewShot.main();
        if (main.isEmpty() || fewShot.datasets().size() < 2) {
            return Optional.empty();
        }
        List<Outcome> best = new ArrayList<>();
        for (String dataset : fewShot.datasets()) {
            fewShot.cells(dataset).stream()
                    .filter(cell -> cell.method().equals(main.get()))
                    .filter(cell -> FewShotTable.gain(view, cell).isPresent())
                    .max(Comparator.comparing(Outcome::shots))
                    .ifPresent(best::add);
        }
        if (best.isEmpty()) {
            return Optional.empty();
        }
        best.sort(Comparator.comparing(cell -> -difference(cell)));
        double largest = best.stream().mapToDouble(c -> Math.abs(difference(c))).max().orElse(1);
        HtmlTable table =
                new HtmlTable(
                                main.get().title()
                                        + " beside zero-shot CLIP, accuracy in %; p of the paired"
                                        + " t test over the seeds")
                        .words("dataset")
                        .numbers("shots", "zero-shot", "learned", "gain", "p");
        for (Outcome cell : best) {
            table.row(
                    StudyPage.data(view, cell.dataset(), cell.method(), cell.shots()),
                    List.of(
                            Cell.of(StudyView.title(cell.dataset())),
                            Cell.of(cell.shots().label()),
                            Cell.of(
                                    Rounded.plusMinus(
                                            fewShot.zeroShot(cell.dataset())
                                                    .flatMap(z -> z.summary(Measure.ACCURACY)))),
                            Cell.of(Rounded.plusMinus(cell.summary(Measure.ACCURACY))),
                            Cell.gain(difference(cell), Math.max(largest, 1)),
                            Cell.of(Rounded.probability(FewShotTable.gain(view, cell)))));
        }
        return Optional.of(new Section("Gain over zero-shot" + suffix).table(table));
    }

    private double difference(Outcome cell) {
        return FewShotTable.gain(view, cell).orElseThrow().difference();
    }
}
