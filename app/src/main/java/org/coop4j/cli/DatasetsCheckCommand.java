package org.coop4j.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import org.coop4j.cli.options.Options;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.data.benchmark.BenchmarkCheck;
import org.coop4j.data.benchmark.Benchmarks;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code coop datasets check}: what of the published datasets is on disk, and whether it is whole.
 */
@Command(
        name = "check",
        description = {
            "Check which published datasets a folder has, and whether they are complete: numbers of"
                + " classes and images beside the published ones, missing files, and where the"
                + " train, val and test lists come from. Nothing is written, no image is opened.",
            "",
            "A dataset that is absent is not an error: the exit code is 1 only if one is damaged,"
                    + " incomplete or of another size.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  coop datasets check DATA",
            "  coop datasets check DATA caltech101 dtd",
            "  coop datasets check DATA --json"
        })
final class DatasetsCheckCommand implements Callable<Integer> {

    private final Console console;

    @ArgGroup private Options.Format format = new Options.Format();

    @Parameters(
            index = "0",
            paramLabel = "ROOT",
            description = "The folder that holds the datasets, each in a subfolder.")
    private Path root;

    @Parameters(
            index = "1..*",
            paramLabel = "NAME",
            description = "The datasets to check (default: all).")
    private List<String> names = List.of();

    DatasetsCheckCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (!Files.isDirectory(root)) {
            throw new CommandFailure(
                    root + " is not a folder: give the folder that holds the datasets");
        }
        List<BenchmarkCheck> checks = new ArrayList<>();
        for (Benchmark benchmark : benchmarks()) {
            checks.add(BenchmarkCheck.of(benchmark, root, console));
        }
        new DatasetsReport(root, checks).print(format.chosen(), console);
        boolean faulty = checks.stream().anyMatch(check -> check.status().isFaulty());
        return faulty ? 1 : 0;
    }

    /** picocli would call a list's element that it cannot convert an unmatched argument. */
    private Collection<Benchmark> benchmarks() {
        Benchmarks published = Benchmarks.published();
        if (names.isEmpty()) {
            return published.all();
        }
        return WrongUsage.unless(() -> names.stream().map(published::get).distinct().toList());
    }
}
