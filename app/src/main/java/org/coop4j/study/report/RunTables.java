package org.coop4j.study.report;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.console.Cell;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Kind;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.run.RunResult;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FoundRuns;
import org.coop4j.study.HandWrittenPrompts;
import org.coop4j.study.HandWrittenPrompts.Prompt;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.Study.Entry;

/** Tables of the runs, their settings, and the prompts that they tested: all other tables are made from these. */
final class RunTables {

    private static final int MOST_VALUES = 4;

    private RunTables() {}

    /**
     * A run; one that is not finished has a folder alone.
     *
     * @param reason why it is not finished
     */
    private record Line(String folder, String state, String model, Optional<Entry> entry, String reason) {

        static Line of(String model, Entry entry) {
            return new Line(entry.run().folder().toString(), "finished", model, Optional.of(entry), "");
        }

        static Line without(Object folder, String state, String reason) {
            return new Line(folder.toString(), state, null, Optional.empty(), reason);
        }
    }

    /** Every run: data for other programs. */
    static Table<?> runs(FoundRuns findings, List<StudyView> views) {
        Table<Line> table = new Table<Line>("runs", "Runs", "")
                .data("folder", Line::folder)
                .data("state", Line::state)
                .data("model", Line::model)
                .data("model_sha256", of(entry -> entry.run().model().sha256()))
                .data("method", of(entry -> entry.method().id()))
                .data("dataset", of(Entry::dataset))
                .data("learned_on", of(entry -> entry.run().result().trainedOn()))
                .data(
                        "classes_tested",
                        of(entry -> Cells.half(entry.run().result().half())))
                .data("shots", of(entry -> entry.run().shots().label()))
                .data("seed", of(entry -> entry.run().result().seed()))
                .data("classes", of(entry -> entry.run().result().classes()))
                .data("train_images", of(entry -> entry.run().result().trainImages()))
                .data("test_images", of(entry -> entry.run().result().testImages()))
                .data("accuracy", of(entry -> number(entry.run().result().accuracy())))
                .data("macro_f1", of(entry -> number(entry.run().result().macroF1())))
                .data(
                        "ece_percent",
                        of(entry -> number(100 * entry.run().result().calibrationError())))
                .data("seconds", of(entry -> number(seconds(entry.run().result()))))
                .data("settings", of(entry -> settings(entry).entrySet().stream()
                        .map(e -> e.getKey() + "=" + e.getValue())
                        .collect(Collectors.joining("; "))))
                .data("reason", Line::reason);
        for (StudyView view : views) {
            view.study().entries().forEach(entry -> table.row(Line.of(view.model(), entry)));
        }
        findings.failed().forEach(f -> table.row(Line.without(f.folder(), "failed", f.reason())));
        findings.damaged().forEach(f -> table.row(Line.without(f.folder(), "damaged", f.reason())));
        findings.unfinished().forEach(folder -> table.row(Line.without(folder, "unfinished", "")));
        return table;
    }

    private static Function<Line, Optional<Object>> of(Function<Entry, Object> value) {
        return line -> line.entry.map(value);
    }

    private static Object number(double value) {
        return Double.isFinite(value) ? Cell.datum(value) : "";
    }

    private static Map<String, ?> settings(Entry entry) {
        return entry.run().settings();
    }

    /** Seconds that a run took. */
    static double seconds(RunResult result) {
        return result.seconds() == null
                ? 0
                : result.seconds().values().stream()
                        .mapToDouble(Double::doubleValue)
                        .sum();
    }

    /** Runs that are in no number. */
    static Table<?> failures(List<FoundRuns.Failure> failures) {
        return new Table<FoundRuns.Failure>("failures", "Not in any number here", "")
                .words("run", f -> f.folder().toString())
                .column("reason", Kind.SENTENCES, FoundRuns.Failure::reason)
                .rows(failures);
    }

    /** Settings of the runs of each method. */
    static Table<?> settings(StudyView view) {
        Map<MethodLabel, Map<String, Set<String>>> all = new TreeMap<>();
        for (Entry entry : view.study().entries()) {
            Map<String, Set<String>> own = all.computeIfAbsent(entry.method(), m -> new LinkedHashMap<>());
            settings(entry).forEach((name, value) -> own.computeIfAbsent(name, n -> new LinkedHashSet<>())
                    .add(String.valueOf(value)));
        }
        return new Table<Map.Entry<MethodLabel, Map<String, Set<String>>>>(
                        "settings", "Settings of " + view.model(), "from config.json")
                .words("method", method -> method.getKey().id())
                .column("settings", Kind.SENTENCES, method -> method.getValue().entrySet().stream()
                        .map(e -> e.getKey() + " " + some(e.getValue()))
                        .collect(Collectors.joining("; ")))
                .rows(all.entrySet());
    }

    private static String some(Set<String> values) {
        String some = values.stream().limit(MOST_VALUES).collect(Collectors.joining(" | "));
        int more = values.size() - MOST_VALUES;
        return more > 0 ? some + " | and " + more + " more" : some;
    }

    /** A hand-written prompt, tested beside the learned one. */
    private record Tested(String model, HandWrittenPrompts all, Prompt prompt) {

        Cell text() {
            Cell text = Cell.words(prompt.text(), "“" + prompt.text() + "”");
            return prompt.own() ? text.withNote("the dataset's own") : text;
        }

        Cell accuracy() {
            return Cells.accuracy(Optional.of(prompt.accuracies())).best(prompt.equals(all.best()));
        }
    }

    /** The hand-written prompts that training runs test beside the learned one. */
    static Table<?> handWritten(List<StudyView> views) {
        Table<Tested> table = prompts()
                .data("model", Tested::model)
                .data("dataset", t -> t.all.dataset())
                .data("classes", t -> Cells.half(t.all.half()))
                .data("prompt", t -> t.prompt.text())
                .data("is_the_datasets_own", t -> t.prompt.own())
                .means("accuracy", Tested::accuracy, "accuracy");
        for (StudyView view : views) {
            view.study().handWritten().forEach(all -> fill(table, view.model(), all));
        }
        return table;
    }

    private static Table<Tested> prompts() {
        return new Table<>("hand-written", "Accuracy of hand-written prompts in %", "");
    }

    private static void fill(Table<Tested> table, String model, HandWrittenPrompts all) {
        all.prompts().forEach(prompt -> table.row(new Tested(model, all, prompt)));
    }

    /** The prompts of one place. */
    static Table<?> handWritten(StudyView view, HandWrittenPrompts all) {
        Table<Tested> table = prompts().words("prompt", Tested::text).means("accuracy", Tested::accuracy, "accuracy");
        fill(table, view.model(), all);
        return table;
    }

    /** The dataset, and which of its classes. */
    static String place(HandWrittenPrompts prompts) {
        String title = DatasetNames.title(prompts.dataset());
        return prompts.half() == ClassHalf.ALL ? title : title + ", " + Cells.half(prompts.half()) + " classes";
    }
}
