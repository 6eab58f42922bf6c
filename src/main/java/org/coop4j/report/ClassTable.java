package org.coop4j.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.coop4j.results.ClassGains;
import org.coop4j.results.ClassGains.ClassGain;
import org.coop4j.results.FewShot;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Shots;

/** Results of each class; of many classes, papers show those that won and lost most. */
final class ClassTable implements TableFiles {

    private static final int MOST_SHOWN = 15;
    private static final int SHOWN_OF_MANY = 5;

    @Override
    public String name() {
        return "per-class";
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "model",
                        "dataset",
                        "method",
                        "shots",
                        "seeds",
                        "class",
                        "images",
                        "accuracy",
                        "zero_shot_accuracy",
                        "gain");
        for (StudyView view : views) {
            for (ClassGains gains : view.classes()) {
                for (ClassGain one : gains.classes()) {
                    csv.row()
                            .add(view.model(), gains.outcome().dataset())
                            .add(gains.outcome().method().id(), gains.outcome().shots().label())
                            .add(gains.outcome().seedsText(), one.name())
                            .add(String.valueOf(one.images()))
                            .number(one.accuracy())
                            .number(one.zeroShot())
                            .number(one.gain())
                            .end();
                }
            }
        }
        return csv;
    }

    /** The results of the most images a class, which are the ones to look at. */
    static List<ClassGains> shown(StudyView view, String dataset) {
        FewShot fewShot = view.fewShot();
        List<Shots> shots = fewShot.shots();
        return shots.isEmpty()
                ? List.of()
                : view.classes().stream()
                        .filter(g -> g.outcome().dataset().equals(dataset))
                        .filter(g -> g.outcome().shots().equals(mostShots(view, g)))
                        .toList();
    }

    private static Shots mostShots(StudyView view, ClassGains gains) {
        MethodLabel method = gains.outcome().method();
        return view.classes().stream()
                .filter(g -> g.outcome().dataset().equals(gains.outcome().dataset()))
                .filter(g -> g.outcome().method().equals(method))
                .map(g -> g.outcome().shots())
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    /** All classes by falling gain, or the first and last of many. */
    static List<ClassGain> extremes(ClassGains gains) {
        List<ClassGain> sorted = new ArrayList<>(gains.classes());
        sorted.sort(Comparator.comparingDouble((ClassGain c) -> -c.gain().orElse(c.accuracy())));
        if (sorted.size() <= MOST_SHOWN) {
            return sorted;
        }
        List<ClassGain> extremes = new ArrayList<>(sorted.subList(0, SHOWN_OF_MANY));
        extremes.addAll(sorted.subList(sorted.size() - SHOWN_OF_MANY, sorted.size()));
        return extremes;
    }

    /** What {@link #extremes} are, for captions. */
    static String describe(ClassGains gains) {
        int classes = gains.classes().size();
        String by = gains.isCompared() ? "gain over zero-shot" : "accuracy";
        return classes <= MOST_SHOWN
                ? "All " + classes + " classes by " + by
                : "Of %d classes, the %d with the largest and the %d with the smallest %s"
                        .formatted(classes, SHOWN_OF_MANY, SHOWN_OF_MANY, by);
    }

    /** Of the main method alone: others are in the CSV. */
    @Override
    public List<Latex> latex(StudyView view) {
        List<Latex> tables = new ArrayList<>();
        for (String dataset : view.fewShot().datasets()) {
            shown(view, dataset).stream()
                    .filter(g -> view.fewShot().main().equals(Optional.of(g.outcome().method())))
                    .forEach(g -> tables.add(latex(view, g)));
        }
        return tables;
    }

    private static Latex latex(StudyView view, ClassGains gains) {
        String dataset = gains.outcome().dataset();
        Latex table =
                new Latex(
                        "%s with %s on %s, %s. %s. Accuracy (%%) over the images of all seeds."
                                .formatted(
                                        gains.outcome().method().title(),
                                        view.model(),
                                        StudyView.title(dataset),
                                        gains.outcome().shots().describe(),
                                        describe(gains)),
                        "per-class-" + new StudyView.Slugs().of(dataset));
        table.header(1, List.of("Class", "Zero-shot", "Learned", "Gain"));
        for (ClassGain one : extremes(gains)) {
            table.add(
                    List.of(
                            Latex.escape(one.name()),
                            number(one.zeroShot()),
                            number(OptionalDouble.of(one.accuracy())),
                            number(one.gain())));
        }
        return table;
    }

    private static String number(OptionalDouble value) {
        return Latex.number(value.orElse(Double.NaN), false);
    }
}
