package org.coop4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.method.Method;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Facts of the sources that {@link RoomsTest} cannot see in classes. */
class SourcesTest {

    private static final Path ROOT = Path.of("..");
    private static final Path LIBRARY = ROOT.resolve("src/main/java/org/coop4j");
    private static final Path APPLICATION = ROOT.resolve("app/src/main/java/org/coop4j");
    private static final Path CONVERTER = ROOT.resolve("weights-converter/src/main/java/org/coop4j");
    private static final Path SPARK = ROOT.resolve("integrations/spark/src/main/java/org/coop4j");

    /** The program and one of its commands are called as methods are. */
    private static final Set<String> OTHERS = Set.of(
            "cli/Coop.java: coop",
            "graph/GraphOp.java: coop",
            "spark/CoopEstimator.java: coop",
            "cli/ZeroShotCommand.java: zero-shot",
            "cli/FirstRun.java: zero-shot");

    private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");

    /** A path of a reading order, as docs/architecture.md lists it. */
    private static final Pattern LISTED =
            Pattern.compile("(?m)^\\| \\d+ \\| \\[`[^`]+`]\\(\\.\\./([^)]+\\.(java|js))\\)");

    private static final Pattern COMMAND_LINE_OPTION = Pattern.compile("(^|[\\s(\"'`])(--[a-z]|-[a-zA-Z](?![\\w%]))");

    private static final int MOST_LINES = 4_000;

    /** A new method is one new file. */
    @Test
    void noSourceOutsideOfTheirRoomNamesAMethod() throws IOException {
        Set<String> names = Method.all().stream()
                .flatMap(m -> Stream.concat(Stream.of(m.id()), m.shortNames().stream()))
                .collect(Collectors.toSet());
        Set<String> found = new TreeSet<>();
        for (Path root : List.of(LIBRARY, APPLICATION, SPARK)) {
            for (Path file : sources(root)) {
                if (file.startsWith(LIBRARY.resolve("method")) || file.startsWith(LIBRARY.resolve("features"))) {
                    continue;
                }
                Matcher text = TEXT.matcher(Files.readString(file));
                while (text.find()) {
                    if (names.contains(text.group(1))) {
                        found.add(root.relativize(file) + ": " + text.group(1));
                    }
                }
            }
        }
        assertThat(found).isEqualTo(OTHERS);
    }

    /** A program that uses the library has no options: the command line adds them to the library's advice. */
    @Test
    void messagesOfTheLibraryNameNoOptionOfTheCommandLine() throws IOException {
        Set<String> found = new TreeSet<>();
        for (Path root : List.of(LIBRARY, CONVERTER)) {
            for (Path file : sources(root)) {
                TEXT.matcher(Files.readString(file))
                        .results()
                        .filter(text ->
                                COMMAND_LINE_OPTION.matcher(text.group(1)).find())
                        .forEach(text -> found.add(file + ": " + text.group(1)));
            }
        }
        assertThat(found).isEmpty();
        assertThat(List.of("choose another --out", "choose another -o", "(-d DIR)"))
                .allMatch(text -> COMMAND_LINE_OPTION.matcher(text).find());
    }

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @CsvSource({"Read the code in this order, 16", "From a click in the studio to the answer, 12"})
    void theReadingOrderIsShortAndItsFilesAreThere(String title, int mostFiles) throws IOException {
        String page = Files.readString(ROOT.resolve("docs/architecture.md"));
        int from = page.indexOf("\n## " + title + "\n");
        assertThat(from).as(title).isPositive();
        String section = page.substring(from, page.indexOf("\n## ", from + 1));
        List<Path> files = LISTED.matcher(section)
                .results()
                .map(found -> ROOT.resolve(found.group(1)))
                .toList();
        long lines = 0;
        for (Path file : files) {
            lines += Files.readAllLines(file).size();
        }
        assertThat(files).doesNotHaveDuplicates().hasSizeBetween(8, mostFiles);
        assertThat(lines).isLessThanOrEqualTo(MOST_LINES);
    }
}
