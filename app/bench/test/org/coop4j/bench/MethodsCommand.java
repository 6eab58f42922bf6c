package org.coop4j.bench;

import static org.coop4j.cli.BenchCommand.DEFAULT;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.cli.ConsoleCommand;
import org.coop4j.cli.Converters.Positive;
import org.coop4j.cli.Options;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.method.Method;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code methods}: time and memory of the methods that learn from image features. */
@Command(
        name = "methods",
        description = {
            "Measure the methods that learn from image features, on random features.",
            "",
            "Shows the seconds of learning and of classifying the test images, and the peak memory of the process."
                    + " The accuracy only proves that something was learned: features are class centres with noise."
        },
        footer = {"  methods", "  methods --classes 1000 --tests 50000 --method gda --json"})
final class MethodsCommand extends ConsoleCommand {

    /** The widest number of the table. */
    private static final List<String> WIDEST = List.of("10,000.00");

    @Option(
            names = "--method",
            split = ",",
            paramLabel = "NAME",
            description = "Methods to measure (default: all of image features).")
    private List<String> names = List.of();

    @Option(
            names = "--classes",
            paramLabel = "N",
            converter = Positive.class,
            description = "Number of classes" + DEFAULT)
    private int classes = 100;

    @Option(
            names = "--shots",
            paramLabel = "K",
            converter = Positive.class,
            description = "Training images per class" + DEFAULT)
    private int shots = 16;

    @Option(
            names = "--width",
            paramLabel = "N",
            converter = Positive.class,
            description = "Width of a feature" + DEFAULT)
    private int width = 512;

    @Option(names = "--tests", paramLabel = "N", converter = Positive.class, description = "Test images" + DEFAULT)
    private int tests = 2500;

    @ArgGroup
    private Options.LineFormat format = new Options.LineFormat();

    @Override
    public Integer call() throws IOException {
        MethodBench bench = new MethodBench(classes, shots, width, tests);
        List<Method> methods = names.isEmpty() ? MethodBench.methods() : named();
        Table<MethodBench.Outcome> rows = new Table<MethodBench.Outcome>()
                .text("method", MethodBench.Outcome::method)
                .among(methods.stream().map(Method::id).toList())
                .number("fit_s", 2, MethodBench.Outcome::fitSeconds)
                .among(WIDEST)
                .number("test_s", 2, MethodBench.Outcome::testSeconds)
                .among(WIDEST)
                .share("accuracy", outcome -> (float) outcome.accuracy())
                .count("peak_mb", outcome -> outcome.peakBytes() >> 20)
                .among(WIDEST);
        try (Table<MethodBench.Outcome>.Printer printer = rows.printer(format.chosen(), console)) {
            for (Method method : methods) {
                printer.print(bench.run(method));
            }
        }
        return 0;
    }

    private List<Method> named() {
        List<Method> known = MethodBench.methods();
        List<Method> chosen = new ArrayList<>();
        for (String name : names) {
            chosen.add(known.stream()
                    .filter(method -> method.id().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new WrongUsage("--method: expected one of %s, got \"%s\""
                            .formatted(known.stream().map(Method::id).toList(), name))));
        }
        return chosen;
    }
}
