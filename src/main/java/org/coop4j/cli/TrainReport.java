package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Table;
import org.coop4j.eval.Numbers;
import org.coop4j.eval.SeedSummary;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.HandWritten;
import org.coop4j.run.TrainConfig;

/** The learned prompt beside the best hand-written one, in one small table. */
final class TrainReport {

    private final List<RunResult> results;
    private final TrainConfig config;
    private final Path out;

    /**
     * @param results one for each seed
     * @param out the run's folder
     */
    TrainReport(List<RunResult> results, TrainConfig config, Path out) {
        this.results = results;
        this.config = config;
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
        table.row("PROMPT", "ACCURACY", "ERROR", "MACRO F1");
        for (RunResult result : results) {
            String name = results.size() == 1 ? learned() : learned() + ", seed " + result.seed();
            table.row(
                    name,
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
        if (results.size() > 1) {
            target.printf(
                    Locale.ROOT,
                    "mean ± sd over %d seeds: %s %%%n",
                    results.size(),
                    Numbers.meanSd(summary(), 1));
        }
        target.printf(
                Locale.ROOT,
                "gain over the best hand-written prompt: %s points%n",
                Numbers.signed(summary().mean() - best.accuracy(), 1));
        target.println(
                "learned prompt: "
                        + (results.size() == 1
                                ? out.resolve(RunFolder.PROMPT)
                                : out.resolve("seed*").resolve(RunFolder.PROMPT)));
    }

    private String learned() {
        String shots = config.shots() == 0 ? "all images" : config.shots() + " shots";
        return "learned, " + shots;
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

    private SeedSummary summary() {
        return SeedSummary.of(results, RunResult::accuracy);
    }

    private static String points(double percentage) {
        return Numbers.percent(percentage);
    }

    ObjectNode toJson() {
        ObjectNode json = Json.object();
        ArrayNode runs = json.putArray("runs");
        for (RunResult result : results) {
            runs.addObject()
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
        json.put("mean_accuracy", summary().mean());
        if (results.size() > 1) {
            json.put("sd_accuracy", summary().sampleSd());
        }
        return json.put("folder", out.toString());
    }
}
