package org.coop4j.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.coop4j.console.Console;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code coop}: the way in, and the options that all commands share. */
@Command(
        name = "coop",
        description = "Context Optimization (CoOp) for CLIP in pure Java.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Examples:",
            "  coop demo",
            "  coop convert ViT-B-32.pt -o vit-b-32.safetensors",
            "  coop zero-shot --model vit-b-32.safetensors --classes cat,dog photo.jpg",
            "",
            "coop COMMAND --help shows the options of a command, with examples.",
            "Exit codes: 0 done, 1 the work failed in whole or in part, 2 wrong usage."
        })
public final class Coop implements Callable<Integer> {

    /** What a shell reports of a program that wrote to a closed pipe: 128 + SIGPIPE. */
    static final int EXIT_READER_GONE = 141;

    private final Console console;

    @Spec private CommandSpec spec;

    @Option(
            names = "--debug",
            scope = ScopeType.INHERIT,
            description = "Show log lines and stack traces.")
    private boolean debug;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            description = "Show results and problems only, no progress.")
    private boolean quiet;

    private Coop(Console console) {
        this.console = console;
    }

    /** Runs the command line and ends the process with its exit code. */
    public static void main(String[] arguments) {
        main(commands(), arguments);
    }

    /** Runs these commands, in the form of {@code coop}'s own, and ends the process. */
    public static void main(Map<String, Function<Console, Object>> commands, String... arguments) {
        LogSettings.use();
        Console console = Console.system();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> console.status(""), "coop-status"));
        System.exit(run(console, commands, arguments));
    }

    /** Runs the command line on a console. */
    static int run(Console console, String... arguments) {
        return run(console, commands(), arguments);
    }

    /** Runs these commands on a console; returns the exit code. */
    public static int run(
            Console console, Map<String, Function<Console, Object>> commands, String... arguments) {
        Problems problems = new Problems(console);
        try {
            int code = named(console, problems, commands, arguments).execute(arguments);
            console.flush();
            return code;
        } catch (RuntimeException | Error e) {
            return problems.failed(e);
        }
    }

    /**
     * The command that the arguments name, or all: picocli reads a command's annotations by
     * reflection, which for all of them takes longer than some of them run.
     */
    private static CommandLine named(
            Console console,
            Problems problems,
            Map<String, Function<Console, Object>> all,
            String... arguments) {
        Map<String, Function<Console, Object>> commands = new LinkedHashMap<>(all);
        Optional<String> named =
                Arrays.stream(arguments).filter(a -> !a.startsWith("-")).findFirst();
        named.filter(commands::containsKey)
                .ifPresent(name -> commands.keySet().retainAll(Set.of(name)));
        return commandLine(console, problems, commands);
    }

    /** All commands. */
    static CommandLine commandLine(Console console, Problems problems) {
        return commandLine(console, problems, commands());
    }

    private static CommandLine commandLine(
            Console console, Problems problems, Map<String, Function<Console, Object>> commands) {
        Coop coop = new Coop(console);
        CommandLine line = new CommandLine(coop);
        commands.forEach((name, command) -> line.addSubcommand(name, command.apply(console)));
        return configure(line, coop, console, problems);
    }

    /** What makes each command, by its name. */
    public static Map<String, Function<Console, Object>> commands() {
        Map<String, Function<Console, Object>> commands = new LinkedHashMap<>();
        commands.put("demo", DemoCommand::new);
        commands.put("download", DownloadCommand::new);
        commands.put("convert", ConvertCommand::new);
        commands.put("model", Coop::model);
        commands.put("tokenize", TokenizeCommand::new);
        commands.put("zero-shot", ZeroShotCommand::new);
        commands.put("embed", EmbedCommand::new);
        commands.put("datasets", Coop::datasets);
        commands.put("train", TrainCommand::new);
        commands.put("methods", MethodsCommand::new);
        commands.put("sweep", SweepCommand::new);
        commands.put("eval", EvalCommand::new);
        commands.put("predict", PredictCommand::new);
        commands.put("compare", CompareCommand::new);
        commands.put("add-class", AddClassCommand::new);
        commands.put("serve", ServeCommand::new);
        commands.put("interpret", InterpretCommand::new);
        commands.put("report", ReportCommand::new);
        commands.put("import", ImportCommand::new);
        commands.put("export", ExportCommand::new);
        commands.put("bench", BenchCommand::new);
        commands.put("doctor", DoctorCommand::new);
        return commands;
    }

    private static CommandLine model(Console console) {
        return new CommandLine(new ModelCommand(console))
                .addSubcommand(new ModelNewCommand(console));
    }

    private static CommandLine datasets(Console console) {
        return new CommandLine(new DatasetsCommand(console))
                .addSubcommand(new DatasetsCheckCommand(console))
                .addSubcommand(new DatasetsShowCommand(console));
    }

    private static CommandLine configure(
            CommandLine line, Coop coop, Console console, Problems problems) {
        addStandardOptions(line);
        return line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8))
                .setExpandAtFiles(false) // "@home" is a text, not a file of arguments
                .setUsageHelpWidth(Math.min(console.width(), 100))
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(problems::wrongUsage)
                .setExecutionExceptionHandler((e, command, parsed) -> problems.failed(e, command))
                .setExecutionStrategy(parsed -> coop.execute(parsed, problems));
    }

    /** Gives --help and --version to every command. */
    private static void addStandardOptions(CommandLine line) {
        line.getCommandSpec().mixinStandardHelpOptions(true);
        line.getCommandSpec().versionProvider(new Version());
        line.getCommandSpec().usageMessage().sortOptions(false).abbreviateSynopsis(false);
        line.getSubcommands().values().forEach(Coop::addStandardOptions);
    }

    private int execute(ParseResult parsed, Problems problems) {
        problems.stackTraces(debug);
        console.quiet(quiet);
        if (debug) {
            LogSettings.showAll();
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(console.err());
        return CommandLine.ExitCode.USAGE;
    }
}
