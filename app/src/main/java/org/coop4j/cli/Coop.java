package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ResourceBundle;
import java.util.ResourceBundle.Control;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.coop4j.base.Resource;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Console;
import org.coop4j.graph.host.Backend;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code coop}: the way in, and the options that all commands share. */
@Command(name = "coop", synopsisSubcommandLabel = "COMMAND")
public final class Coop implements Callable<Integer> {

    /** Exit code of a program that wrote to a closed pipe: 128 + SIGPIPE. */
    static final int EXIT_READER_GONE = 141;

    /** System property: the lowest level that is logged; without it, the log belongs to another program. */
    static final String LOG_LEVEL = "coop.log";

    /** System property: the pattern of log lines, as logback has them; without it, plain. */
    static final String LOG_PATTERN = "coop.log.pattern";

    private static final String PLUGINS = "COOP_PLUGINS";

    /** Commands that mostly classify one picture. */
    private static final Set<Class<?>> BRIEF = Set.of(PredictCommand.class, ZeroShotCommand.class);

    /** All commands, in the order of the help. */
    public static final List<Class<? extends ConsoleCommand>> COMMANDS = List.of(
            DemoCommand.class,
            DownloadCommand.class,
            ConvertCommand.class,
            ModelCommand.class,
            TokenizeCommand.class,
            ZeroShotCommand.class,
            EmbedCommand.class,
            DatasetsCommand.class,
            TrainCommand.class,
            MethodsCommand.class,
            SweepCommand.class,
            EvalCommand.class,
            PredictCommand.class,
            TagCommand.class,
            SortCommand.class,
            NextCommand.class,
            CheckCommand.class,
            SearchCommand.class,
            MapCommand.class,
            CompareCommand.class,
            AddClassCommand.class,
            ServeCommand.class,
            McpCommand.class,
            StudioCommand.class,
            InterpretCommand.class,
            ReportCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            BenchCommand.class,
            DoctorCommand.class,
            CompletionCommand.class);

    private final Console console;
    private final Problems problems;
    /** Descriptions of all commands and options, and their examples. */
    private final ResourceBundle texts =
            ResourceBundle.getBundle("org.coop4j.cli.help", Locale.ROOT, Control.getControl(Control.FORMAT_PROPERTIES));

    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show log lines and stack traces.")
    boolean debug;

    @Option(
            names = {"-q", "--quiet"},
            scope = ScopeType.INHERIT,
            description = "Show results and problems only, no progress.")
    boolean quiet;

    @Option(
            names = "--plugins",
            scope = ScopeType.INHERIT,
            paramLabel = "DIR",
            description = "Folder of jars with methods of others (default: COOP_PLUGINS).")
    Path plugins;

    private Coop(Console console) {
        this.console = console;
        this.problems = new Problems(console);
    }

    /** Runs the command line and ends the process with its exit code. */
    public static void main(String[] arguments) {
        main(COMMANDS, arguments);
    }

    /** Runs one of these commands, in the form of {@code coop}'s own, and ends the process. */
    public static void main(List<Class<? extends ConsoleCommand>> commands, String... arguments) {
        useLog();
        Console console = Console.system();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> console.status(""), "coop-status"));
        System.exit(run(console, commands, arguments));
    }

    /** Sets the log level, unless it is set; to be called before the first logger is made. */
    static void useLog() {
        System.getProperties().putIfAbsent(LOG_LEVEL, "WARN");
    }

    /** Runs the command line on a console and returns the exit code. */
    static int run(Console console, String... arguments) {
        return run(console, COMMANDS, arguments);
    }

    /**
     * Runs one of these commands on a console and returns the exit code. If the arguments name a command, only that one
     * is made: picocli reads annotations by reflection, which for all commands takes longer than some of them run.
     */
    public static int run(Console console, List<Class<? extends ConsoleCommand>> commands, String... arguments) {
        List<String> words = new ArrayList<>(List.of(arguments));
        if (arguments.length > 0 && words.get(0).equals("help")) { // "help train" is "train --help"
            words.remove(0);
            words.add("--help");
        }
        String first =
                words.stream().filter(word -> !word.startsWith("-")).findFirst().orElse("");
        List<Class<? extends ConsoleCommand>> named =
                commands.stream().filter(type -> isNamed(type, first)).toList();
        if (named.stream().anyMatch(BRIEF::contains)) {
            startAhead(words);
        }
        Coop coop = new Coop(console);
        try {
            int code = coop.commandLine(named.isEmpty() ? commands : named).execute(words.toArray(String[]::new));
            console.flush();
            return code;
        } catch (RuntimeException | Error e) {
            return coop.problems.failed(e);
        }
    }

    /** Returns true if a class such as {@code TrainCommand} is the command of a name: its annotation takes longer. */
    static boolean isNamed(Class<?> type, String command) {
        return type.getSimpleName().equalsIgnoreCase(command.replace("-", "") + "Command");
    }

    /** Starts ND4J while picocli makes a command that takes no longer, unless an option changes how it starts. */
    private static void startAhead(List<String> words) {
        if (System.getenv(PLUGINS) == null
                && words.stream().noneMatch(word -> word.matches("-h|--(help|debug|plugins)(=.*)?"))) {
            Backend.startAhead();
        }
    }

    /** Returns the command line with all commands. */
    static CommandLine commandLine(Console console) {
        return new Coop(console).commandLine(COMMANDS);
    }

    private CommandLine commandLine(List<Class<? extends ConsoleCommand>> commands) {
        CommandLine line = new CommandLine(this);
        commands.forEach(line::addSubcommand);
        prepare(line);
        Converters.register(line);
        return line.setOut(new PrintWriter(console.out(), true, UTF_8))
                .setErr(new PrintWriter(console.err(), true, UTF_8))
                .setExpandAtFiles(false) // "@home" is a text, not a file of arguments
                .setUsageHelpWidth(Math.min(console.width(), 100))
                .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .setParameterExceptionHandler(problems::wrongUsage)
                .setExecutionExceptionHandler((e, command, parsed) -> problems.failed(e, command))
                .setExecutionStrategy(this::execute);
    }

    /** Gives a command and its subcommands --help, --version and the console. */
    private void prepare(CommandLine line) {
        CommandSpec spec = line.getCommandSpec();
        spec.mixinStandardHelpOptions(true);
        spec.version("coop4j " + version(), "Java ${java.version} (${java.vendor}), ${os.name} ${os.arch}");
        spec.usageMessage().sortOptions(false);
        if (spec.userObject().getClass().getPackage().equals(Coop.class.getPackage())) {
            spec.resourceBundle(texts);
        }
        if (spec.userObject() instanceof ConsoleCommand command) {
            command.console = console;
            CommandHelp.arrange(spec);
        }
        line.getSubcommands().values().forEach(this::prepare);
    }

    /** Returns the version, which the build writes into a resource. */
    static String version() {
        return Resource.text(Coop.class, "version.txt").strip();
    }

    private int execute(ParseResult parsed) {
        problems.stackTraces = debug;
        console.quiet(quiet);
        if (debug) { // log lines with time and place, if the log is the command line's
            System.getProperties().computeIfPresent(LOG_LEVEL, (name, level) -> "INFO");
            System.setProperty(LOG_PATTERN, "%d{HH:mm:ss.SSS} %-5level %logger{24}: %msg%n");
        }
        String folder = System.getenv(PLUGINS);
        Path given = plugins == null && folder != null && !folder.isEmpty() ? Path.of(folder) : plugins;
        try {
            if (given != null) {
                System.setProperty("org.bytedeco.javacpp.findLibraries", "true"); // also theirs
                Thread.currentThread().setContextClassLoader(loader(given));
            }
        } catch (CommandFailure e) {
            return problems.failed(e);
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    /** Returns the loader of the jars in a folder, in which methods are looked for. */
    private static ClassLoader loader(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            List<URL> jars = new ArrayList<>();
            for (Path jar : files.filter(file -> file.toString().endsWith(".jar"))
                    .sorted()
                    .toList()) {
                jars.add(jar.toUri().toURL());
            }
            require(!jars.isEmpty(), "%s has no jars: give the folder of the methods' jars", folder);
            return new URLClassLoader(
                    jars.toArray(URL[]::new), Thread.currentThread().getContextClassLoader());
        } catch (IOException e) {
            throw new CommandFailure("%s cannot be listed: give the folder of the methods' jars".formatted(folder));
        }
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(console.err());
        return CommandLine.ExitCode.USAGE;
    }
}
