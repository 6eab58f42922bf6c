package org.coop4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.method.Method;
import org.junit.jupiter.api.Test;

/** A new method is one new file: beside {@link RoomsTest}, no other source has its name as text. */
class MethodNamesTest {

    private static final Path LIBRARY = Path.of("main/java/org/coop4j");
    private static final Path SPARK = Path.of("../spark/src/main/java/org/coop4j");

    /** The program and one of its commands are called as methods are; the demo is of two. */
    private static final Set<String> OTHERS =
            Set.of(
                    "cli/Coop.java: coop",
                    "graph/op/GraphOp.java: coop",
                    "spark/CoopEstimator.java: coop",
                    "cli/ZeroShotCommand.java: zero-shot",
                    "cli/FirstRun.java: zero-shot",
                    "demo/DemoMethod.java: gda",
                    "demo/DemoMethod.java: linear-probe");

    private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");

    @Test
    void noSourceOutsideOfTheirRoomNamesAMethod() throws IOException {
        Set<String> names =
                Method.all().stream()
                        .flatMap(m -> Stream.concat(Stream.of(m.id()), m.shortNames().stream()))
                        .collect(Collectors.toSet());
        List<String> found = new ArrayList<>();
        for (Path root : List.of(LIBRARY, SPARK)) {
            for (Path file : sources(root)) {
                Matcher text = TEXT.matcher(Files.readString(file));
                while (text.find()) {
                    if (names.contains(text.group(1))) {
                        found.add(root.relativize(file) + ": " + text.group(1));
                    }
                }
            }
        }
        assertThat(found).containsExactlyInAnyOrderElementsOf(OTHERS);
    }

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.startsWith(LIBRARY.resolve("method")))
                    .sorted()
                    .toList();
        }
    }
}
