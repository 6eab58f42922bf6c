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
import java.nio.file.Path;
import java.util.Map;

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
}
