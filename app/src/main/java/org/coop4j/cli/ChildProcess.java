package org.coop4j.cli;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.console.CommandFailure;

/** This command line in a process of its own, with the Java and the options of this one. */
final class ChildProcess {

    private ChildProcess() {}

    /**
     * Runs a command to its end and returns what it wrote to standard output; what it writes to
     * standard error goes where this process's does.
     *
     * @throws CommandFailure if it fails
     */
    static String output(List<String> arguments) throws IOException {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), Coop.class.getName()));
        words.addAll(arguments);
        Process process =
                new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            byte[] output = process.getInputStream().readAllBytes();
            int code = process.waitFor();
            if (code != 0) {
                throw new CommandFailure(
                        "coop %s ended with exit code %d"
                                .formatted(String.join(" ", arguments), code));
            }
            return new String(output, StandardCharsets.UTF_8);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a command ran");
        } finally {
            process.destroy();
        }
    }
}
