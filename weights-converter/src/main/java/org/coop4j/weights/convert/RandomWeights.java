package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Progress;
import org.coop4j.weights.DType;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorSpec;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.ModelMetadata;
import org.coop4j.weights.model.PreprocessConfig;
import org.coop4j.weights.safetensors.SafetensorsWriter;

/**
 * Writes a model with random weights, for work on speed and memory without a checkpoint and as the
 * beginning of training.
 *
 * <p>The distributions are CLIP's ({@code initialize_parameters} in openai/CLIP's {@code model.py},
 * PyTorch's defaults where it says nothing): the text tower's matrices are normal with a deviation
 * that falls with width and depth, the vision transformer's are PyTorch's uniform ones, each
 * bottleneck's last batch norm has weight 0 so that it begins as the identity.
 *
 * <p>One deviation: running variances are not 1 but what a convolution of these weights gives (1/3
 * after the image, 1/6 after a ReLU), as if the batch norms had seen data; with 1 a ResNet's
 * features would nearly vanish in evaluation.
 */
public final class RandomWeights {
    private static final int BLOCK = 1 << 16;
    private static final double INITIAL_LOGIT_SCALE = StrictMath.log(1 / 0.07);

    private final ClipConfig architecture;
    private final long seed;

    private RandomWeights(ClipConfig architecture, long seed) {
        this.architecture = architecture;
        this.seed = seed;
    }

    /** How the elements of a tensor are drawn. */
    private sealed interface Draw {
        record Constant(double value) implements Draw {}

        record Normal(double std) implements Draw {}

        record Uniform(double bound) implements Draw {}
    }

    /** Writes a converted model, telling nobody how far it is. */
    public static ModelMetadata write(
            ClipConfig architecture, long seed, Path target, MlpActivation activation)
            throws IOException {
        return write(architecture, seed, target, activation, Progress.NONE);
    }

    /**
     * Writes a converted model in single precision. Every tensor has its own stream of random
     * numbers, by seed and name, so that the same seed gives the same file everywhere.
     *
     * @return what was written into the file's metadata
     */
    public static ModelMetadata write(
            ClipConfig architecture,
            long seed,
            Path target,
            MlpActivation activation,
            Progress progress)
            throws IOException {
        ModelMetadata metadata = metadata(architecture, seed, activation);
        RandomWeights weights = new RandomWeights(architecture, seed);
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(
                        target, architecture.tensorSpecs(DType.F32), metadata.toMap())) {
            weights.write(writer, architecture.tensorSpecs(DType.F32), progress);
            writer.commit();
        }
        return metadata;
    }

    /** What {@link #write} writes into the file's metadata. */
    public static ModelMetadata metadata(
            ClipConfig architecture, long seed, MlpActivation activation) {
        return new ModelMetadata(
                architecture,
                activation,
                PreprocessConfig.openAi(architecture.vision().imageSize()),
                ModelMetadata.SourceInfo.madeHere("random weights, seed " + seed));
    }

    /** The elements of one tensor of the file that {@link #write} writes. */
    public static float[] floats(ClipConfig architecture, long seed, TensorSpec tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        Draw draw = new RandomWeights(architecture, seed).draw(tensor.name(), tensor.shape());
        fill(values, values.length, draw, Gaussian.stream(seed, tensor.name()));
        return values;
    }

    private void write(SafetensorsWriter writer, List<TensorSpec> specs, Progress progress)
            throws IOException {
        long total = specs.stream().mapToLong(spec -> spec.shape().elements()).sum();
        try (Progress.Task task = progress.task("parameters", total, Progress.Unit.PARAMETERS)) {
            for (TensorSpec spec : specs) {
                write(writer, spec, task);
            }
        }
    }

    private void write(SafetensorsWriter writer, TensorSpec spec, Progress.Task task)
            throws IOException {
        Draw draw = draw(spec.name(), spec.shape());
        Gaussian random = Gaussian.stream(seed, spec.name());
        float[] block = new float[(int) Math.min(BLOCK, spec.shape().elements())];
        for (long left = spec.shape().elements(); left > 0; left -= block.length) {
            int n = (int) Math.min(left, block.length);
            fill(block, n, draw, random);
            writer.writeFloats(spec.name(), FloatBuffer.wrap(block, 0, n));
            task.advance(n);
        }
    }

    private static void fill(float[] block, int n, Draw draw, Gaussian random) {
        if (draw instanceof Draw.Constant constant) {
            Arrays.fill(block, 0, n, (float) constant.value());
        } else if (draw instanceof Draw.Normal normal) {
            for (int i = 0; i < n; i++) {
                block[i] = (float) (normal.std() * random.next());
            }
        } else if (draw instanceof Draw.Uniform uniform) {
            for (int i = 0; i < n; i++) {
                block[i] = (float) (uniform.bound() * (2 * random.uniform() - 1));
            }
        }
    }

    private Draw draw(String name, Shape shape) {
        if (name.startsWith("visual.")) {
            return vision(name, shape);
        }
        if (name.startsWith("transformer.")) {
            return textBlock(name, shape);
        }
        double width = architecture.text().width();
        return switch (name) {
            case "token_embedding.weight" -> new Draw.Normal(0.02);
            case "positional_embedding" -> new Draw.Normal(0.01);
            case "text_projection" -> new Draw.Normal(inverseRoot(width));
            case "logit_scale" -> new Draw.Constant(INITIAL_LOGIT_SCALE);
            default -> norm(name);
        };
    }

    private Draw vision(String name, Shape shape) {
        if (architecture.vision() instanceof ClipConfig.ResNet resNet) {
            return resNet(resNet, name, shape);
        }
        ClipConfig.Vit vit = (ClipConfig.Vit) architecture.vision();
        return name.contains(".resblocks.") ? visionBlock(vit, name, shape) : vit(name, shape);
    }

    private Draw textBlock(String name, Shape shape) {
        double width = architecture.text().width();
        double depth = 2.0 * architecture.text().layers();
        String part = name.replaceFirst("transformer\\.resblocks\\.\\d+\\.", "");
        return switch (part) {
            case "attn.in_proj_weight" -> new Draw.Normal(inverseRoot(width));
            case "attn.out_proj.weight", "mlp.c_proj.weight" ->
                    new Draw.Normal(inverseRoot(width) * inverseRoot(depth));
            case "mlp.c_fc.weight" -> new Draw.Normal(inverseRoot(2 * width));
            default -> blockDefault(part, shape, architecture.text().mlpWidth(), width);
        };
    }

    private static Draw visionBlock(ClipConfig.Vit vit, String name, Shape shape) {
        String part = name.replaceFirst("visual\\.transformer\\.resblocks\\.\\d+\\.", "");
        return switch (part) {
            // Xavier's uniform over width inputs and 3 width outputs.
            case "attn.in_proj_weight" -> new Draw.Uniform(Math.sqrt(6.0 / (4.0 * vit.width())));
            default -> blockDefault(part, shape, vit.mlpWidth(), vit.width());
        };
    }

    /** PyTorch's defaults: attention's biases are 0, linear layers uniform in their inputs. */
    private static Draw blockDefault(String part, Shape shape, double mlpWidth, double width) {
        return switch (part) {
            case "attn.in_proj_bias", "attn.out_proj.bias" -> new Draw.Constant(0);
            case "mlp.c_fc.bias" -> new Draw.Uniform(inverseRoot(width));
            case "mlp.c_proj.bias" -> new Draw.Uniform(inverseRoot(mlpWidth));
            default -> part.startsWith("ln_") ? norm(part) : fanIn(shape);
        };
    }

    private static Draw vit(String name, Shape shape) {
        return switch (name) {
            case "visual.class_embedding" -> new Draw.Normal(inverseRoot((double) shape.dim(0)));
            case "visual.positional_embedding" ->
                    new Draw.Normal(inverseRoot((double) shape.dim(1)));
            case "visual.proj" -> new Draw.Normal(inverseRoot((double) shape.dim(0)));
            case "visual.conv1.weight" -> fanIn(shape);
            default -> norm(name);
        };
    }

    private static Draw resNet(ClipConfig.ResNet resNet, String name, Shape shape) {
        if (name.startsWith("visual.attnpool.")) {
            double std = inverseRoot(resNet.outputWidth());
            return name.endsWith(".bias") ? new Draw.Uniform(std) : new Draw.Normal(std);
        }
        if (name.contains("conv") || name.endsWith("downsample.0.weight")) {
            return fanIn(shape);
        }
        if (name.endsWith(".running_var")) {
            return new Draw.Constant(name.equals("visual.bn1.running_var") ? 1.0 / 3 : 1.0 / 6);
        }
        boolean lastOfBottleneck = name.contains(".layer") && name.endsWith(".bn3.weight");
        return lastOfBottleneck ? new Draw.Constant(0) : norm(name);
    }

    /** Uniform within 1/√(inputs of an output): PyTorch's default of linear and convolution. */
    private static Draw fanIn(Shape shape) {
        return new Draw.Uniform(inverseRoot((double) shape.elements() / shape.dim(0)));
    }

    private static Draw norm(String name) {
        return new Draw.Constant(name.endsWith("weight") ? 1 : 0);
    }

    private static double inverseRoot(double value) {
        return 1 / Math.sqrt(value);
    }
}
