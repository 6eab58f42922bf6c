package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.coop4j.cli.console.Csv;
import org.coop4j.cli.console.Json;
import org.coop4j.cli.console.Numbers;
import org.coop4j.cli.console.Table;
import org.coop4j.cli.options.OutputFormat;
import org.coop4j.eval.ClassResult;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Predictions;

/** Prints what {@code coop zero-shot} found. */
final class ZeroShotReport {

    private final ZeroShotTask task;
    private final EncodedImages images;
    private final float[][] probabilities;
    private final int top;

    /**
     * @param images which images could be read
     * @param probabilities [readable images][classes]
     * @param top how many classes of an image are shown
     */
    ZeroShotReport(ZeroShotTask task, EncodedImages images, float[][] probabilities, int top) {
        this.task = task;
        this.images = images;
        this.probabilities = probabilities;
        this.top = top;
    }

    void print(OutputFormat format, PrintStream out) {
        if (format.isJson()) {
            Json.print(toJson(), out);
        } else if (format.isCsv()) {
            printCsv(out);
        } else if (probabilities.length > 0 && task.isScored()) {
            printScores(out);
        } else if (probabilities.length > 0) {
            printTable(out);
        }
    }

    private void printTable(PrintStream out) {
        Table table = new Table(Table.Align.LEFT, Table.Align.LEFT, Table.Align.RIGHT);
        table.row("IMAGE", "CLASS", "PROBABILITY");
        for (int i = 0; i < probabilities.length; i++) {
            String name = file(i);
            for (int label : best(i)) {
                table.row(
                        name, task.classes().get(label), Numbers.percent(probabilities[i][label]));
                name = "";
            }
        }
        table.print(out);
    }

    private void printScores(PrintStream out) {
        Evaluation evaluation = evaluation();
        Table table =
                new Table(
                        Table.Align.LEFT, Table.Align.RIGHT, Table.Align.RIGHT, Table.Align.RIGHT);
        table.row("CLASS", "IMAGES", "CORRECT", "ACCURACY");
        for (ClassResult result : evaluation.classes()) {
            table.row(
                    task.classes().get(result.label()),
                    Numbers.count(result.total()),
                    Numbers.count(result.correct()),
                    Numbers.percent(result.accuracy() / 100));
        }
        table.row(
                "all",
                Numbers.count(evaluation.total()),
                Numbers.count(evaluation.correct()),
                Numbers.percent(evaluation.accuracy() / 100));
        table.print(out);
        out.println("macro F1 " + Numbers.percent(evaluation.macroF1() / 100));
    }

    private void printCsv(PrintStream out) {
        Csv csv =
                task.isScored()
                        ? new Csv(out, "image", "rank", "class", "probability", "truth")
                        : new Csv(out, "image", "rank", "class", "probability");
        for (int i = 0; i < probabilities.length; i++) {
            int[] best = best(i);
            for (int rank = 0; rank < best.length; rank++) {
                String name = task.classes().get(best[rank]);
                String probability = String.valueOf(probabilities[i][best[rank]]);
                String position = String.valueOf(rank + 1);
                if (task.isScored()) {
                    csv.record(file(i), position, name, probability, truth(i));
                } else {
                    csv.record(file(i), position, name, probability);
                }
            }
        }
    }

    private ObjectNode toJson() {
        ObjectNode json = Json.object();
        ArrayNode names = json.putArray("classes");
        task.classes().forEach(names::add);
        ArrayNode templates = json.putArray("templates");
        task.prompts().templates().forEach(templates::add);
        ArrayNode array = json.putArray("images");
        for (int i = 0; i < probabilities.length; i++) {
            ObjectNode image = array.addObject().put("file", file(i));
            if (task.isScored()) {
                image.put("truth", truth(i));
            }
            ArrayNode predictions = image.putArray("predictions");
            for (int label : best(i)) {
                predictions
                        .addObject()
                        .put("class", task.classes().get(label))
                        .put("probability", probabilities[i][label]);
            }
        }
        ArrayNode problems = json.putArray("unreadable");
        images.problems()
                .forEach(
                        (position, problem) ->
                                problems.addObject()
                                        .put("file", task.inputs().files().get(position).toString())
                                        .put("problem", problem));
        if (task.isScored() && probabilities.length > 0) {
            json.set("scores", scores());
        }
        return json;
    }

    private ObjectNode scores() {
        Evaluation evaluation = evaluation();
        ObjectNode json = Json.object();
        json.put("images", evaluation.total());
        json.put("correct", evaluation.correct());
        json.put("accuracy", evaluation.accuracy());
        json.put("macro_f1", evaluation.macroF1());
        ArrayNode perClass = json.putArray("classes");
        for (ClassResult result : evaluation.classes()) {
            perClass.addObject()
                    .put("class", task.classes().get(result.label()))
                    .put("images", result.total())
                    .put("correct", result.correct())
                    .put("accuracy", result.accuracy());
        }
        return json;
    }

    private Evaluation evaluation() {
        int[] truth =
                images.positions().stream()
                        .mapToInt(position -> task.labels().get(position))
                        .toArray();
        return Evaluation.of(truth, Predictions.argmax(probabilities));
    }

    private String file(int row) {
        return task.inputs().files().get(images.positions().get(row)).toString();
    }

    private String truth(int row) {
        return task.classes().get(task.labels().get(images.positions().get(row)));
    }

    /** Labels by falling probability, the first of equals first. */
    private int[] best(int row) {
        return IntStream.range(0, task.classes().size())
                .boxed()
                .sorted(Comparator.comparing((Integer label) -> -probabilities[row][label]))
                .limit(top)
                .mapToInt(Integer::intValue)
                .toArray();
    }
}
