package org.coop4j;

import java.util.List;
import org.coop4j.base.JavaChild;
import org.coop4j.base.Machine;
import org.nd4j.common.config.ND4JSystemProperties;

/**
 * A process whose Java heap is fixed and touched from the start, so that its resident memory grows by native memory
 * alone. The collector frees no arrays, so that a leaked array stays.
 */
public final class MemoryChild {

    private MemoryChild() {}

    /**
     * Runs a program and returns the resident memory of its process at each of its calls of {@link #report}, in bytes.
     */
    public static long[] run(Class<?> program, String... arguments) throws Exception {
        List<String> options = List.of(
                "-Xms200m", "-Xmx200m", "-XX:+AlwaysPreTouch", "-D" + ND4JSystemProperties.NO_ARRAY_GC + "=true");
        Process child = JavaChild.of(program, options, (Object[]) arguments)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        long[] memory = child.inputReader()
                .lines()
                .filter(line -> line.startsWith("="))
                .mapToLong(line -> Long.parseLong(line.substring(1)))
                .toArray();
        if (child.waitFor() != 0) {
            throw new IllegalStateException("the child ended with " + child.exitValue());
        }
        return memory;
    }

    /** Reports this process's resident memory to the process that started it. */
    public static void report() {
        System.out.println("=" + Machine.memory().orElse(0));
    }
}
