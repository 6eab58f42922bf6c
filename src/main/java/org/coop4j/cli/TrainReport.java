package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Table;
import org.coop4j.eval.Numbers;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.HandWritten;

/** The learned prompt beside the best hand-written one, in one small table. */
final class TrainReport {

    private final List<RunResult> results;
    private final int shots;
    private final Path out;

    /**
     * @param results one for each seed
     * @param out the run's folder
     */
    TrainReport(List<RunResult> results, int shots, Path out) {
        this.results = results;
        this.shots = shots;
        this.out = out;
    }

    void print(PrintStream target) {
        RunResult first = results.get(0);
        target.printf(
                Locale.ROOT,
                "%s: %s, %s, %s%n",
                first.dataset(),
                Numbers.count(first.classes(), "class", "classes"),
                Numbers.count(first.trainImages(), "training image"),
                Numbers.count(first.testImages(), "test image"));
        Table table =
                new Table(
                        Table.Align.LEFT, Table.Align.RIGHT, Table.Align.RIGHT, Table.Align.RIGHT);
        table.row("CLASSIFIER", "ACCURACY", "ERROR", "MACRO F1");
        for (RunResult result : results) {
            table.row(
                    name(result),
                    points(result.accuracy()),
                    points(result.errorRate()),
                    points(result.macroF1()));
        }
        HandWritten best = RunResult.best(handWritten());
        table.row(
                "best hand-written: \"" + best.prompt() + "\"",
                points(best.accuracy()),
                points(100 - best.accuracy()),
                "");
        table.print(target);
        methods()
                .forEach(
                        (method, runs) -> {
                            SeedSummary summary = summary(runs);
                            if (runs.size() > 1) {
                                target.printf(
                                        Locale.ROOT,
                                        "%s: mean ± sd over %d seeds: %s %%%n",
                                        method,
                                        runs.size(),
                                        Numbers.meanSd(summary, 1));
                            }
                            target.printf(
                                    Locale.ROOT,
                                    "%sgain over the best hand-written prompt: %s points%n",
                                    methods().size() == 1 ? "" : method + ": ",
                                    Numbers.signed(summary.mean() - best.accuracy(), 1));
                        });
        target.println("learned: " + place());
    }

    private Path place() {
        Path folder = methods().size() == 1 ? out : out.resolve("*");
        Path run = methods().size() == results.size() ? folder : folder.resolve("seed*");
        return run.resolve(RunFolder.CLASSIFIER);
    }

    private String name(RunResult result) {
        String name = result.method();
        if (result.trainImages() > 0) {
            name += shots == 0 ? ", all images" : shots == 1 ? ", 1 shot" : ", " + shots + " shots";
        }
        return methods().size() == results.size() ? name : name + ", seed " + result.seed();
    }

    /** The results of each method, in order. */
    private Map<String, List<RunResult>> methods() {
        return results.stream()
                .collect(
                        Collectors.groupingBy(
                                RunResult::method, LinkedHashMap::new, Collectors.toList()));
    }

    /** The hand-written prompts' mean accuracy over the seeds. */
    private List<HandWritten> handWritten() {
        List<HandWritten> means = new ArrayList<>();
        for (int i = 0; i < results.get(0).handWritten().size(); i++) {
            double sum = 0;
            for (RunResult result : results) {
                sum += result.handWritten().get(i).accuracy();
            }
            means.add(
                    new HandWritten(
                            results.get(0).handWritten().get(i).prompt(), sum / results.size()));
        }
        return means;
    }

    private static SeedSummary summary(List<RunResult> runs) {
        return SeedSummary.of(runs, RunResult::accuracy);
    }

    private static String points(double percentage) {
        return Numbers.percent(percentage);
    }

    ObjectNode toJson() {
        ObjectNode json = Json.object();
        ArrayNode runs = json.putArray("runs");
        for (RunResult result : results) {
            runs.addObject()
                    .put("method", result.method())
                    .put("seed", result.seed())
                    .put("accuracy", result.accuracy())
                    .put("error_rate", result.errorRate())
                    .put("macro_f1", result.macroF1())
                    .put("calibration_error", result.calibrationError());
        }
        ArrayNode prompts = json.putArray("hand_written");
        for (HandWritten prompt : handWritten()) {
            prompts.addObject().put("prompt", prompt.prompt()).put("accuracy", prompt.accuracy());
        }
        json.put("mean_accuracy", summary(results).mean());
        if (results.size() > 1) {
            json.put("sd_accuracy", summary(results).sampleSd());
        }
        return json.put("folder", out.toString());
    }
}
