package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.study.ClassGains;
import org.coop4j.study.ClassGains.ClassGain;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Shots;

/** Results of each class; of many classes, people see those that won and lost most. */
final class ClassTable {

    private static final int MOST_SHOWN = 15;
    private static final int SHOWN_OF_MANY = 5;

    private ClassTable() {}

    private record Result(StudyView view, ClassGains gains, ClassGain one) {}

    /** All classes of all datasets and methods. */
    static Table<?> records(List<StudyView> views) {
        Table<Result> table = new Table<Result>("per-class", "Accuracy of each class, in %", "")
                .data("model", r -> r.view.model())
                .data("dataset", r -> r.gains.outcome().dataset())
                .data("method", r -> r.gains.outcome().method().id())
                .data("shots", r -> r.gains.outcome().shots().label())
                .data("seeds", r -> Cells.seeds(r.gains.outcome().seeds()))
                .data("class", r -> r.one.name())
                .data("images", r -> r.one.images())
                .data("accuracy", r -> Cell.number(r.one.accuracy()))
                .data("zero_shot_accuracy", r -> Cells.number(r.one.zeroShot()))
                .data("gain", r -> Cells.points(r.one.gain()));
        for (StudyView view : views) {
            for (ClassGains gains : view.classes()) {
                gains.classes().forEach(one -> table.row(new Result(view, gains, one)));
            }
        }
        return table;
    }

    /**
     * The classes of a dataset by each method with most images; empty if there are none. One method decides which
     * classes are shown, and how they are ordered.
     */
    static Table<?> table(StudyView view, String dataset) {
        List<ClassGains> all = withMostImages(view, dataset);
        if (all.isEmpty()) {
            return new Table<>();
        }
        ClassGains leading = all.stream()
                .filter(g ->
                        view.fewShot().main().equals(Optional.of(g.outcome().method())))
                .findFirst()
                .orElse(all.get(0));
        String by = leading.outcome().method().title();
        Table<ClassGain> table = new Table<ClassGain>(
                        "per-class",
                        DatasetNames.title(dataset) + ", test images of all seeds classified rightly, in %",
                        "%s of %s after %s"
                                .formatted(
                                        describe(leading),
                                        by,
                                        leading.outcome().shots().describe()))
                .decimals(1)
                .words("class", ClassGain::name)
                .column("gain of " + by, Table.Kind.BARS, one -> Cells.points(one.gain()))
                .numbers(MethodLabel.ZERO_SHOT.id(), one -> Cells.number(one.zeroShot()));
        for (ClassGains gains : all) {
            table.numbers(gains.outcome().method().title(), one -> Cell.number(gains.accuracy(one.name())));
        }
        return table.numbers("images", one -> Cell.count(one.images())).rows(extremes(leading));
    }

    private static List<ClassGains> withMostImages(StudyView view, String dataset) {
        List<ClassGains> here = view.classes().stream()
                .filter(g -> g.outcome().dataset().equals(dataset))
                .toList();
        return here.stream()
                .filter(g -> here.stream().noneMatch(o -> isMore(o, g)))
                .toList();
    }

    private static boolean isMore(ClassGains one, ClassGains than) {
        Shots shots = one.outcome().shots();
        return one.outcome().method().equals(than.outcome().method())
                && shots.compareTo(than.outcome().shots()) > 0;
    }

    /** All classes by falling gain, or the first and last of many. */
    private static List<ClassGain> extremes(ClassGains gains) {
        List<ClassGain> sorted = new ArrayList<>(gains.classes());
        sorted.sort(Comparator.comparingDouble((ClassGain c) -> -c.gain().orElse(c.accuracy())));
        int n = sorted.size();
        if (n > MOST_SHOWN) {
            sorted.subList(SHOWN_OF_MANY, n - SHOWN_OF_MANY).clear();
        }
        return sorted;
    }

    private static String describe(ClassGains gains) {
        int classes = gains.classes().size();
        String by = gains.isCompared() ? "gain over zero-shot" : "accuracy";
        return classes <= MOST_SHOWN
                ? "all " + classes + " classes by " + by
                : "of %d classes, the %d with the largest and the %d with the smallest %s"
                        .formatted(classes, SHOWN_OF_MANY, SHOWN_OF_MANY, by);
    }
}
