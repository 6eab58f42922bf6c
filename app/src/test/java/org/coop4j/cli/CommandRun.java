package org.coop4j.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.coop4j.console.Console;

/**
 * A run of the command line with captured streams.
 *
 * @param code exit code
 * @param out standard output
 * @param err standard error, not a terminal
 */
record CommandRun(int code, String out, String err) {

    /** Runs {@code coop ARGUMENTS}; paths may stand among them. */
    static CommandRun coop(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        int code = Coop.run(new Console(out, err, false, 80), words);
        return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** A picture that the tests have. */
    static Path picture(String name) {
        return Path.of("../src/test/resources/golden/text_image").resolve(name + ".png");
    }
}
