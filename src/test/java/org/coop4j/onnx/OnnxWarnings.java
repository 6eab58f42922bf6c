package org.coop4j.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.coop4j.base.JavaChild;

/**
 * What ONNX Runtime warns of when it loads files. It writes warnings to the process's standard
 * error, past Java's, so that they can be read of a process of its own alone.
 */
final class OnnxWarnings {

    private OnnxWarnings() {}

    /** Loads the files that are named. */
    public static void main(String[] files) throws Exception {
        for (String file : files) {
            new OnnxRuntimeModel(Path.of(file)).close();
        }
        System.out.print("loaded " + files.length);
    }

    /**
     * Loads files in another process.
     *
     * @return what that wrote to its standard error; nothing, if nothing is wrong
     */
    static String of(List<Path> files) throws IOException, InterruptedException {
        Path err = Files.createTempFile("onnx", ".txt");
        Path out = Files.createTempFile("onnx", ".txt");
        try {
            Process process = JavaChild.of(
                            OnnxWarnings.class, List.of("-XX:-UsePerfData", "-XX:+UseSerialGC"), files.toArray())
                    .redirectError(err.toFile())
                    .redirectOutput(out.toFile())
                    .start();
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
            String said = Files.readString(err);
            return Files.readString(out).equals("loaded " + files.size()) ? said : "not all was loaded: " + said;
        } finally {
            Files.delete(err);
            Files.delete(out);
        }
    }
}
