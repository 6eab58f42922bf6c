package org.coop4j.study.report;

import static java.util.Comparator.comparingDouble;
import static org.coop4j.console.Table.Kind.BARS;
import static org.coop4j.study.PublishedNumbers.DatasetNames.title;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.study.ClassGains;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Study;

/** Results of each class; of many classes, people see those that gained and lost most. */
final class ClassTable {

    private static final int MOST_SHOWN = 15;
    private static final int SHOWN_OF_MANY = 5;

    private ClassTable() {}

    private record Line(Study study, ClassGains gains, String name) {}

    /** Returns all classes of all datasets and methods. */
    static Table<?> records(List<Study> studies) {
        Table<Line> table = new Table<Line>("per-class", "Accuracy of each class, in %", "")
                .data("model", line -> line.study.name())
                .data("dataset", line -> line.gains.result().dataset())
                .data("method", line -> line.gains.result().method().id())
                .data("shots", line -> line.gains.result().shots().label())
                .data("seeds", line -> StudyTables.seeds(line.gains.result()))
                .data("class", Line::name)
                .data("images", line -> line.gains.own().get(line.name).total())
                .data("accuracy", line -> Cell.number(line.gains.accuracy(line.name)))
                .data("zero_shot_accuracy", line -> Cell.number(line.gains.zeroShot(line.name)))
                .data("gain", line -> Cell.points(line.gains.gain(line.name)));
        for (Study study : studies) {
            for (ClassGains gains : study.classes()) {
                gains.own().keySet().forEach(name -> table.row(new Line(study, gains, name)));
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
        List<String> shown = extremes(leading);
        String by = leading.result().method().title();
        Table<String> table = new Table<String>(
                        "per-class",
                        title(dataset) + ", accuracy on the test images of all seeds, in %",
                        "%s classes by %s of %s after %s"
                                .formatted(
                                        shown.size() < leading.own().size() ? "first and last" : "all",
                                        leading.zeroShot().isEmpty() ? "accuracy" : "gain over zero-shot",
                                        by,
                                        leading.result().shots().describe()))
                .words("class", name -> name)
                .column("gain of " + by, BARS, leading::gain)
                .numbers(MethodLabel.ZERO_SHOT.id(), leading::zeroShot);
        most.forEach((method, gains) -> table.numbers(method.title(), gains::accuracy));
        return table.numbers("images", name -> leading.own().get(name).total()).rows(shown);
    }

    /** Returns all classes by falling gain, or by accuracy where it is unknown; the first and last of many. */
    private static List<String> extremes(ClassGains gains) {
        List<String> sorted = new ArrayList<>(gains.own().keySet());
        sorted.sort(comparingDouble(
                name -> gains.zeroShot().containsKey(name) ? -gains.gain(name) : -gains.accuracy(name)));
        if (sorted.size() > MOST_SHOWN) {
            sorted.subList(SHOWN_OF_MANY, sorted.size() - SHOWN_OF_MANY).clear();
        }
        return sorted;
    }
}
