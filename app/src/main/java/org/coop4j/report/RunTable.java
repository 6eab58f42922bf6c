package org.coop4j.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.coop4j.report.ResultTable.Kind;
import org.coop4j.report.ResultTable.Origin;
import org.coop4j.study.Entry;
import org.coop4j.study.Findings;
import org.coop4j.study.Findings.FinishedRun;
import org.coop4j.study.MethodLabel;
import org.coop4j.run.RunResult;

/** Every run: what all other tables were made from. */
record RunTable(Findings findings) implements StudyTable {

    private static final int MOST_VALUES = 4;

    @Override
    public ResultTable records(List<StudyView> views) {
        ResultTable table =
                new ResultTable("runs", "Runs", "")
                        .hidden("folder", "state", "model", "model_sha256", "method", "dataset")
                        .hidden("learned_on", "classes_tested", "shots", "seed", "classes")
                        .hidden("train_images", "test_images", "accuracy", "macro_f1")
                        .hidden("ece_percent", "seconds", "settings", "reason");
        for (StudyView view : views) {
            view.study().entries().forEach(entry -> table.row(Origin.MEASURED, row(view, entry)));
        }
        findings.failed().forEach(f -> add(table, f.folder().toString(), "failed", f.reason()));
        findings.damaged().forEach(f -> add(table, f.folder().toString(), "damaged", f.reason()));
        findings.unfinished().forEach(f -> add(table, f.toString(), "unfinished", ""));
        return table;
    }

    private static List<Cell> row(StudyView view, Entry entry) {
        FinishedRun run = entry.run();
        RunResult result = run.result();
        return List.of(
                Cell.words(run.folder().toString()),
                Cell.words("finished"),
                Cell.words(view.model()),
                Cell.words(run.model().sha256()),
                FewShotTable.method(entry.method()),
                Cell.words(entry.dataset()),
                Cell.words(result.trainedOn()),
                Cell.words(HandWrittenTable.half(result.half())),
                Cell.shots(run.shots()),
                Cell.count(result.seed()),
                Cell.count(result.classes()),
                Cell.count(result.trainImages()),
                Cell.count(result.testImages()),
                Cell.number(result.accuracy()),
                Cell.number(result.macroF1()),
                Cell.number(100 * result.calibrationError()),
                Cell.number(seconds(result)),
                Cell.words(
                        run.settings().entrySet().stream()
                                .map(e -> e.getKey() + "=" + e.getValue())
                                .collect(Collectors.joining("; "))),
                Cell.words(""));
    }

    private static void add(ResultTable table, String folder, String state, String reason) {
        Cell[] cells = new Cell[table.columns().size()];
        Arrays.fill(cells, Cell.NONE);
        cells[0] = Cell.words(folder);
        cells[1] = Cell.words(state);
        cells[cells.length - 1] = Cell.words(reason);
        table.row(cells);
    }

    /** How long a run took. */
    static double seconds(RunResult result) {
        return result.seconds() == null
                ? 0
                : result.seconds().values().stream().mapToDouble(Double::doubleValue).sum();
    }

    @Override
    public List<ResultTable> tables(StudyView view) {
        return List.of(); // data, not a table to read
    }

    /** Runs that are in no number. */
    static ResultTable failures(List<Findings.Failure> failures) {
        ResultTable table =
                new ResultTable("failures", "Not in any number here", "")
                        .words("run")
                        .column("reason", Kind.SENTENCES);
        failures.forEach(f -> table.row(Cell.words(f.folder().toString()), Cell.words(f.reason())));
        return table;
    }

    /** What the runs of each method were configured with. */
    static ResultTable settings(StudyView view) {
        Map<MethodLabel, Map<String, Set<String>>> all = new TreeMap<>();
        for (Entry entry : view.study().entries()) {
            Map<String, Set<String>> settings =
                    all.computeIfAbsent(entry.method(), m -> new LinkedHashMap<>());
            entry.run()
                    .settings()
                    .forEach(
                            (name, value) ->
                                    settings.computeIfAbsent(name, n -> new LinkedHashSet<>())
                                            .add(String.valueOf(value)));
        }
        ResultTable table =
                new ResultTable("settings", "Settings of " + view.model(), "from config.json")
                        .words("method")
                        .column("settings", Kind.SENTENCES);
        all.forEach(
                (method, settings) ->
                        table.row(
                                Cell.words(method.id()),
                                Cell.words(
                                        settings.entrySet().stream()
                                                .map(e -> e.getKey() + " " + some(e.getValue()))
                                                .collect(Collectors.joining("; ")))));
        return table;
    }

    private static String some(Set<String> values) {
        String some = values.stream().limit(MOST_VALUES).collect(Collectors.joining(" | "));
        int more = values.size() - MOST_VALUES;
        return more > 0 ? some + " | and " + more + " more" : some;
    }
}
