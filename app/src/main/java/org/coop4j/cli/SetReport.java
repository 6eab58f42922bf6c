package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.Table.Format.TABLE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.console.Cell;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.eval.LabelScores.Decision;
import org.coop4j.report.ComparisonTable;
import org.coop4j.report.SetPage;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.RunFolder;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.HandWritten;
import org.coop4j.run.RunResult.Sets;

/**
 * The end of {@code coop train} with several labels per image.
 *
 * @param decision of the last run
 * @param confidence how its probabilities were calibrated
 * @param out the run's folder, or that of the runs' folders
 */
record SetReport(List<RunResult> results, Decision decision, String confidence, MethodChoice choice, Path out) {

    void print(Console console) {
        RunResult first = results.get(0);
        console.paragraph("%s: %s, several per image; %s, %s"
                .formatted(
                        first.dataset(),
                        count(first.classes(), "class", "classes"),
                        count(first.trainImages(), "training image"),
                        count(first.testImages(), "test image")));
        if (!choice.scores().isEmpty()) {
            ComparisonTable.candidates(choice).print(TABLE, console);
            console.print("");
        }
        SetPage.results(results).print(TABLE, console);
        console.print("");
        new Table<HandWritten>()
                .words("zero-shot prompt", HandWritten::prompt)
                .numbers("mAP", HandWritten::accuracy)
                .rows(first.handWritten())
                .print(TABLE, console);
        console.print("");
        if (results.size() == 1) {
            SetPage.classes(first.sets(), decision, c -> Cell.NONE).print(TABLE, console);
            console.paragraph("probabilities: " + confidence);
        }
        String without = SetPage.withoutPositives(first.sets());
        if (!without.isEmpty()) {
            console.paragraph(without);
        }
        boolean one = results.size() == 1;
        console.print("learned: " + (one ? out : out.resolve("*")).resolve(RunFolder.CLASSIFIER));
        console.print("report: " + (one ? out : out.resolve("*")).resolve(RunFolder.REPORT));
    }

    ObjectNode toJson() {
        ObjectNode json = Json.object();
        json.putPOJO(
                "runs",
                results.stream()
                        .map(r -> Json.object()
                                .put("method", r.method())
                                .put("seed", r.seed())
                                .putPOJO("sets", r.sets()))
                        .toList());
        return json.put("folder", out.toString());
    }

    /** Prints results on images that a command was given. */
    static void print(Sets sets, Decision decision, Table.Format format, Console console) {
        SetPage.classes(sets, decision, c -> Cell.NONE).print(format, console);
        if (format == TABLE) {
            console.print("");
            measures(sets).print(TABLE, console);
        }
    }

    private static Table<Sets> measures(Sets sets) {
        return SetPage.measures(new Table<Sets>(), s -> s).rows(List.of(sets));
    }
}
