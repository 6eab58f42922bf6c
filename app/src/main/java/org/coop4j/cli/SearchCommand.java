package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Format;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.InputImage;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.findings.OpenPool;
import org.coop4j.pool.Search;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop search}: pictures by words, or by other pictures. */
@Command(name = "search")
final class SearchCommand extends ConsoleCommand {

    @Mixin
    PoolOptions poolOptions;

    @Option(names = "--not", paramLabel = "WORDS")
    String not;

    @Option(names = "--like", paramLabel = "IMAGE")
    List<Path> like = List.of();

    @Option(names = "--unlike", paramLabel = "IMAGE")
    List<Path> unlike = List.of();

    @Option(
            names = {"-k", "--top"},
            paramLabel = "K",
            defaultValue = "20",
            converter = Positive.class)
    int top;

    @ArgGroup
    Format format = new Format();

    @Parameters(index = "0", paramLabel = "DIR|FILE")
    Path pictures;

    @Parameters(index = "1", arity = "0..1", paramLabel = "WORDS")
    String words;

    /** A picture that was found. */
    private record Found(String path, double score) {}

    @Override
    public Integer call() throws IOException {
        WrongUsage.require(
                (words == null) == !like.isEmpty(), "search by words, or by pictures with --like: give one of both");
        WrongUsage.require(unlike.isEmpty() || !like.isEmpty(), "--unlike goes with --like");
        WrongUsage.require(not == null || words != null, "--not goes with words");
        try (OpenPool opened = poolOptions.open(List.of(pictures), false, true, console)) {
            Search search = opened.pool().search();
            double[] scores = words != null
                    ? search.words(text(opened, words), not == null ? null : text(opened, not))
                    : search.like(examples(opened, like), examples(opened, unlike));
            Table<Found> table = new Table<Found>().text("path", Found::path).number("score", 4, Found::score);
            for (int row : Search.best(scores, top)) {
                table.row(new Found(opened.names().get(row), scores[row]));
            }
            table.print(format.chosen(), console);
            return opened.exitCode();
        }
    }

    private float[] text(OpenPool opened, String text) throws IOException {
        require(
                opened.space().towers().isPresent(),
                "words need the model's text tower: give the model with --model, or search by --like");
        return poolOptions
                .templateOptions
                .prompts(opened.space())
                .classWeights(opened.space(), List.of(text))
                .row(0);
    }

    /** Returns the features of examples: pictures of the pool by their names, and other files. */
    private static FeatureMatrix examples(OpenPool opened, List<Path> examples) throws IOException {
        List<float[]> rows = new ArrayList<>();
        for (Path example : examples) {
            List<Integer> named = IntStream.range(0, opened.names().size())
                    .filter(i -> isNamed(Path.of(opened.names().get(i)), example))
                    .boxed()
                    .toList();
            require(named.size() < 2, "%s is the name of %d pictures: give its path", example, named.size());
            require(!named.isEmpty() || opened.space().towers().isPresent(), "%s is not among the pictures", example);
            rows.add(
                    named.isEmpty()
                            ? opened.space().towers().get().embed(InputImage.of(example))
                            : opened.pool().units().row(named.get(0)));
        }
        return FeatureMatrix.of(rows, opened.pool().units().width());
    }

    private static boolean isNamed(Path picture, Path example) {
        return picture.endsWith(example) || picture.toAbsolutePath().equals(example.toAbsolutePath());
    }
}
