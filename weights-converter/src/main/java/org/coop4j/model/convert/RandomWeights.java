package org.coop4j.model.convert;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ExpectedTensors;
import org.coop4j.model.ExpectedTensors.Tensor;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.weights.DType;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Writes a model with random weights, for work on speed and memory without a checkpoint and as the starting point of
 * training.
 */
public final class RandomWeights {
    private static final int BLOCK = 1 << 16;

    private RandomWeights() {}

    /**
     * Writes a converted model in float32. Every tensor has its own stream of random numbers, by seed and name, so that
     * the same seed gives the same file everywhere.
     *
     * @return the metadata of the written file
     */
    public static ModelMetadata write(
            ClipConfig architecture, long seed, Path target, MlpActivation activation, Progress progress)
            throws IOException {
        ModelMetadata metadata = metadata(architecture, seed, activation);
        List<TensorSpec> specs = architecture.tensorSpecs(DType.F32);
        long total = specs.stream().mapToLong(spec -> spec.shape().elements()).sum();
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, metadata.toMap());
                Progress.Task task = progress.task("parameters", total, Progress.Unit.PARAMETERS)) {
            Map<String, Tensor> expected = ExpectedTensors.of(architecture);
            for (TensorSpec spec : specs) {
                write(writer, spec, expected.get(spec.name()), Gaussian.stream(seed, spec.name()), task);
            }
            writer.commit();
        }
        return metadata;
    }

    /** Returns the metadata of the file that {@link #write} writes. */
    public static ModelMetadata metadata(ClipConfig architecture, long seed, MlpActivation activation) {
        return new ModelMetadata(
                architecture,
                activation,
                PreprocessConfig.published(architecture),
                ModelMetadata.SourceInfo.madeHere("random weights, seed " + seed));
    }

    /** Returns the elements of one tensor of the file that {@link #write} writes. */
    public static float[] floats(ClipConfig architecture, long seed, TensorSpec tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        Tensor initial = ExpectedTensors.of(architecture).get(tensor.name());
        fill(values, values.length, initial, Gaussian.stream(seed, tensor.name()));
        return values;
    }

    private static void write(
            SafetensorsWriter writer, TensorSpec spec, Tensor initial, Gaussian random, Progress.Task task)
            throws IOException {
        float[] block = new float[(int) Math.min(BLOCK, spec.shape().elements())];
        for (long left = spec.shape().elements(); left > 0; left -= block.length) {
            int n = (int) Math.min(left, block.length);
            fill(block, n, initial, random);
            writer.writeFloats(spec.name(), FloatBuffer.wrap(block, 0, n));
            task.advance(n);
        }
    }

    private static void fill(float[] block, int n, Tensor initial, Gaussian random) {
        for (int i = 0; i < n; i++) {
            double next =
                    switch (initial.kind()) {
                        case CONSTANT -> 1;
                        case NORMAL -> random.next();
                        case UNIFORM -> 2 * random.uniform() - 1;
                    };
            block[i] = (float) (initial.size() * next);
        }
    }

    /**
     * A stream of standard normal numbers that is the same on every machine and Java, at a few nanoseconds per number.
     *
     * <p>Method: SplitMix64 (Steele, Lea, Flood 2014) for the bits, the ziggurat of Marsaglia and Tsang (2000) with 128
     * layers in Doornik's form (2005), which uses separate bits for layer and position.
     */
    static final class Gaussian {
        private static final int LAYERS = 128;

        /** Beginning of the tail, and area of each layer, for 128 layers. */
        private static final double TAIL = 3.442619855899;

        private static final double AREA = 9.91256303526217e-3;

        /** Right edges of the layers, from the base layer (which includes the tail) to the peak. */
        private static final double[] EDGE = edges();

        private long state;

        private Gaussian(long state) {
            this.state = state;
        }

        /** Returns the stream of a name; streams of different names are unrelated. */
        static Gaussian stream(long seed, String name) {
            Gaussian mixer = new Gaussian(seed);
            for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
                mixer.state = mixer.bits() ^ b;
            }
            return new Gaussian(mixer.bits());
        }

        /** Returns the next uniform number in (0, 1). */
        double uniform() {
            return ((bits() >>> 12) + 0.5) * 0x1p-52;
        }

        /** Returns the next standard normal number. */
        double next() {
            while (true) {
                long bits = bits();
                int layer = (int) (bits & (LAYERS - 1));
                double position = (bits >> 11) * 0x1p-52; // in [-1, 1), from bits apart from the layer
                double x = position * EDGE[layer];
                if (Math.abs(x) < EDGE[layer + 1]) {
                    return x;
                }
                if (layer == 0) {
                    return tail(position < 0);
                }
                if (isUnderCurve(layer, x)) {
                    return x;
                }
            }
        }

        private boolean isUnderCurve(int layer, double x) {
            double low = density(EDGE[layer]);
            double high = density(EDGE[layer + 1]);
            return low + uniform() * (high - low) < density(x);
        }

        /** Draws from the tail by Marsaglia's method (1964). */
        private double tail(boolean negative) {
            while (true) {
                double x = StrictMath.log(uniform()) / TAIL;
                double y = StrictMath.log(uniform());
                if (-2 * y >= x * x) {
                    return negative ? x - TAIL : TAIL - x;
                }
            }
        }

        private long bits() {
            state += 0x9e37_79b9_7f4a_7c15L;
            long z = state;
            z = (z ^ (z >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
            z = (z ^ (z >>> 27)) * 0x94d0_49bb_1331_11ebL;
            return z ^ (z >>> 31);
        }

        private static double density(double x) {
            return StrictMath.exp(-0.5 * x * x);
        }

        private static double[] edges() {
            double[] edge = new double[LAYERS + 1];
            edge[0] = AREA / density(TAIL);
            edge[1] = TAIL;
            for (int i = 2; i < LAYERS; i++) {
                edge[i] = StrictMath.sqrt(-2 * StrictMath.log(AREA / edge[i - 1] + density(edge[i - 1])));
            }
            edge[LAYERS] = 0;
            return edge;
        }
    }
}
