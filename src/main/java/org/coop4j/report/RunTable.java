package org.coop4j.report;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.coop4j.results.Entry;
import org.coop4j.results.Findings;
import org.coop4j.results.FinishedRun;
import org.coop4j.run.RunResult;

/** Every run, as data: what all other tables were made from. */
final class RunTable implements TableFiles {

    private final Findings findings;

    RunTable(Findings findings) {
        this.findings = findings;
    }

    @Override
    public String name() {
        return "runs";
    }

    @Override
    public CsvTable csv(List<StudyView> views) {
        CsvTable csv =
                new CsvTable(
                        "folder",
                        "state",
                        "model",
                        "model_sha256",
                        "method",
                        "dataset",
                        "learned_on",
                        "classes_tested",
                        "shots",
                        "seed",
                        "classes",
                        "train_images",
                        "test_images",
                        "accuracy",
                        "macro_f1",
                        "ece_percent",
                        "seconds",
                        "settings",
                        "reason");
        for (StudyView view : views) {
            view.study().entries().forEach(entry -> add(csv, view, entry));
        }
        findings.failed().forEach(f -> add(csv, f.folder().toString(), "failed", f.reason()));
        findings.damaged().forEach(f -> add(csv, f.folder().toString(), "damaged", f.reason()));
        findings.unfinished().forEach(f -> add(csv, f.toString(), "unfinished", ""));
        return csv;
    }

    private static void add(CsvTable csv, StudyView view, Entry entry) {
        FinishedRun run = entry.run();
        RunResult result = run.result();
        csv.row()
                .add(run.folder().toString(), "finished", view.model(), run.model().sha256())
                .add(entry.method().id(), entry.dataset(), result.trainedOn())
                .add(HandWrittenTable.half(result.half()), run.shots().label())
                .add(String.valueOf(result.seed()), String.valueOf(result.classes()))
                .add(String.valueOf(result.trainImages()), String.valueOf(result.testImages()))
                .number(result.accuracy())
                .number(result.macroF1())
                .number(100 * result.calibrationError())
                .number(seconds(result))
                .add(settings(run.settings().values()), "")
                .end();
    }

    private static void add(CsvTable csv, String folder, String state, String reason) {
        String[] empty = new String[16];
        java.util.Arrays.fill(empty, "");
        csv.row().add(folder, state).add(empty).add(reason).end();
    }

    /** How long a run took. */
    static double seconds(RunResult result) {
        return result.seconds() == null
                ? 0
                : result.seconds().values().stream().mapToDouble(Double::doubleValue).sum();
    }

    private static String settings(Map<String, String> settings) {
        return settings.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining("; "));
    }

    @Override
    public List<Latex> latex(StudyView view) {
        return List.of(); // data, not a table to read
    }
}
