package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.study.ClassGains;
import org.coop4j.study.ClassGains.ClassGain;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult;
import org.coop4j.study.Study;

/** Results of each class; of many classes, people see those that gained and lost most. */
final class ClassTable {

    private static final int MOST_SHOWN = 15;
    private static final int SHOWN_OF_MANY = 5;

    private ClassTable() {}

    private record Result(Study study, MethodResult result, ClassGain one) {}

    /** Returns all classes of all datasets and methods. */
    static Table<?> records(List<Study> studies) {
        Table<Result> table = new Table<Result>("per-class", "Accuracy of each class, in %", "")
                .data("model", r -> r.study.name())
                .data("dataset", r -> r.result.dataset())
                .data("method", r -> r.result.method().id())
                .data("shots", r -> r.result.shots().label())
                .data("seeds", r -> Cells.seeds(r.result))
                .data("class", r -> r.one.name())
                .data("images", r -> r.one.images())
                .data("accuracy", r -> Cell.number(r.one.accuracy()))
                .data("zero_shot_accuracy", r -> Cells.number(r.one.zeroShot()))
                .data("gain", r -> Cells.points(r.one.gain()));
        for (Study study : studies) {
            for (ClassGains gains : study.classes()) {
                gains.classes().forEach(one -> table.row(new Result(study, gains.result(), one)));
            }
        }
        return table;
    }

    /**
     * Returns the classes of a dataset by each method with most images; empty if there are none. The main method
     * decides the order, and which classes are shown.
     */
    static Table<?> table(Study study, String dataset) {
        Map<MethodLabel, ClassGains> most = new LinkedHashMap<>();
        for (ClassGains gains : study.classes()) {
            if (gains.result().dataset().equals(dataset)) {
                most.put(gains.result().method(), gains); // the shots ascend
            }
        }
        if (most.isEmpty()) {
            return new Table<>();
        }
        ClassGains leading = most.getOrDefault(
                study.fewShot().main().orElseThrow(), most.values().iterator().next());
        List<ClassGain> shown = extremes(leading);
        String by = leading.result().method().title();
        Table<ClassGain> table = new Table<ClassGain>(
                        "per-class",
                        DatasetNames.title(dataset) + ", accuracy on the test images of all seeds, in %",
                        "%s classes by %s of %s after %s"
                                .formatted(
                                        shown.size() < leading.classes().size() ? "first and last" : "all",
                                        leading.isCompared() ? "gain over zero-shot" : "accuracy",
                                        by,
                                        leading.result().shots().describe()))
                .decimals(1)
                .words("class", ClassGain::name)
                .column("gain of " + by, Table.Kind.BARS, one -> Cells.points(one.gain()))
                .numbers(MethodLabel.ZERO_SHOT.id(), one -> Cells.number(one.zeroShot()));
        most.forEach((method, gains) -> table.numbers(method.title(), one -> Cell.number(gains.accuracy(one.name()))));
        return table.numbers("images", one -> Cell.count(one.images())).rows(shown);
    }

    /** Returns all classes by falling gain, or the first and last of many. */
    private static List<ClassGain> extremes(ClassGains gains) {
        List<ClassGain> sorted = new ArrayList<>(gains.classes());
        sorted.sort(Comparator.comparingDouble((ClassGain c) -> -c.gain().orElse(c.accuracy())));
        if (sorted.size() > MOST_SHOWN) {
            sorted.subList(SHOWN_OF_MANY, sorted.size() - SHOWN_OF_MANY).clear();
        }
        return sorted;
    }
}
