package org.coop4j.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
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

    private static final String LOG_CONFIGURATION = "logback.configurationFile";

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
        configureLogging();
        Console console = Console.system();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> console.status(""), "coop-status"));
        System.exit(run(console, arguments));
    }

    /** As a library, coop4j configures no logging; on the command line, the user's own wins. */
    static void configureLogging() {
        System.getProperties().putIfAbsent(LOG_CONFIGURATION, "org/coop4j/cli/logback.xml");
    }

    /** Runs the command line on a console. */
    static int run(Console console, String... arguments) {
        Problems problems = new Problems(console);
        try {
            int code = commandLine(console, problems).execute(arguments);
            console.flush();
            return code;
        } catch (RuntimeException | Error e) {
            return problems.failed(e);
        }
    }

    /** All commands. */
    static CommandLine commandLine(Console console, Problems problems) {
        Coop coop = new Coop(console);
        CommandLine model =
                new CommandLine(new ModelCommand(console))
                        .addSubcommand(new ModelNewCommand(console))
                        .addSubcommand(new ModelPackCommand(console));
        CommandLine datasets =
                new CommandLine(new DatasetsCommand(console))
                        .addSubcommand(new DatasetsCheckCommand(console))
                        .addSubcommand(new DatasetsShowCommand(console));
        CommandLine bench =
                new CommandLine(new BenchCommand(console))
                        .addSubcommand(new BenchMethodsCommand(console))
                        .addSubcommand(new BenchServeCommand(console));
        CommandLine line =
                new CommandLine(coop)
                        .addSubcommand(new DemoCommand(console))
                        .addSubcommand(new DownloadCommand(console))
                        .addSubcommand(new ConvertCommand(console))
                        .addSubcommand(model)
                        .addSubcommand(new TokenizeCommand(console))
                        .addSubcommand(new ZeroShotCommand(console))
                        .addSubcommand(new EmbedCommand(console))
                        .addSubcommand(datasets)
                        .addSubcommand(new TrainCommand(console))
                        .addSubcommand(new MethodsCommand(console))
                        .addSubcommand(new SweepCommand(console))
                        .addSubcommand(new PretrainCommand(console))
                        .addSubcommand(new EvalCommand(console))
                        .addSubcommand(new PredictCommand(console))
                        .addSubcommand(new CompareCommand(console))
                        .addSubcommand(new AddClassCommand(console))
                        .addSubcommand(new ServeCommand(console))
                        .addSubcommand(new InterpretCommand(console))
                        .addSubcommand(new ReportCommand(console))
                        .addSubcommand(new ImportCommand(console))
                        .addSubcommand(new ExportCommand(console))
                        .addSubcommand(bench)
                        .addSubcommand(new DoctorCommand(console));
        return configure(line, coop, console, problems);
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
            System.setProperty("coop.log", "INFO");
            System.setProperty("coop.log.pattern", "%d{HH:mm:ss.SSS} %-5level %logger{24}: %msg%n");
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(console.err());
        return CommandLine.ExitCode.USAGE;
    }
}
