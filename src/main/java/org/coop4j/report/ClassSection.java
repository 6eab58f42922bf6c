package org.coop4j.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.report.html.HtmlTable;
import org.coop4j.report.html.HtmlTable.Cell;
import org.coop4j.report.html.Section;
import org.coop4j.results.ClassGains;
import org.coop4j.results.ClassGains.ClassGain;
import org.coop4j.results.FewShot;

/** Gains of each class, on the page. */
final class ClassSection {

    private final StudyView view;
    private final FewShot fewShot;
    private final String suffix;

    ClassSection(StudyView view, String suffix) {
        this.view = view;
        this.fewShot = view.fewShot();
        this.suffix = suffix;
    }

    Optional<Section> section() {
        Section section = new Section("Class by class" + suffix);
        boolean any = false;
        for (String dataset : fewShot.datasets()) {
            List<ClassGains> shown = ClassTable.shown(view, dataset);
            if (!shown.isEmpty()) {
                any = true;
                Map<String, String> data = new LinkedHashMap<>();
                data.put(StudyPage.MODEL, view.model());
                data.put(StudyPage.DATASET, dataset);
                section.details(StudyView.title(dataset), data, classTable(shown));
            }
        }
        return any ? Optional.of(section) : Optional.empty();
    }

    /** One method decides which classes are shown, and how they are ordered. */
    private HtmlTable classTable(List<ClassGains> all) {
        ClassGains leading =
                all.stream()
                        .filter(g -> fewShot.main().equals(Optional.of(g.outcome().method())))
                        .findFirst()
                        .orElse(all.get(0));
        String by = leading.outcome().method().title();
        HtmlTable table =
                new HtmlTable(
                                "%s of %s; test images of all seeds classified rightly, %%, after %s"
                                        .formatted(
                                                ClassTable.describe(leading),
                                                by,
                                                leading.outcome().shots().describe()))
                        .words("class")
                        .numbers("images", "zero-shot");
        all.forEach(gains -> table.numbers(unbroken(gains.outcome().method().title())));
        table.numbers("gain of " + unbroken(by));
        List<ClassGain> shown = ClassTable.extremes(leading);
        double largest =
                shown.stream().mapToDouble(c -> Math.abs(c.gain().orElse(0))).max().orElse(1);
        for (ClassGain one : shown) {
            List<Cell> row = new ArrayList<>();
            row.add(Cell.of(one.name()));
            row.add(Cell.of(String.valueOf(one.images())));
            row.add(Cell.of(points(one.zeroShot().orElse(Double.NaN))));
            for (ClassGains gains : all) {
                row.add(Cell.of(points(gains.accuracy(one.name()))));
            }
            row.add(
                    one.gain().isPresent()
                            ? Cell.gain(one.gain().getAsDouble(), Math.max(largest, 1))
                            : Cell.of(Rounded.UNKNOWN));
            table.row(row);
        }
        return table;
    }

    /** Keeps "M = 16" on one line of a narrow header. */
    private static String unbroken(String title) {
        return title.replace(" = ", "\u00a0=\u00a0");
    }

    private static String points(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.1f", value) : Rounded.UNKNOWN;
    }
}
