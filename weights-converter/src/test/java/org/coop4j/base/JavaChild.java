package org.coop4j.base;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A program in a process of its own, with this one's Java and class path. */
public final class JavaChild {
    private JavaChild() {}

    public static ProcessBuilder of(Class<?> program, List<String> options, Object... arguments) {
        List<String> command = java();
        command.addAll(options);
        command.addAll(List.of("-cp", classPath(), program.getName()));
        Stream.of(arguments).map(String::valueOf).forEach(command::add);
        return new ProcessBuilder(command);
    }

    /** Returns the command of this process' Java, with the options against its own warnings that docs/java.md names. */
    public static List<String> java() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 24) {
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
        }
        return command;
    }

    public static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }
}
