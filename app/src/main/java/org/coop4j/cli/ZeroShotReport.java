package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.console.Console;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.eval.Evaluation;
import org.coop4j.eval.Predictions;

/**
 * Prints what {@code coop zero-shot} found.
 *
 * @param images which images could be read
 * @param probabilities [readable images][classes]
 * @param top how many classes of an image are shown
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ZeroShotReport(
        ZeroShotCommand.Task task, EncodedImages images, float[][] probabilities, int top) {

    /** One of an image's most probable classes; the rank counts from 1. */
    private record Guess(int row, int rank, int label) {}

    void print(Table.Format format, Console console) {
        if (format == Table.Format.JSON) {
            Json.print(json(), console.out());
        } else if (format == Table.Format.CSV) {
            guesses().rows(all()).print(format, console);
        } else if (probabilities.length > 0) {
            if (task.isScored()) {
                printScores(console);
            } else {
                guesses().rows(all()).print(format, console);
            }
        }
    }

    private List<Guess> all() {
        return IntStream.range(0, probabilities.length).boxed().flatMap(this::best).toList();
    }

    /** Labels by falling probability, the first of equals first. */
    private Stream<Guess> best(int row) {
        int[] labels =
                IntStream.range(0, task.classes().size())
                        .boxed()
                        .sorted(Comparator.comparing((Integer label) -> -probabilities[row][label]))
                        .limit(top)
                        .mapToInt(Integer::intValue)
                        .toArray();
        return IntStream.range(0, labels.length).mapToObj(i -> new Guess(row, i + 1, labels[i]));
    }

    private Table<Guess> guesses() {
        Table<Guess> rows = new Table<>();
        rows.shown(
                        "image",
                        Table.Kind.WORDS,
                        guess -> file(guess.row),
                        guess -> guess.rank == 1 ? file(guess.row) : "")
                .in(Table.Format.TABLE, Table.Format.CSV);
        rows.data("rank", Guess::rank).in(Table.Format.CSV);
        rows.text("class", guess -> task.classes().get(guess.label));
        rows.share("probability", this::probability);
        if (task.isScored()) {
            rows.data("truth", guess -> truth(guess.row)).in(Table.Format.CSV);
        }
        return rows;
    }

    private float probability(Guess guess) {
        return probabilities[guess.row][guess.label];
    }

    private void printScores(Console console) {
        Evaluation evaluation = evaluation();
        scores().table()
                .row(
                        "all",
                        Numbers.count(evaluation.total()),
                        Numbers.count(evaluation.correct()),
                        Numbers.percent(evaluation.accuracy()))
                .print(console.out());
        console.out().println("macro F1 " + Numbers.percent(evaluation.macroF1()));
    }

    private ObjectNode json() {
        ObjectNode json = Json.object();
        task.classes().forEach(json.putArray("classes")::add);
        task.prompts().templates().forEach(json.putArray("templates")::add);
        ArrayNode array = json.putArray("images");
        for (int row = 0; row < probabilities.length; row++) {
            ObjectNode image = array.addObject().put("file", file(row));
            if (task.isScored()) {
                image.put("truth", truth(row));
            }
            image.set("predictions", guesses().rows(best(row).toList()).json());
        }
        ArrayNode problems = json.putArray("unreadable");
        images.problems()
                .forEach(
                        (position, problem) ->
                                problems.addObject()
                                        .put("file", task.inputs().files().get(position).toString())
                                        .put("problem", problem));
        if (task.isScored() && probabilities.length > 0) {
            json.set("scores", scores().json());
        }
        return json;
    }

    private ClassScores scores() {
        return new ClassScores(evaluation(), task.classes());
    }

    private Evaluation evaluation() {
        int[] truth = images.positions().stream().mapToInt(i -> task.labels().get(i)).toArray();
        return Evaluation.of(truth, Predictions.argmax(probabilities));
    }

    private String file(int row) {
        return task.inputs().files().get(images.positions().get(row)).toString();
    }

    private String truth(int row) {
        return task.classes().get(task.labels().get(images.positions().get(row)));
    }
}
