package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** The machine: its processor, memory and system. */
public final class Machine {

    private Machine() {}

    /** The most memory that the process has had, in bytes; known on Linux. */
    public static OptionalLong peakMemory() {
        return status("VmHWM");
    }

    /** Makes {@link #peakMemory} begin anew from what the process has; on Linux. */
    public static void forgetPeakMemory() {
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5");
        } catch (IOException e) {
            // Not Linux: the peak is that of the whole process.
        }
    }

    /** The memory that the process has, in bytes; known on Linux. */
    public static OptionalLong memory() {
        return status("VmRSS");
    }

    private static OptionalLong status(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith(key + ":")) {
                    return OptionalLong.of(Long.parseLong(line.replaceAll("\\D", "")) << 10);
                }
            }
        } catch (IOException e) {
            // Not Linux.
        }
        return OptionalLong.empty();
    }

    /** A value of the first processor in {@code /proc/cpuinfo}, such as its name; Linux alone. */
    public static Optional<String> processor(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith(key)) {
                    return Optional.of(line.substring(line.indexOf(':') + 1).trim());
                }
            }
        } catch (IOException e) {
            // Not Linux.
        }
        return Optional.empty();
    }

    /** The processor and how many threads of it computed, for tables of times. */
    public static String describe(int threads) {
        return processorName() + ", " + threads + (threads == 1 ? " thread" : " threads");
    }

    /** Name and version of the Java virtual machine. */
    public static String virtualMachine() {
        return System.getProperty("java.vm.name") + " " + System.getProperty("java.version");
    }

    /** Name and architecture of the operating system. */
    public static String operatingSystem() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }

    /** The processor's name; its architecture where that is not known. */
    public static String processorName() {
        return processor("model name").orElse(System.getProperty("os.arch"));
    }
}
