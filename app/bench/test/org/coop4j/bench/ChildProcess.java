package org.coop4j.bench;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.console.CommandFailure;

/** Programs in separate processes. */
final class ChildProcess {

    private ChildProcess() {}

    /** Runs a Java program with the Java and the options of this process. */
    static String output(Class<?> program, List<String> arguments) throws IOException {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        return output(words, arguments);
    }

    /**
     * Runs a program to its end and returns its standard output; its standard error is that of this process.
     *
     * @throws CommandFailure if it fails
     */
    static String output(List<String> program, List<String> arguments) throws IOException {
        List<String> words = new ArrayList<>(program);
        words.addAll(arguments);
        Process process = new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            byte[] output = process.getInputStream().readAllBytes();
            int code = process.waitFor();
            if (code != 0) {
                throw new CommandFailure("%s ended with exit code %d".formatted(String.join(" ", arguments), code));
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
