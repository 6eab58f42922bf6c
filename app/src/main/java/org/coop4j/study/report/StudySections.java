package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.console.Table;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.chart.FewShotChart;
import org.coop4j.study.html.HtmlFormat;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Fact;
import org.coop4j.study.Average;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FewShot;
import org.coop4j.study.HandWritten;
import org.coop4j.study.Measure;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Outcome;
import org.coop4j.study.Shots;

/** What the page of a report shows of one model; empty sections are left out of it. */
final class StudySections {

    private final StudyView view;
    private final FewShot fewShot;
    private final StudyCharts charts;
    private final String suffix;

    /**
     * @param suffix ends the headings, where there are several models
     */
    StudySections(StudyView view, StudyCharts charts, String suffix) {
        this.view = view;
        this.fewShot = view.fewShot();
        this.charts = charts;
        this.suffix = suffix;
    }

    List<Section> all() {
        return List.of(
                summary(),
                average(),
                curves(),
                gains(),
                numbers(),
                classes(),
                baseNew(),
                robustness(),
                handWritten(),
                published());
    }

    private Section section(String heading) {
        return new Section(heading + suffix);
    }

    /** The main method with most images, on average or else on the dataset where it has most. */
    private Section summary() {
        Section section = section("In short");
        Optional<MethodLabel> main = fewShot.main();
        if (main.isEmpty()) {
            return section;
        }
        if (fewShot.averages().stream().anyMatch(a -> a.method().equals(main.get()))) {
            return section.facts(
                    facts(
                            main.get(),
                            "average over " + fewShot.averaged().size() + " datasets",
                            (method, shots) ->
                                    fewShot.average(method, shots).map(Average::summary)));
        }
        Outcome most =
                fewShot.cells().stream()
                        .filter(cell -> cell.method().equals(main.get()))
                        .max(Comparator.comparing(Outcome::shots))
                        .orElseThrow();
        return section.facts(
                facts(
                        main.get(),
                        DatasetNames.title(most.dataset()),
                        (method, shots) ->
                                fewShot.cell(most.dataset(), method, shots)
                                        .flatMap(cell -> cell.summary(Measure.ACCURACY))));
    }

    private interface Scores {
        Optional<SeedSummary> of(MethodLabel method, Shots shots);
    }

    private record Baseline(MethodLabel method, double accuracy) {}

    /** The methods that stand before the main one in the tables, of as many images. */
    private List<Baseline> baselines(MethodLabel main, Shots shots, Scores numbers) {
        List<Baseline> baselines = new ArrayList<>();
        for (MethodLabel method : fewShot.methods()) {
            if (method.compareTo(main) < 0 && !method.isOf(main.method())) {
                numbers.of(method, method.isWithoutTraining() ? Shots.NONE : shots)
                        .ifPresent(s -> baselines.add(new Baseline(method, s.mean())));
            }
        }
        return baselines;
    }

    /** The main method beside the best baseline, with most images that most baselines have too. */
    private List<Fact> facts(MethodLabel main, String on, Scores numbers) {
        Shots shots =
                Stream.concat(Stream.of(Shots.NONE), fewShot.shots().stream())
                        .filter(s -> numbers.of(main, s).isPresent())
                        .max(
                                Comparator.comparing(
                                                (Shots s) -> baselines(main, s, numbers).size())
                                        .thenComparing(s -> s))
                        .orElseThrow();
        SeedSummary learned = numbers.of(main, shots).orElseThrow();
        Optional<Baseline> best =
                baselines(main, shots, numbers).stream()
                        .max(Comparator.comparingDouble(Baseline::accuracy));
        List<Fact> facts = new ArrayList<>();
        best.ifPresent(
                baseline ->
                        facts.add(
                                new Fact(
                                        Numbers.signed(learned.mean() - baseline.accuracy, 1)
                                                + " points",
                                        "against the best baseline, " + baseline.method.title())));
        facts.add(
                new Fact(
                        learned.meanSd(1) + " %",
                        main.title() + ", " + shots.describe() + ", " + on));
        best.ifPresent(
                baseline ->
                        facts.add(
                                new Fact(
                                        Numbers.percent(baseline.accuracy, 1),
                                        baseline.method.title() + ", " + on)));
        MethodLabel zeroShot = MethodLabel.ZERO_SHOT;
        numbers.of(zeroShot, Shots.NONE)
                .filter(s -> best.stream().noneMatch(b -> b.method.equals(zeroShot)))
                .ifPresent(
                        s ->
                                facts.add(
                                        new Fact(
                                                Numbers.percent(s.mean(), 1),
                                                zeroShot.title() + ", " + on)));
        return facts;
    }

    private Section average() {
        if (fewShot.averages().isEmpty()) {
            return section("");
        }
        String datasets = fewShot.averaged().size() + " datasets";
        Section section = section("Average over " + datasets);
        charts.average(view)
                .ifPresent(
                        chart ->
                                section.chart(
                                        chart, caption(chart, "Mean accuracy over " + datasets)));
        return section.table(FewShotTables.averagesByShots(view))
                .table(FewShotTables.averages(List.of(view)));
    }

    private static String caption(FewShotChart chart, String what) {
        return what
                + " by training images a class"
                + (chart.hasSpread() ? "; bars are one standard deviation over the seeds." : ".");
    }

    private Section curves() {
        List<Section.Chart> all = new ArrayList<>();
        for (String dataset : fewShot.datasets()) {
            charts.dataset(view, dataset)
                    .ifPresent(chart -> all.add(new Section.Chart(chart, data(dataset))));
        }
        Section section = section("Curves of each dataset");
        if (all.size() == 1) {
            FewShotChart chart = all.get(0).chart();
            return section.chart(chart, caption(chart, "Accuracy on " + chart.title()));
        }
        return all.isEmpty() ? section : section.charts(all);
    }

    private Map<String, String> data(String dataset) {
        Map<String, String> data = new LinkedHashMap<>();
        data.put("model", view.model());
        data.put("dataset", dataset);
        return data;
    }

    private Section gains() {
        return section("Gain over zero-shot").table(FewShotTables.gains(view));
    }

    private Section numbers() {
        return section("All numbers").table(FewShotTables.numbers(List.of(view)));
    }

    private Section classes() {
        Section section = section("Class by class");
        for (String dataset : fewShot.datasets()) {
            Table<?> table = ClassTable.table(view, dataset);
            if (!table.isEmpty()) {
                section.details(DatasetNames.title(dataset), data(dataset), HtmlFormat.table(table));
            }
        }
        return section;
    }

    private Section baseNew() {
        Section section = section("Base to new");
        return view.baseNew().isEmpty()
                ? section
                : section.paragraph("Learned on the first half of the classes, tested on these (base) and on the"
                                + " others (new), each among its own half.")
                        .table(TransferTables.baseNew(List.of(view)));
    }

    private Section robustness() {
        Section section = section("Robustness");
        if (!view.robustness().isEmpty()) {
            section.paragraph(
                    "What was learned on one dataset, tested on others with the same context."
                            + " Zero-shot CLIP uses the hand-written prompt of each.");
            view.robustness().forEach(r -> section.table(TransferTables.robustness(view, r)));
        }
        return section;
    }

    private Section handWritten() {
        Section section = section("Hand-written prompts");
        if (!view.study().handWritten().isEmpty()) {
            section.paragraph(
                    "Tested by the training runs beside the learned prompt. The best of them, in"
                            + " bold, was found on the test images and is flattered by that.");
        }
        for (HandWritten prompts : view.study().handWritten()) {
            section.details(
                    "%s: best %s, “%s”"
                            .formatted(
                                    RunTables.place(prompts),
                                    Numbers.percent(prompts.best().accuracies().accuracy(), 2),
                                    prompts.best().text()),
                    data(prompts.dataset()),
                    HtmlFormat.table(RunTables.handWritten(view, prompts)));
        }
        return section;
    }

    /** The papers whose numbers stand beside ours. */
    private Section published() {
        Section section = section("Published numbers");
        List<String> sources = fewShot.cells().stream()
                .flatMap(cell -> view.published().fewShot(cell.dataset(), cell.method(), cell.shots(), view.backbone()).stream())
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
}
