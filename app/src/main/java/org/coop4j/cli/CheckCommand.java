package org.coop4j.cli;

import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options.Format;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Table;
import org.coop4j.findings.OpenPool;
import org.coop4j.findings.PoolAnswers;
import org.coop4j.findings.SortedPool;
import org.coop4j.pool.Pool.Answers;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop check}: draws pictures at random for a person to answer, and says what can be promised by the answers. */
@Command(name = "check")
final class CheckCommand extends PoolCommand {

    private static final List<Double> ERRORS = List.of(0.1, 0.05, 0.02);

    @Option(
            names = {"-n", "--count"},
            paramLabel = "N",
            defaultValue = "100",
            converter = Positive.class)
    int count;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1")
    long seed;

    @Mixin
    Checked answers;

    /** A person's answers to pictures that were drawn, and the file that the command writes. */
    static final class Checked {
        @Option(names = "--checked", paramLabel = "FILE", converter = FileName.class)
        Path file;

        @Option(
                names = {"-o", "--out"},
                paramLabel = "FILE",
                converter = FileName.class)
        Path out;

        Map<Integer, Integer> read(OpenPool opened) throws IOException {
            return file == null ? Map.of() : PoolAnswers.read(file, opened.names(), opened.classNames());
        }

        /** Writes a table into the file; returns false if there is none. */
        boolean write(Table<?> table) throws IOException {
            if (out != null) {
                AtomicFile.write(out, CsvFormat.text(table));
            }
            return out != null;
        }
    }

    @ArgGroup
    Format format = new Format();

    @Override
    public Integer call() throws IOException {
        return open(true, false, opened -> {
            if (answers.file == null) {
                draw(opened);
            } else {
                promise(opened, answers.read(opened));
            }
        });
    }

    /** Prints pictures that nobody has labelled, each as likely as any other. */
    private void draw(OpenPool opened) throws IOException {
        List<Integer> rows = IntStream.range(0, opened.pool().size())
                .filter(i -> !opened.known().containsKey(i))
                .boxed()
                .collect(Collectors.toCollection(ArrayList::new));
        require(count <= rows.size(), "--count %d: the pool has %d pictures without a label", count, rows.size());
        Collections.shuffle(rows, new Random(seed));
        Table<Integer> table = new Table<Integer>()
                .text("path", opened.names()::get)
                .text("label", row -> PoolAnswers.OPEN)
                .rows(rows.subList(0, count));
        if (answers.write(table)) {
            console.note(
                    "write the class of each picture into %s, or nothing for none of them, and give it as --checked",
                    answers.out);
        } else {
            table.print(format.chosen(), console);
        }
    }

    private void promise(OpenPool opened, Map<Integer, Integer> checked) {
        Answers joint = opened.joint(checked, console);
        long right = checked.entrySet().stream()
                .filter(one -> joint.labels()[one.getKey()] == one.getValue())
                .count();
        new Table<Double>()
                .share("error", error -> error)
                .count("accepted", error -> accepted(joint, checked, error))
                .share(
                        "share",
                        error -> accepted(joint, checked, error)
                                / (double) opened.pool().size())
                .rows(ERRORS)
                .print(format.chosen(), console);
        console.note(
                "%d of %d checked answers are right; coop sort --accept ERROR --checked %s accepts as many",
                right, checked.size(), answers.file);
    }

    private static long accepted(Answers joint, Map<Integer, Integer> checked, double error) {
        return DoubleStream.of(joint.confidences())
                .filter(SortedPool.acceptance(joint, checked, error)::accepts)
                .count();
    }
}
