package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Machine;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;
import org.nd4j.common.config.ND4JSystemProperties;

/**
 * Opens and closes a model repeatedly, in a process whose Java heap is fixed and touched from the start, so that resident
 * memory measures native memory alone. The collector frees no arrays, so that a leaked array stays.
 */
final class OpeningsChild {

    private OpeningsChild() {}

    /** The process's resident memory after each of the given numbers of openings, in bytes. */
    static long[] run(Path model, int... openings) throws Exception {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms200m",
                        "-Xmx200m",
                        "-XX:+AlwaysPreTouch",
                        "-D" + ND4JSystemProperties.NO_ARRAY_GC + "=true",
                        "-cp",
                        classPath,
                        OpeningsChild.class.getName(),
                        model.toString(),
                        Integer.toString(openings[openings.length - 1]))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<String> lines =
                child.inputReader().lines().filter(l -> l.startsWith("=")).toList();
        if (child.waitFor() != 0) {
            throw new IllegalStateException("the child ended with " + child.exitValue());
        }
        return Arrays.stream(openings)
                .mapToLong(n -> Long.parseLong(lines.get(n - 1).substring(1)))
                .toArray();
    }

    /** Prints a line with the resident memory after each opening. */
    public static void main(String[] args) throws Exception {
        Tokenizer tokenizer = Tokenizer.load();
        int images = 47;
        FloatBuffer pixels = ClipLifeTest.pixels(images);
        for (int opening = 0; opening < Integer.parseInt(args[1]); opening++) {
            try (Clip clip =
                    Clip.open(Path.of(args[0]), new Clip.Options(() -> tokenizer, new Workers(2), Precision.FLOAT32))) {
                clip.encodePixels(pixels, images);
                clip.encodeTokens(List.of(ClipLifeTest.CAPTION));
            }
            System.out.println("=" + Machine.memory().orElse(0));
        }
    }
}
