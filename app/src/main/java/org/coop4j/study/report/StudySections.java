package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.console.Table;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.chart.FewShotChart;
import org.coop4j.study.html.HtmlFormat;
import org.coop4j.study.html.Section;
import org.coop4j.study.html.Section.Fact;
import org.coop4j.study.FewShot.Average;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FewShot;
import org.coop4j.study.HandWritten;
import org.coop4j.study.Outcome.Measure;
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

    /** The main method beside the best baseline, on average or else on the dataset where it has most images. */
    private Section summary() {
        Section section = section("In short");
        if (fewShot.main().isEmpty()) {
            return section;
        }
        MethodLabel main = fewShot.main().get();
        if (fewShot.averages().stream().anyMatch(average -> average.method().equals(main))) {
            String on = "average over " + fewShot.averaged().size() + " datasets";
            return section.facts(facts(
                    main, on, (method, shots) -> fewShot.average(method, shots).map(Average::summary)));
        }
        String dataset = fewShot.cells().stream()
                .filter(cell -> cell.method().equals(main))
                .max(Comparator.comparing(Outcome::shots))
                .orElseThrow()
                .dataset();
        return section.facts(facts(main, DatasetNames.title(dataset), (method, shots) -> fewShot.cell(dataset, method, shots)
                .flatMap(cell -> cell.summary(Measure.ACCURACY))));
    }

    /** Facts with most images that most baselines have too. */
    private List<Fact> facts(
            MethodLabel main, String on, BiFunction<MethodLabel, Shots, Optional<SeedSummary>> scores) {
        Shots shots = Stream.concat(Stream.of(Shots.NONE), fewShot.shots().stream())
                .filter(s -> scores.apply(main, s).isPresent())
                .max(Comparator.comparing((Shots s) -> baselines(main, s, scores).size()).thenComparing(s -> s))
                .orElseThrow();
        SeedSummary learned = scores.apply(main, shots).orElseThrow();
        Map<MethodLabel, Double> baselines = baselines(main, shots, scores);
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact(learned.meanSd(1) + " %", main.title() + ", " + shots.describe() + ", " + on));
        if (!baselines.isEmpty()) {
            MethodLabel best = Collections.max(baselines.entrySet(), Map.Entry.comparingByValue()).getKey();
            String gain = Numbers.signed(learned.mean() - baselines.get(best), 1) + " points";
            facts.add(0, new Fact(gain, "against the best baseline, " + best.title()));
            Set<MethodLabel> shown = new LinkedHashSet<>(List.of(best, MethodLabel.ZERO_SHOT));
            shown.retainAll(baselines.keySet());
            shown.forEach(m -> facts.add(new Fact(Numbers.percent(baselines.get(m), 1), m.title() + ", " + on)));
        }
        return facts;
    }

    /** Accuracies of the methods that stand before the main one in the tables, of as many images. */
    private Map<MethodLabel, Double> baselines(
            MethodLabel main, Shots shots, BiFunction<MethodLabel, Shots, Optional<SeedSummary>> scores) {
        Map<MethodLabel, Double> baselines = new LinkedHashMap<>();
        for (MethodLabel method : fewShot.methods()) {
            if (method.compareTo(main) < 0 && !method.isOf(main.method())) {
                scores.apply(method, method.isWithoutTraining() ? Shots.NONE : shots)
                        .ifPresent(s -> baselines.put(method, s.mean()));
            }
        }
        return baselines;
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
