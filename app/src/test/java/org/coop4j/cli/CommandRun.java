package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.console.Console;

/**
 * A run of the command line with captured streams.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error, not a terminal
 */
record CommandRun(int code, String out, String err) {

    /**
     * Runs {@code coop ARGUMENTS}; lists and arrays among them are spread. The first may be a line of words, in which each
     * % stands for one of the others.
     */
    static CommandRun coop(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Coop.run(new Console(out, err, false, 80), words(arguments));
        return new CommandRun(code, out.toString(UTF_8), err.toString(UTF_8));
    }

    /** Returns the words of arguments as {@link #coop} takes them. */
    static String[] words(Object... arguments) {
        Deque<Object> values = new ArrayDeque<>(List.of(arguments));
        List<Object> words = new ArrayList<>();
        if (values.peek() instanceof String line && line.contains(" ")) {
            values.pop();
            for (String word : line.split(" ", -1)) {
                words.add(word.equals("%") ? values.pop() : word);
            }
        }
        words.addAll(values);
        return spread(words).toArray(String[]::new);
    }

    private static Stream<String> spread(Object words) {
        return words instanceof Collection<?> list
                ? list.stream().flatMap(CommandRun::spread)
                : words instanceof Object[] array
                        ? Stream.of(array).flatMap(CommandRun::spread)
                        : Stream.of(words.toString());
    }

    /** Requires success. */
    CommandRun ok() {
        assertThat(code).as(err).isZero();
        return this;
    }

    /** Requires an exit code and an explanation; returns what was said. */
    String failed(int expected) {
        assertThat(code).as(err).isEqualTo(expected);
        assertThat(err).doesNotContain("internal error");
        return err;
    }

    /** Returns the JSON of a file. */
    static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    /** Requires success and returns the JSON that was printed. */
    static JsonNode json(CommandRun run) throws IOException {
        return new ObjectMapper().readTree(run.ok().out);
    }

    /** A picture that the tests have. */
    static Path picture(String name) {
        return Path.of("../src/test/resources/golden/text_image").resolve(name + ".png");
    }
}
