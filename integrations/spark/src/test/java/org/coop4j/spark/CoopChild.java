package org.coop4j.spark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line in a separate process, on as many threads as an executor: the last bits of the text tower's sums
 * depend on them.
 */
final class CoopChild {

    private CoopChild() {}

    /** Runs {@code coop ARGUMENTS}, which must succeed, and returns its standard output. */
    static String coop(Object... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                "org.coop4j.cli.Coop"));
        for (Object argument : arguments) {
            words.add(argument.toString());
        }
        Path out = Files.createTempFile(TestCluster.folder(), "coop", ".out");
        Path err = Files.createTempFile(TestCluster.folder(), "coop", ".err");
        ProcessBuilder coop =
                new ProcessBuilder(words).redirectOutput(out.toFile()).redirectError(err.toFile());
        coop.environment().put("OMP_NUM_THREADS", "1");
        int code = coop.start().waitFor();
        if (code != 0) {
            throw new AssertionError("coop ended with " + code + ": " + Files.readString(err));
        }
        return Files.readString(out);
    }
}
