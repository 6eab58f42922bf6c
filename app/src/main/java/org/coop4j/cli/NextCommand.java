package org.coop4j.cli;

import java.io.IOException;
import java.util.List;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.Table;
import org.coop4j.findings.PoolAnswers;
import org.coop4j.pool.Pool;
import org.coop4j.pool.Pool.Question;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code coop next}: which pictures to label next. */
@Command(name = "next")
final class NextCommand extends PoolCommand {

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            defaultValue = "12",
            converter = Positive.class)
    int count;

    @ArgGroup
    Format format = new Format();

    @Override
    public Integer call() throws IOException {
        return open(true, true, opened -> {
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
        });
    }
}
