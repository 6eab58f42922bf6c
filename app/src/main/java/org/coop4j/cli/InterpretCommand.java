package org.coop4j.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.function.Function;
import org.coop4j.base.Numbers;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.Options;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.console.Table;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.NearestWords;
import org.coop4j.method.NearestWords.ContextVector;
import org.coop4j.method.NearestWords.Word;
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
        },
        footer = {
            "Examples:",
            "  coop interpret -p run",
            "  coop interpret -p run -k 10 --words"
        })
final class InterpretCommand extends ConsoleCommand {

    static final String WARNING = "The nearest words are not the meaning of a vector: it need not be close to any"
            + " word, and some vectors are closest to meaningless tokens (CoOp paper)";

    @Mixin
    private PromptOptions promptOptions;

    @Option(
            names = {"-k", "--nearest"},
            defaultValue = "3",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description = "Words per vector" + Options.DEFAULT)
    private int count;

    @Option(names = "--words", description = "Only tokens that end a word, so that most are whole words.")
    private boolean words;

    @ArgGroup
    private Options.Format format = new Options.Format();

    @Override
    public Integer call() throws IOException {
        ClassifierFile prompt = promptOptions.read();
        try (Clip clip = promptOptions.open(prompt)) {
            NearestWords nearest = NearestWords.of(
                    clip, prompt, count, words ? NearestWords.Tokens.WORD_ENDS : NearestWords.Tokens.ALL);
            if (nearest.compared() == 0) {
                throw new CommandFailure("the model has no token to compare with");
            }
            if (format.chosen() == Table.Format.JSON) {
                console.print(json(nearest));
                return 0;
            }
            if (format.chosen() == Table.Format.CSV) {
                csv(nearest).print(Table.Format.CSV, console);
            } else {
                table(nearest).lines().print(console.out());
                if (nearest.untrained() > 0) {
                    console.note("compared with %s tokens; %s more have no embedding in this model"
                            .formatted(Numbers.count(nearest.compared()), Numbers.count(nearest.untrained())));
                }
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
                    .number(i == 0 ? "distance" : "", 4, v -> v.nearest().get(rank).distance());
        }
        return rows.rows(nearest.vectors());
    }

    /** A word of a vector; ranks count from 1. */
    private record Ranked(ContextVector vector, int rank, Word word) {}

    private static Table<Ranked> csv(NearestWords nearest) {
        Table<Ranked> rows = new Table<Ranked>()
                .data("class", r -> r.vector.className())
                .data("vector", r -> r.vector.number())
                .data("rank", Ranked::rank);
        words(rows, Ranked::word);
        for (ContextVector vector : nearest.vectors()) {
            for (int i = 0; i < vector.nearest().size(); i++) {
                rows.row(new Ranked(vector, i + 1, vector.nearest().get(i)));
            }
        }
        return rows;
    }

    private static <T> Table<T> words(Table<T> rows, Function<T, Word> word) {
        return rows.data("token", r -> word.apply(r).token())
                .data("symbol", r -> word.apply(r).symbol())
                .data("text", r -> word.apply(r).text())
                .data("distance", r -> word.apply(r).distance());
    }

    private static ObjectNode json(NearestWords nearest) {
        ObjectNode json = Json.object()
                .put("warning", WARNING)
                .put("compared_tokens", nearest.compared())
                .put("untrained_tokens", nearest.untrained());
        json.set(
                "vectors",
                new Table<ContextVector>()
                        .data("class", ContextVector::className)
                        .data("vector", ContextVector::number)
                        .data("nearest", v -> words(new Table<Word>(), w -> w)
                                .rows(v.nearest())
                                .json())
                        .rows(nearest.vectors())
                        .json());
        return json;
    }
}
