package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.PreprocessConfig;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Writes a model with random weights, for work on speed and memory without a checkpoint and as the starting point of
 * training.
 *
 * <p>The distributions are CLIP's ({@code initialize_parameters} in openai/CLIP's {@code model.py}, PyTorch's defaults
 * where it sets none): the text tower's matrices are normal with a deviation that falls with width and depth, the
 * vision transformer's are PyTorch's uniform ones, each bottleneck's last batch norm has weight 0 so that it starts as
 * the identity.
 *
 * <p>One deviation: running variances are not 1 but the result of a convolution of these weights (1/3 after the image,
 * 1/6 after a ReLU), as if the batch norms had seen data; with 1 a ResNet's features would nearly vanish in evaluation.
 */
public final class RandomWeights {
    private static final int BLOCK = 1 << 16;
    private static final double INITIAL_LOGIT_SCALE = StrictMath.log(1 / 0.07);

    private RandomWeights() {}

    /** Returns a file of random weights of a published architecture in a folder, which is written unless it is there. */
    public static Path kept(String architecture, Path folder, Progress progress) throws IOException {
        Path file = folder.resolve(architecture.replaceAll("[^A-Za-z0-9]+", "-") + ".safetensors");
        if (!Files.exists(file)) {
            progress.note("writing random weights to " + file);
            Files.createDirectories(folder);
            ClipConfig config = ClipConfig.named(architecture);
            write(config, 1, file, MlpActivation.published(config), Progress.NONE);
        }
        return file;
    }

    /** The next element of a tensor. */
    @FunctionalInterface
    private interface Draw {
        double next(Gaussian random);
    }

    private static Draw constant(double value) {
        return random -> value;
    }

    private static Draw normal(double std) {
        return random -> std * random.next();
    }

    private static Draw uniform(double bound) {
        return random -> bound * (2 * random.uniform() - 1);
    }

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
            for (TensorSpec spec : specs) {
                write(writer, spec, draw(architecture, spec), Gaussian.stream(seed, spec.name()), task);
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
        fill(values, values.length, draw(architecture, tensor), Gaussian.stream(seed, tensor.name()));
        return values;
    }

    private static void write(SafetensorsWriter writer, TensorSpec spec, Draw draw, Gaussian random, Progress.Task task)
            throws IOException {
        float[] block = new float[(int) Math.min(BLOCK, spec.shape().elements())];
        for (long left = spec.shape().elements(); left > 0; left -= block.length) {
            int n = (int) Math.min(left, block.length);
            fill(block, n, draw, random);
            writer.writeFloats(spec.name(), FloatBuffer.wrap(block, 0, n));
            task.advance(n);
        }
    }

    private static void fill(float[] block, int n, Draw draw, Gaussian random) {
        for (int i = 0; i < n; i++) {
            block[i] = (float) draw.next(random);
        }
    }

    private static Draw draw(ClipConfig architecture, TensorSpec tensor) {
        String name = tensor.name();
        Shape shape = tensor.shape();
        String part = name.replaceFirst("^((visual\\.)?transformer\\.resblocks\\.\\d+|visual\\.attn_pool)\\.", "");
        ClipConfig.Vision vision = architecture.vision();
        if (name.startsWith("visual.")) {
            return vision instanceof ClipConfig.Vit vit
                    ? vit(part, shape, vit)
                    : resNet((ClipConfig.ResNet) vision, name, shape);
        }
        double width = architecture.text().width();
        double depth = 2.0 * architecture.text().layers();
        return switch (part) {
            case "token_embedding.weight" -> normal(0.02);
            case "positional_embedding" -> normal(0.01);
            case "text_projection", "attn.in_proj_weight" -> normal(inverseRoot(width));
            case "logit_scale" -> constant(INITIAL_LOGIT_SCALE);
            case "attn.out_proj.weight", "mlp.c_proj.weight" -> normal(inverseRoot(width) * inverseRoot(depth));
            case "mlp.c_fc.weight" -> normal(inverseRoot(2 * width));
            default -> bias(part, architecture.text().mlpWidth(), width);
        };
    }

    /** Returns PyTorch's default of a bias: attention's biases are 0, those of linear layers uniform in their inputs. */
    private static Draw bias(String part, double mlpWidth, double width) {
        return switch (part) {
            case "attn.in_proj_bias", "attn.out_proj.bias" -> constant(0);
            case "mlp.c_fc.bias" -> uniform(inverseRoot(width));
            case "mlp.c_proj.bias" -> uniform(inverseRoot(mlpWidth));
            default -> norm(part);
        };
    }

    private static Draw vit(String part, Shape shape, ClipConfig.Vit vit) {
        return switch (part) {
            case "visual.class_embedding", "visual.proj" -> normal(inverseRoot((double) shape.dim(0)));
            case "visual.positional_embedding", "probe" -> normal(inverseRoot(vit.width()));
            case "visual.conv1.weight", "attn.out_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight" -> fanIn(shape);
            // Xavier's uniform over width inputs and 3 width outputs.
            case "attn.in_proj_weight" -> uniform(Math.sqrt(6.0 / (4.0 * vit.width())));
            default -> bias(part, vit.mlpWidth(), vit.width());
        };
    }

    private static Draw resNet(ClipConfig.ResNet resNet, String name, Shape shape) {
        if (name.startsWith("visual.attnpool.")) {
            double std = inverseRoot(resNet.outputWidth());
            return name.endsWith(".bias") ? uniform(std) : normal(std);
        }
        if (name.contains("conv") || name.endsWith("downsample.0.weight")) {
            return fanIn(shape);
        }
        if (name.endsWith(".running_var")) {
            return constant(name.equals("visual.bn1.running_var") ? 1.0 / 3 : 1.0 / 6);
        }
        boolean lastOfBottleneck = name.contains(".layer") && name.endsWith(".bn3.weight");
        return lastOfBottleneck ? constant(0) : norm(name);
    }

    /** Draws uniformly within 1/√(inputs of an output): PyTorch's default of linear and convolution. */
    private static Draw fanIn(Shape shape) {
        return uniform(inverseRoot((double) shape.elements() / shape.dim(0)));
    }

    private static Draw norm(String name) {
        return constant(name.endsWith("weight") ? 1 : 0);
    }

    private static double inverseRoot(double value) {
        return 1 / Math.sqrt(value);
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
