package org.coop4j.weights.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;

/**
 * Names, shapes and initial distributions of a model's tensors, in the order of OpenAI's {@code clip/model.py}.
 *
 * <p>The distributions are CLIP's ({@code initialize_parameters} there, PyTorch's defaults where it sets none): the text
 * tower's matrices are normal with a deviation that falls with width and depth, the vision transformer's are PyTorch's
 * uniform ones, each bottleneck's last batch norm has weight 0 so that it starts as the identity.
 *
 * <p>One deviation: running variances are not 1 but the result of a convolution of these weights (1/3 after the image,
 * 1/6 after a ReLU), as if the batch norms had seen data; with 1 a ResNet's features would nearly vanish in evaluation.
 */
public final class ExpectedTensors {
    private static final int NAMES_LISTED = 12;

    private static final double INITIAL_LOGIT_SCALE = StrictMath.log(1 / 0.07);

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private ExpectedTensors() {}

    /**
     * A tensor of an architecture.
     *
     * @param initial distribution of its elements before training
     */
    public record Tensor(Shape shape, Initial initial) {}

    /**
     * A distribution of numbers.
     *
     * @param size the constant, the standard deviation, or the bound of both signs
     */
    public record Initial(Kind kind, double size) {
        /** A family of distributions. */
        public enum Kind {
            CONSTANT,
            NORMAL,
            UNIFORM
        }
    }

    /** Distributions of the matrices of a transformer's block. */
    private record Block(Initial inProjection, Initial outProjection, Initial hidden, Initial projection) {}

    private static Initial constant(double value) {
        return new Initial(Initial.Kind.CONSTANT, value);
    }

    private static Initial normal(double deviation) {
        return new Initial(Initial.Kind.NORMAL, deviation);
    }

    private static Initial uniform(double bound) {
        return new Initial(Initial.Kind.UNIFORM, bound);
    }

    /** Returns PyTorch's default of linear layers and convolutions: uniform within 1/√(inputs of an output). */
    private static Initial fanIn(double inputs) {
        return uniform(inverseRoot(inputs));
    }

    private static double inverseRoot(double value) {
        return 1 / Math.sqrt(value);
    }

    /** Returns the tensors of an architecture by name. */
    public static Map<String, Tensor> of(ClipConfig architecture) {
        ExpectedTensors tensors = new ExpectedTensors();
        ClipConfig.Text text = architecture.text();
        double root = inverseRoot(text.width());
        double residual = root * inverseRoot(2.0 * text.layers());
        tensors.add("positional_embedding", normal(0.01), text.contextLength(), text.width());
        tensors.add("text_projection", normal(root), text.width(), architecture.embedDim());
        tensors.add("logit_scale", constant(INITIAL_LOGIT_SCALE));
        if (architecture.vision() instanceof ClipConfig.Vit vit) {
            tensors.vit(vit, architecture.embedDim());
        } else if (architecture.vision() instanceof ClipConfig.ResNet resNet) {
            tensors.resNet(resNet, architecture.embedDim());
        }
        Block block =
                new Block(normal(root), normal(residual), normal(inverseRoot(2.0 * text.width())), normal(residual));
        tensors.transformer("transformer.", text.width(), text.layers(), text.mlpWidth(), block);
        tensors.add("token_embedding.weight", normal(0.02), text.vocabularySize(), text.width());
        tensors.norm("ln_final", text.width());
        return tensors.tensors;
    }

    /**
     * Compares tensors with those that an architecture needs: names, shapes, and that all are floating-point.
     *
     * @throws InputException naming those that are missing, unexpected and misshapen
     */
    static void check(ClipConfig architecture, Collection<TensorSpec> actual) throws InputException {
        Map<String, Shape> missing = architecture.expectedTensors();
        List<String> unexpected = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        for (TensorSpec tensor : actual) {
            Shape shape = missing.remove(tensor.name());
            if (shape == null) {
                unexpected.add(tensor.name());
            } else if (!shape.equals(tensor.shape())) {
                wrong.add("%s (expected %s, got %s)".formatted(tensor.name(), shape, tensor.shape()));
            } else if (!tensor.dtype().isFloat()) {
                wrong.add("%s (expected floating-point, got %s)".formatted(tensor.name(), tensor.dtype()));
            }
        }
        List<String> problems = new ArrayList<>();
        describe("missing", List.copyOf(missing.keySet()), problems);
        describe("unexpected", unexpected, problems);
        describe("of the wrong shape or type", wrong, problems);
        InputException.require(
                problems.isEmpty(), "the tensors are not those of the architecture: %s", String.join("; ", problems));
    }

    private static void describe(String what, List<String> names, List<String> problems) {
        if (!names.isEmpty()) {
            problems.add("%d %s: %s".formatted(names.size(), what, Numbers.first(names, NAMES_LISTED)));
        }
    }

    static boolean isRunningStatistic(String name) {
        return name.endsWith(".running_mean") || name.endsWith(".running_var");
    }

    private void add(String name, Initial initial, long... dims) {
        tensors.put(name, new Tensor(Shape.of(dims), initial));
    }

    private void vit(ClipConfig.Vit vit, int embedDim) {
        int width = vit.width();
        Initial embedding = normal(inverseRoot(width));
        if (vit.classTokens() == 1) {
            add("visual.class_embedding", embedding, width);
        }
        add("visual.positional_embedding", embedding, vit.tokens(), width);
        add("visual.proj", embedding, width, embedDim);
        convolution("visual.conv1", width, 3, vit.patchSize());
        norm("visual.ln_pre", width);
        transformer("visual.transformer.", width, vit.layers(), vit.mlpWidth(), uniformBlock(width, vit.mlpWidth()));
        norm("visual.ln_post", width);
        if (vit.peCore() != null) {
            String pool = "visual.attn_pool.";
            int mlpWidth = vit.peCore().poolMlpWidth();
            Block block = uniformBlock(width, mlpWidth);
            add(pool + "probe", embedding, 1, 1, width);
            attention(pool, width, block);
            norm(pool + "layernorm", width);
            mlp(pool, width, mlpWidth, block);
        }
    }

    /** Returns PyTorch's defaults; of the queries, keys and values Xavier's, over width inputs and 3 width outputs. */
    private static Block uniformBlock(int width, int mlpWidth) {
        return new Block(uniform(Math.sqrt(6.0 / (4.0 * width))), fanIn(width), fanIn(width), fanIn(mlpWidth));
    }

    private void transformer(String prefix, int width, int layers, int mlpWidth, Block initial) {
        for (int layer = 0; layer < layers; layer++) {
            String block = prefix + "resblocks." + layer + ".";
            attention(block, width, initial);
            norm(block + "ln_1", width);
            mlp(block, width, mlpWidth, initial);
            norm(block + "ln_2", width);
        }
    }

    private void attention(String block, int width, Block initial) {
        add(block + "attn.in_proj_weight", initial.inProjection, 3L * width, width);
        add(block + "attn.in_proj_bias", constant(0), 3L * width);
        linear(block + "attn.out_proj", width, width, initial.outProjection, constant(0));
    }

    private void mlp(String block, int width, int mlpWidth, Block initial) {
        linear(block + "mlp.c_fc", mlpWidth, width, initial.hidden, fanIn(width));
        linear(block + "mlp.c_proj", width, mlpWidth, initial.projection, fanIn(mlpWidth));
    }

    private void resNet(ClipConfig.ResNet resNet, int embedDim) {
        int width = resNet.width();
        stemConvolution(1, 3, width / 2, 1.0 / 3);
        stemConvolution(2, width / 2, width / 2, 1.0 / 6);
        stemConvolution(3, width / 2, width, 1.0 / 6);
        int in = width;
        for (int stage = 1; stage <= 4; stage++) {
            int planes = width << (stage - 1);
            for (int block = 0; block < resNet.layers().get(stage - 1); block++) {
                bottleneck("visual.layer" + stage + "." + block + ".", in, planes, block == 0);
                in = planes * ClipConfig.ResNet.EXPANSION;
            }
        }
        attentionPooling(resNet, embedDim);
    }

    private void stemConvolution(int index, int in, int out, double variance) {
        convolution("visual.conv" + index, out, in, 3);
        batchNorm("visual.bn" + index, out, 1, variance);
    }

    /** The first block of every stage has a projected shortcut; its pooling has no tensors. */
    private void bottleneck(String prefix, int in, int planes, boolean projected) {
        int out = planes * ClipConfig.ResNet.EXPANSION;
        convolution(prefix + "conv1", planes, in, 1);
        batchNorm(prefix + "bn1", planes, 1, 1.0 / 6);
        convolution(prefix + "conv2", planes, planes, 3);
        batchNorm(prefix + "bn2", planes, 1, 1.0 / 6);
        convolution(prefix + "conv3", out, planes, 1);
        batchNorm(prefix + "bn3", out, 0, 1.0 / 6);
        if (projected) {
            convolution(prefix + "downsample.0", out, in, 1);
            batchNorm(prefix + "downsample.1", out, 1, 1.0 / 6);
        }
    }

    private void attentionPooling(ClipConfig.ResNet resNet, int embedDim) {
        int width = resNet.outputWidth();
        double root = inverseRoot(width);
        long tokens = (long) resNet.grid() * resNet.grid() + 1;
        add("visual.attnpool.positional_embedding", normal(root), tokens, width);
        for (String projection : List.of("k_proj", "q_proj", "v_proj")) {
            linear("visual.attnpool." + projection, width, width, normal(root), uniform(root));
        }
        linear("visual.attnpool.c_proj", embedDim, width, normal(root), uniform(root));
    }

    private void convolution(String name, int out, int in, int side) {
        add(name + ".weight", fanIn((double) in * side * side), out, in, side, side);
    }

    private void linear(String name, int out, int in, Initial weight, Initial bias) {
        add(name + ".weight", weight, out, in);
        add(name + ".bias", bias, out);
    }

    private void norm(String name, int width) {
        norm(name, width, 1);
    }

    private void norm(String name, int width, double weight) {
        add(name + ".weight", constant(weight), width);
        add(name + ".bias", constant(0), width);
    }

    private void batchNorm(String name, int channels, double weight, double variance) {
        norm(name, channels, weight);
        add(name + ".running_mean", constant(0), channels);
        add(name + ".running_var", constant(variance), channels);
    }
}
