package org.coop4j.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.coop4j.report.ResultTable.Kind;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.study.ClassGains;
import org.coop4j.study.ClassGains.ClassGain;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Shots;

/** Results of each class; of many classes, people see those that won and lost most. */
final class ClassTable implements StudyTable {

    private static final int MOST_SHOWN = 15;
    private static final int SHOWN_OF_MANY = 5;

    @Override
    public ResultTable records(List<StudyView> views) {
        ResultTable table =
                new ResultTable("per-class", "Accuracy of each class, in %", "")
                        .hidden("model", "dataset", "method", "shots", "seeds", "class", "images")
                        .hidden("accuracy", "zero_shot_accuracy", "gain");
        for (StudyView view : views) {
            for (ClassGains gains : view.classes()) {
                for (ClassGain one : gains.classes()) {
                    table.row(
                            Cell.words(view.model()),
                            FewShotTable.dataset(gains.outcome().dataset()),
                            FewShotTable.method(gains.outcome().method()),
                            Cell.shots(gains.outcome().shots()),
                            Cell.seeds(gains.outcome().seeds()),
                            Cell.words(one.name()),
                            Cell.count(one.images()),
                            Cell.number(one.accuracy()),
                            Cell.number(one.zeroShot()),
                            Cell.points(one.gain()));
                }
            }
        }
        return table;
    }

    @Override
    public List<ResultTable> tables(StudyView view) {
        return view.fewShot().datasets().stream()
                .flatMap(dataset -> table(view, dataset).stream())
                .toList();
    }

    /**
     * The classes of a dataset by each method with most images. One method decides which classes
     * are shown, and how they are ordered.
     */
    static Optional<ResultTable> table(StudyView view, String dataset) {
        List<ClassGains> all = withMostImages(view, dataset);
        if (all.isEmpty()) {
            return Optional.empty();
        }
        ClassGains leading =
                all.stream()
                        .filter(
                                g ->
                                        view.fewShot()
                                                .main()
                                                .equals(Optional.of(g.outcome().method())))
                        .findFirst()
                        .orElse(all.get(0));
        String by = leading.outcome().method().title();
        ResultTable table =
                new ResultTable(
                                "per-class-" + new StudyView.Slugs().of(dataset),
                                DatasetNames.title(dataset)
                                        + ", test images of all seeds classified rightly, in %",
                                "%s of %s after %s"
                                        .formatted(
                                                describe(leading),
                                                by,
                                                leading.outcome().shots().describe()))
                        .decimals(1)
                        .words("class")
                        .column("gain of " + by, Kind.BARS)
                        .numbers(MethodLabel.ZERO_SHOT.id());
        all.forEach(gains -> table.numbers(gains.outcome().method().title()));
        table.numbers("images");
        for (ClassGain one : extremes(leading)) {
            List<Cell> row = new ArrayList<>();
            row.add(Cell.words(one.name()));
            row.add(Cell.points(one.gain()));
            row.add(Cell.number(one.zeroShot()));
            all.forEach(gains -> row.add(Cell.number(gains.accuracy(one.name()))));
            row.add(Cell.count(one.images()));
            table.row(Origin.MEASURED, row);
        }
        return Optional.of(table);
    }

    private static List<ClassGains> withMostImages(StudyView view, String dataset) {
        List<ClassGains> here =
                view.classes().stream().filter(g -> g.outcome().dataset().equals(dataset)).toList();
        return here.stream().filter(g -> here.stream().noneMatch(o -> isMore(o, g))).toList();
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
