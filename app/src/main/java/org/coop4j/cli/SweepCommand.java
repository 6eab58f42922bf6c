package org.coop4j.cli;

import static java.util.stream.Collectors.joining;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.duration;
import static org.coop4j.console.Table.Format.TABLE;
import static org.coop4j.console.Table.Kind.WORDS;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.coop4j.base.InputException;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.cli.Options.Bank;
import org.coop4j.cli.Options.Format;
import org.coop4j.cli.Options.Memory;
import org.coop4j.cli.ServeCommand.Named;
import org.coop4j.clip.Clip;
import org.coop4j.console.Interrupt;
import org.coop4j.console.Table;
import org.coop4j.console.WrongUsage;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.coop4j.study.Results;
import org.coop4j.study.Score;
import org.coop4j.study.StudyTables;
import org.coop4j.study.Sweep;
import org.coop4j.study.Sweep.Cluster;
import org.coop4j.study.Sweep.Site;
import org.coop4j.study.SweepPlan;
import org.coop4j.study.SweepPlan.PlanException;
import org.coop4j.study.SweepRun.RunState;
import org.coop4j.study.SweepRun.RunState.Status;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop sweep}: datasets × methods × shots × seeds, from a plan. */
@Command(name = "sweep")
final class SweepCommand extends ConsoleCommand {

    @Parameters(arity = "0..1", paramLabel = "PLAN.yaml", converter = FileName.class)
    Path plan;

    @Mixin
    ModelOptions options;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR")
    Path out;

    @Option(
            names = {"-d", "--data"},
            paramLabel = "DIR")
    Path data;

    @Mixin
    Bank bankOptions;

    @Mixin
    Memory memory;

    @Option(names = "--spark", paramLabel = "MASTER")
    String spark;

    @Option(names = "--dry-run")
    boolean dryRun;

    @Option(names = "--example")
    boolean example;

    @ArgGroup
    Format format = new Format();

    @Override
    public Integer call() throws IOException {
        if (example) {
            console.out().print(SweepPlan.example());
            return 0;
        }
        require(plan, "PLAN.yaml");
        require(options.model, "--model=FILE");
        require(out, "--out=DIR");
        WrongUsage.require(
                spark == null || options.vocabulary.folder == null,
                "--vocabulary does not reach Spark's executors: omit --spark");
        Run.Options kept = bankOptions.options(out.resolve("bank"), memory.limit);
        SweepPlan read = SweepPlan.read(plan, Optional.ofNullable(data));
        Optional<Integer> begun = spark == null ? Sweep.threads(out) : Optional.empty();
        begun.filter(threads -> !dryRun && threads != Workers.standard().count())
                .ifPresent(threads -> console.note("computing with %s, as the sweep began", count(threads, "thread")));
        Workers workers = begun.map(Workers::new).orElseGet(Workers::standard);
        try (Clip clip = options.vocabulary.open(options.model, Optional.of(Precision.FLOAT32), workers)) {
            Sweep sweep = Sweep.of(new Images(clip, kept), read);
            if (dryRun) {
                list(sweep.states(out));
                return 0;
            }
            return run(sweep, clip, kept);
        } catch (PlanException e) {
            e.problems().forEach(console::warn);
            return 1;
        }
    }

    private void require(Path given, String name) {
        WrongUsage.require(given != null, "missing " + name + "; --example prints a plan to start from");
    }

    private int run(Sweep sweep, Clip clip, Run.Options kept) throws IOException {
        List<RunState> outcome;
        Optional<Cluster> cluster = spark == null
                ? Optional.empty()
                : ServiceLoader.load(Cluster.class).findFirst();
        InputException.require(
                spark == null || cluster.isPresent(),
                "neither Spark nor coop4j-spark is on the class path: start the sweep with spark-submit, as docs/spark.md"
                        + " shows");
        SweepScreen screen = new SweepScreen(console);
        Interrupt interrupt = new Interrupt(console, "stopped; repeat the command to resume");
        try (interrupt;
                screen) {
            outcome = cluster.isPresent()
                    ? sweep.run(out, screen, cluster.get(), site(clip, kept))
                    : sweep.run(out, screen);
        }
        print(outcome);
        console.flush();
        return printFailures(outcome) ? 1 : 0;
    }

    private void print(List<RunState> outcome) {
        List<Score> scores = Sweep.scores(outcome);
        if (format.chosen() == TABLE) {
            Table<?> table = StudyTables.byShots("", Results.of(scores));
            table.print(TABLE, console);
            console.print(table.caption() + "; runs: " + out.resolve("runs"));
        } else {
            StudyTables.scores(Map.of(Named.of(options.model), scores)).print(format.chosen(), console);
        }
    }

    /** Names the failed runs by reason; returns true if there are any. */
    private boolean printFailures(List<RunState> outcome) {
        List<RunState> failures =
                outcome.stream().filter(run -> run.failure().isPresent()).toList();
        if (failures.isEmpty()) {
            return false;
        }
        console.warn(
                "%d of %s failed; the same command tries them again:", failures.size(), count(outcome.size(), "run"));
        Results.grouped(failures, run -> run.failure().orElseThrow()).forEach((reason, runs) -> {
            String others = runs.size() == 1 ? "" : " and " + count(runs.size() - 1, "other");
            console.warn("  " + SweepScreen.describe(runs.get(0).run()) + others + ": " + reason);
        });
        return true;
    }

    /** Executors see the same files under the same paths, but for the model that is shipped. */
    private Site site(Clip clip, Run.Options kept) throws IOException {
        Path model = options.model;
        return new Site(
                spark,
                options.file().equals(model) ? absolute(model) : model.toString(),
                clip.modelSha256(),
                absolute(kept.bankFolder()),
                kept.skipBad(),
                kept.memory().bytes(),
                absolute(out));
    }

    private static String absolute(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    private void list(List<RunState> runs) {
        new Table<RunState>()
                .text("run", state -> state.run().folder().toString())
                .numbers("epochs", state -> epochs(state) == 0 ? "" : epochs(state))
                .in(TABLE)
                .shown(
                        "state",
                        WORDS,
                        SweepCommand::name,
                        state -> name(state)
                                + state.failure().map(why -> ": " + why).orElse(""))
                .data("epochs", SweepCommand::epochs)
                .rows(runs)
                .print(format.chosen(), console);
        String counts = Results.grouped(runs, SweepCommand::name).entrySet().stream()
                .map(state -> state.getValue().size() + " " + state.getKey())
                .collect(joining(", "));
        double seconds = Sweep.seconds(
                runs,
                runs.stream()
                        .filter(state -> state.status() != Status.FINISHED)
                        .map(RunState::run)
                        .toList());
        console.note(
                "%s: %s; %s",
                count(runs.size(), "run"),
                counts,
                Double.isNaN(seconds)
                        ? "the time is known once a run is finished"
                        : "about %s left, by the finished runs".formatted(duration(seconds)));
    }

    private static int epochs(RunState state) {
        return state.run().config().training().epochs();
    }

    private static String name(RunState state) {
        return state.status().name().toLowerCase(Locale.ROOT);
    }
}
