package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.Table;
import org.coop4j.findings.OpenPool;
import org.coop4j.findings.PoolAnswers;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Question;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop next}: which pictures to label next. */
@Command(name = "next")
final class NextCommand extends ConsoleCommand {

    @Mixin
    PoolOptions poolOptions;

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            defaultValue = "12",
            converter = Positive.class)
    int count;

    @ArgGroup
    Format format = new Format();

    @Parameters(arity = "1..*", paramLabel = "DIR|IMAGE|FILE")
    List<Path> arguments;

    @Override
    public Integer call() throws IOException {
        try (OpenPool opened = poolOptions.open(arguments, true, true, console)) {
            Pool pool = opened.pool();
            List<Question> questions = pool.next(opened.logits(), opened.space().logitScale(), opened.known(), count);
            new Table<Question>()
                    .text("path", one -> opened.names().get(one.row()))
                    .text("label", one -> PoolAnswers.OPEN)
                    .text("looks_like", one -> opened.className(one.predicted()))
                    .share("probability", Question::probability)
                    .count("resembles", Question::covers)
                    .rows(questions)
                    .print(format.chosen(), console);
            if (questions.isEmpty()) {
                console.note("every picture has a label");
            }
            return opened.exitCode();
        }
    }
}
