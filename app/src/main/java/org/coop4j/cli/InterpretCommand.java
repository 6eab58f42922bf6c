package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.util.Optional;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Format;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.method.ClassifierFile;
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
        ClassifierFile prompt = promptOptions.read();
        try (Clip clip = promptOptions.open(prompt, Optional.of(FLOAT32))) {
            NearestWords nearest = CommandFailure.unless(() -> NearestWords.of(clip, prompt, count, words));
            CommandFailure.require(nearest.compared() > 0, "the model has no token to compare with");
            if (format.json) {
                console.print(Json.object()
                        .put("warning", WARNING)
                        .put("compared_tokens", nearest.compared())
                        .put("untrained_tokens", nearest.untrained())
                        .set("vectors", table(nearest).json()));
                return 0;
            }
            (format.csv ? csv(nearest) : table(nearest)).print(format.chosen(), console);
            if (nearest.untrained() > 0) {
                console.note("compared with %s tokens; %s more have no embedding in this model"
                        .formatted(count(nearest.compared()), count(nearest.untrained())));
            }
            console.note(WARNING);
        }
        return 0;
    }

    private static Table<ContextVector> table(NearestWords nearest) {
        ContextVector first = nearest.vectors().get(0);
        Table<ContextVector> rows = new Table<>();
        if (first.className().isPresent()) {
            rows.text("class", v -> v.className().orElseThrow());
        }
        rows.count("vector", ContextVector::number);
        for (int i = 0; i < first.nearest().size(); i++) {
            int rank = i;
            rows.text(i == 0 ? "nearest" : "", v -> v.nearest().get(rank).text())
                    .in(TABLE)
                    .number(i == 0 ? "distance" : "", 4, v -> v.nearest()
                            .get(rank)
                            .distance())
                    .in(TABLE);
        }
        return rows.data("nearest", ContextVector::nearest).rows(nearest.vectors());
    }

    /** A word of a vector; ranks count from 1. */
    private record Ranked(ContextVector vector, int rank, Word word) {}

    private static Table<Ranked> csv(NearestWords nearest) {
        Table<Ranked> rows = new Table<Ranked>()
                .data("class", r -> r.vector.className())
                .data("vector", r -> r.vector.number())
                .data("rank", Ranked::rank)
                .data("token", r -> r.word.token())
                .data("symbol", r -> r.word.symbol())
                .data("text", r -> r.word.text())
                .data("distance", r -> r.word.distance());
        for (ContextVector vector : nearest.vectors()) {
            int rank = 1;
            for (Word word : vector.nearest()) {
                rows.row(new Ranked(vector, rank++, word));
            }
        }
        return rows;
    }
}
