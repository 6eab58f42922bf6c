package org.coop4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.method.Method;
import org.junit.jupiter.api.Test;

/** What {@link RoomsTest} cannot see in classes: names in texts, and sizes. */
class SourcesTest {

    private static final int MOST_LINES = 350;

    /** No room holds more than this part of all lines. */
    private static final int ROOMS = 8;

    private static final Path LIBRARY = Path.of("../src/main/java/org/coop4j");
    private static final Path WEIGHTS = Path.of("../weights-converter/src/main/java/org/coop4j");
    private static final Path SPARK = Path.of("../spark/src/main/java/org/coop4j");

    /** The program and one of its commands are called as methods are; the demo is of two. */
    private static final Set<String> OTHERS =
            Set.of(
                    "cli/Coop.java: coop",
                    "cli/Coop.java: zero-shot",
                    "graph/op/GraphOp.java: coop",
                    "spark/CoopEstimator.java: coop",
                    "cli/ZeroShotCommand.java: zero-shot",
                    "cli/FirstRun.java: zero-shot",
                    "demo/DemoMethod.java: gda",
                    "demo/DemoMethod.java: linear-probe");

    private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");

    /** A new method is one new file. */
    @Test
    void noSourceOutsideOfTheirRoomNamesAMethod() throws IOException {
        Set<String> names =
                Method.all().stream()
                        .flatMap(m -> Stream.concat(Stream.of(m.id()), m.shortNames().stream()))
                        .collect(Collectors.toSet());
        Set<String> found = new TreeSet<>();
        for (Path root : List.of(LIBRARY, SPARK)) {
            for (Path file : sources(root)) {
                if (file.startsWith(LIBRARY.resolve("method"))) {
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

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }

    private static long lines(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        }
    }

    @Test
    void noFileIsLong() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path root : List.of(LIBRARY, WEIGHTS, SPARK)) {
            for (Path file : sources(root)) {
                if (lines(file) > MOST_LINES) {
                    files.add(file);
                }
            }
        }
        assertThat(files).isEmpty();
    }

    @Test
    void noRoomHoldsMoreThanAnEighth() throws IOException {
        Map<String, Long> rooms = new TreeMap<>();
        long all = 0;
        for (Path root : List.of(LIBRARY, WEIGHTS)) {
            for (Path file : sources(root)) {
                long lines = lines(file);
                rooms.merge(root.relativize(file).getName(0).toString(), lines, Long::sum);
                all += lines;
            }
        }
        long most = all / ROOMS;
        assertThat(rooms).hasSizeGreaterThan(ROOMS);
        assertThat(rooms.values()).allMatch(lines -> lines <= most);
    }
}
