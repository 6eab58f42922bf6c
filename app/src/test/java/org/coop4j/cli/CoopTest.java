package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.ResourceBundle;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.coop4j.console.Console;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

class CoopTest {

    /** Every command by name. */
    static Stream<String> commands() {
        OutputStream nowhere = OutputStream.nullOutputStream();
        Console console = new Console(nowhere, nowhere, false, 80);
        return names(Coop.commandLine(console));
    }

    private static Stream<String> names(CommandLine line) {
        return line.getSubcommands().entrySet().stream()
                .flatMap(command -> Stream.concat(
                        Stream.of(command.getKey()),
                        names(command.getValue()).map(name -> command.getKey() + " " + name)));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandExplainsItselfWithExamplesInWholeLines(String command) {
        CommandRun run = coop((Object[]) (command + " --help").split(" ")).ok();
        String help = run.out();
        assertThat(help).contains("Usage: coop " + command).containsPattern("Examples?:");
        assertThat(help.lines()).allMatch(line -> line.length() <= 80);
        assertThat(run.err()).isEmpty();
        assertThat(help.substring(help.indexOf("Example"), help.indexOf("Usage:"))
                        .lines())
                .allMatch(line -> line.isEmpty() || line.matches("(  coop |  source |    |[A-Z]).*"));
    }

    @Test
    void everyCommandIsFoundByTheNameOfItsClass() {
        assertThat(Coop.COMMANDS)
                .allMatch(type ->
                        Coop.isNamed(type, type.getAnnotation(Command.class).name()));
    }

    @Test
    void theMenusEntryOpensTheStudioOnAFolder() throws IOException {
        Properties entry = new Properties();
        try (Reader lines = Files.newBufferedReader(Path.of("src/dist/coop4j.desktop"))) {
            entry.load(lines);
        }
        assertThat(entry.getProperty("MimeType")).isEqualTo("inode/directory;");
        List<String> command = List.of(entry.getProperty("Exec").split(" "));
        assertThat(command).startsWith("coop").endsWith("%F");
        Object[] words = command.stream()
                .skip(1)
                .map(word -> word.replace("%F", "no such folder"))
                .toArray();
        assertThat(coop(words).failed(2)).contains("no such folder is not a folder");
    }

    @Test
    void everyOptionIsDescribedAndNoDescriptionIsLeftOver() {
        Set<String> unused =
                new TreeSet<>(ResourceBundle.getBundle("org.coop4j.cli.help").keySet());
        Stream.concat(Stream.of("coop"), commands().map(name -> "coop " + name)).forEach(command -> {
            CommandLine line = Coop.commandLine(new Console(System.out, System.err, false, 80));
            for (String name : command.split(" ", -1)) {
                line = line.getSubcommands().getOrDefault(name, line);
            }
            String prefix = command.replace(' ', '.') + ".";
            assertThat(line.getCommandSpec().usageMessage().description())
                    .as(command)
                    .isNotEmpty();
            unused.removeIf(key -> key.startsWith(prefix + "usage."));
            for (ArgSpec argument : line.getCommandSpec().args()) {
                String name = argument instanceof OptionSpec option
                        ? option.longestName().substring(2)
                        : argument.paramLabel() + "[" + ((PositionalParamSpec) argument).index() + "]";
                assertThat(argument.description()).as(prefix + name).isNotEmpty();
                if (!unused.remove(prefix + name)) {
                    unused.remove(name);
                }
            }
        });
        assertThat(unused).isEmpty();
    }

    @Test
    void theHelpBeginsWithThePurposeAndHasTheUsualOptionsFirst() {
        String help = coop("train", "--help").out();
        assertThat(help)
                .startsWith("Learn a classifier")
                .containsSubsequence("Examples:", "Usage:", "--model", "--method", "More options:", "--vocabulary");
        assertThat(coop("help", "train").out()).isEqualTo(help);
        assertThat(coop("help").out()).isEqualTo(coop("--help").out());
    }

    @Test
    void completionIsForBashAndZsh() {
        assertThat(coop("completion", "zsh").out())
                .isEqualTo(coop("completion", "bash").out())
                .contains("zero-shot", "--checkpoint-every");
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        assertThat(coop("--version").out()).containsPattern("^coop4j \\d+\\.\\d+\\.\\d+");
    }

    @Test
    void withoutACommandTheUsageIsShownAsAnError() {
        CommandRun run = coop();
        assertThat(run.failed(2)).contains("Usage: coop");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void debugShowsWhereAnErrorArose() {
        assertThat(coop("model", "no-such-file").err()).doesNotContain("\tat ");
        assertThat(coop("--debug", "model", "no-such-file").err()).contains("\tat org.coop4j");
        assertThat(coop("model", "no-such-file", "--debug").err()).contains("\tat org.coop4j");
    }

    @Test
    void aTextThatBeginsWithAnAtSignIsNoFileOfArguments() {
        assertThat(coop("tokenize", "@home").out()).contains("@home");
    }

    @Test
    void aReaderThatGoesAwayIsNoError() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Coop.run(new Console(failing("Broken pipe"), err, false, 80), "tokenize", "a");
        assertThat(code).isEqualTo(141);
        assertThat(err.toString(UTF_8)).isEmpty();
    }

    @Test
    void outputThatCannotBeWrittenIsAnError() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Coop.run(new Console(failing("No space left on device"), err, false, 80), "tokenize", "a");
        assertThat(code).isEqualTo(1);
        assertThat(err.toString(UTF_8))
                .contains("standard output", "No space left on device")
                .hasLineCount(1);
    }

    private static OutputStream failing(String message) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(message);
            }
        };
    }

    private final LoggerContext logging = new LoggerContext();
    private final Logger root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
    private final Properties properties = new Properties();

    @AfterEach
    void stop() {
        logging.stop();
    }

    private String line(Level level, String message) {
        Logger logger = logging.getLogger("org.coop4j.Some");
        LoggingEvent event = new LoggingEvent("", logger, level, message, null, null);
        return ((CommandLineLog.Lines) root.iteratorForAppenders().next()).text(event);
    }

    @Test
    void aWarningIsAPlainLine() {
        properties.setProperty("coop.log", "WARN");
        assertThat(CommandLineLog.configure(logging, properties)).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
        assertThat(line(Level.WARN, "no\nfit\u009b")).isEqualTo("coop: no?fit?" + System.lineSeparator());
        assertThat(logging.getLogger("org.coop4j.Some").isInfoEnabled()).isFalse();
    }

    @Test
    void levelAndPatternAreThoseAskedFor() {
        properties.setProperty("coop.log", "INFO");
        properties.setProperty("coop.log.pattern", "%level %logger{0}: %msg");
        CommandLineLog.configure(logging, properties);
        assertThat(line(Level.INFO, "x")).isEqualTo("INFO Some: x");
        assertThat(logging.getLogger("org.coop4j.Some").isInfoEnabled()).isTrue();
    }

    @Test
    void anApplicationAndAUserWithAConfigurationKeepTheirLog() {
        assertThat(CommandLineLog.configure(logging, properties)).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
        properties.setProperty("coop.log", "WARN");
        properties.setProperty("logback.configurationFile", "mine.xml");
        assertThat(CommandLineLog.configure(logging, properties)).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
        assertThat(root.iteratorForAppenders().hasNext()).isFalse();
    }

    @Test
    void logbackFindsIt() {
        assertThat(ServiceLoader.load(Configurator.class)).hasAtLeastOneElementOfType(CommandLineLog.class);
    }
}
