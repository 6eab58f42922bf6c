package org.coop4j.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.coop4j.base.JavaChild;

/** An exported file in ONNX Runtime. */
public final class OnnxRuntimeModel implements AutoCloseable {

    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;

    public OnnxRuntimeModel(Path file) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(2);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING);
            options.addConfigEntry("session.strict_shape_type_inference", "1"); // else a warning
            session = environment.createSession(file.toString(), options);
        }
    }

    public Map<String, String> metadata() throws OrtException {
        return session.getMetadata().getCustomMetadata();
    }

    /** Runs it for one of its outputs. */
    public float[] run(String output, String input, float[] values, long... shape) throws OrtException {
        return run(output, input, OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape));
    }

    /** Runs it for one of its outputs. */
    public float[] run(String output, String input, long[] values, long... shape) throws OrtException {
        return run(output, input, OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape));
    }

    /** Runs it for one of its outputs. */
    public float[] run(String output, String input, byte[] values, long... shape) throws OrtException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(values.length).put(values).rewind();
        return run(output, input, OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.UINT8));
    }

    private float[] run(String output, String input, OnnxTensor value) throws OrtException {
        try (value;
                OrtSession.Result result =
                        session.run(Map.<String, OnnxTensorLike>of(input, value), java.util.Set.of(output))) {
            FloatBuffer floats = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[] values = new float[floats.remaining()];
            floats.get(values);
            return values;
        }
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }

    /**
     * What ONNX Runtime warns of when it loads files. It writes warnings to the process's standard
     * error, past Java's, so that they can be read of a process of its own alone.
     */
    static final class Warnings {

        private Warnings() {}

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
        static String of(List<Path> files) throws Exception {
            Path err = Files.createTempFile("onnx", ".txt");
            Path out = Files.createTempFile("onnx", ".txt");
            try {
                Process process = JavaChild.of(
                                Warnings.class, List.of("-XX:-UsePerfData", "-XX:+UseSerialGC"), files.toArray())
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
}
