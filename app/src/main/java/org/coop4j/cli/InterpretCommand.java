package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.CommandFailure.require;
import static org.coop4j.console.CommandFailure.unless;
import static org.coop4j.console.Table.Kind.NUMBERS;
import static org.coop4j.console.Table.Kind.WORDS;

import java.io.IOException;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Format;
import org.coop4j.clip.Clip;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.report.NearestWords;
import org.coop4j.report.NearestWords.ContextVector;
import org.coop4j.report.NearestWords.Word;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop interpret}: the words nearest to the learned context vectors. */
@Command(
        name = "interpret",
        description = {
            "Show the words whose embeddings are nearest to each learned context vector.",
            InterpretCommand.WARNING + "."
        })
final class InterpretCommand extends ConsoleCommand {

    static final String WARNING = "The nearest words are not the meaning of a vector, which may be far from every"
            + " word or closest to meaningless tokens (CoOp paper)";

    @Mixin
    PromptOptions promptOptions;

    @Option(
            names = {"-k", "--nearest"},
            defaultValue = "3",
            paramLabel = "N",
            converter = Positive.class)
    int count;

    @Option(names = "--words")
    boolean words;

    @ArgGroup
    Format format = new Format();

    @Override
    public Integer call() throws IOException {
        LearnedClassifier learned = promptOptions.read();
        try (Clip clip = learned.open()) {
            NearestWords nearest = unless(() -> NearestWords.of(clip, learned.file(), count, words));
            require(nearest.compared() > 0, "the model has no token to compare with");
            if (format.json) {
                console.print(Json.object()
                        .put("warning", WARNING)
                        .put("compared_tokens", nearest.compared())
                        .put("untrained_tokens", nearest.untrained())
                        .set("nearest", table(nearest).json()));
                return 0;
            }
            table(nearest).print(format.chosen(), console);
            if (nearest.untrained() > 0) {
                console.note(
                        "compared with %s tokens; %s more have no embedding in this model",
                        count(nearest.compared()), count(nearest.untrained()));
            }
            console.note(WARNING);
        }
        return 0;
    }

    /** A word of a vector; ranks count from 1. */
    private record Ranked(ContextVector vector, int rank, Word word) {

        String first(Object text) {
            return rank == 1 ? text.toString() : "";
        }
    }

    private static Table<Ranked> table(NearestWords nearest) {
        Table<Ranked> rows = new Table<Ranked>();
        if (nearest.vectors().get(0).className().isPresent()) {
            rows.shown(
                    "class",
                    WORDS,
                    r -> r.vector.className(),
                    r -> r.first(r.vector.className().orElseThrow()));
        }
        rows.shown("vector", NUMBERS, r -> r.vector.number(), r -> r.first(r.vector.number()))
                .data("rank", Ranked::rank)
                .data("token", r -> r.word.token())
                .data("symbol", r -> r.word.symbol())
                .text("nearest", r -> r.word.text())
                .number("distance", 4, r -> r.word.distance());
        for (ContextVector vector : nearest.vectors()) {
            for (Word word : vector.nearest()) {
                rows.row(new Ranked(vector, 1 + vector.nearest().indexOf(word), word));
            }
        }
        return rows;
    }
}
