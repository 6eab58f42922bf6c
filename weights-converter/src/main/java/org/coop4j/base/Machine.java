package org.coop4j.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** The processor, memory and operating system. */
public final class Machine {

    private Machine() {}

    /** Returns the process's memory in bytes; known on Linux. */
    public static OptionalLong memory() {
        return value("/proc/self/status", "VmRSS")
                .map(kilobytes -> OptionalLong.of(Long.parseLong(kilobytes.replaceAll("\\D", "")) << 10))
                .orElse(OptionalLong.empty());
    }

    /** Returns a value of the first processor in {@code /proc/cpuinfo}, such as its name; known on Linux. */
    public static Optional<String> processor(String key) {
        return value("/proc/cpuinfo", key);
    }

    private static Optional<String> value(String file, String key) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(line -> line.startsWith(key))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // not Linux
        }
    }

    /** Returns the processor and the number of its threads that computed, for tables of times. */
    public static String describe(int threads) {
        return processorName() + ", " + Numbers.count(threads, "thread");
    }

    /** Returns the name and version of the Java virtual machine. */
    public static String virtualMachine() {
        return System.getProperty("java.vm.name") + " " + System.getProperty("java.version");
    }

    /** Returns the name and architecture of the operating system. */
    public static String operatingSystem() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }

    /** Returns the processor's name, or its architecture if that is unknown. */
    public static String processorName() {
        return processor("model name").orElse(System.getProperty("os.arch"));
    }
}
