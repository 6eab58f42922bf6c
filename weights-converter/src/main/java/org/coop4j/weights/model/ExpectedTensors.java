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

/** Names and shapes of a model's tensors, in the order of OpenAI's {@code clip/model.py}. */
final class ExpectedTensors {
    private static final int NAMES_LISTED = 12;

    private final Map<String, Shape> shapes = new LinkedHashMap<>();

    private ExpectedTensors() {}

    static Map<String, Shape> of(ClipConfig architecture) {
        ExpectedTensors tensors = new ExpectedTensors();
        ClipConfig.Text text = architecture.text();
        tensors.add("positional_embedding", text.contextLength(), text.width());
        tensors.add("text_projection", text.width(), architecture.embedDim());
        tensors.add("logit_scale");
        if (architecture.vision() instanceof ClipConfig.Vit vit) {
            tensors.vit(vit, architecture.embedDim());
        } else if (architecture.vision() instanceof ClipConfig.ResNet resNet) {
            tensors.resNet(resNet, architecture.embedDim());
        }
        tensors.transformer("transformer.", text.width(), text.layers(), text.mlpWidth());
        tensors.add("token_embedding.weight", text.vocabularySize(), text.width());
        tensors.norm("ln_final", text.width());
        return tensors.shapes;
    }

    /**
     * Compares tensors with those that an architecture needs: names, shapes, and that all are floating-point.
     *
     * @throws InputException naming those that are missing, unexpected and misshapen
     */
    static void check(ClipConfig architecture, Collection<TensorSpec> actual) throws InputException {
        Map<String, Shape> missing = of(architecture);
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

    private void add(String name, long... dims) {
        shapes.put(name, Shape.of(dims));
    }

    private void vit(ClipConfig.Vit vit, int embedDim) {
        int width = vit.width();
        if (vit.classTokens() == 1) {
            add("visual.class_embedding", width);
        }
        add("visual.positional_embedding", vit.tokens(), width);
        add("visual.proj", width, embedDim);
        add("visual.conv1.weight", width, 3, vit.patchSize(), vit.patchSize());
        norm("visual.ln_pre", width);
        transformer("visual.transformer.", width, vit.layers(), vit.mlpWidth());
        norm("visual.ln_post", width);
        if (vit.peCore() != null) {
            String pool = "visual.attn_pool.";
            add(pool + "probe", 1, 1, width);
            attention(pool, width);
            norm(pool + "layernorm", width);
            mlp(pool, width, vit.peCore().poolMlpWidth());
        }
    }

    private void transformer(String prefix, int width, int layers, int mlpWidth) {
        for (int layer = 0; layer < layers; layer++) {
            String block = prefix + "resblocks." + layer + ".";
            attention(block, width);
            norm(block + "ln_1", width);
            mlp(block, width, mlpWidth);
            norm(block + "ln_2", width);
        }
    }

    private void attention(String block, int width) {
        add(block + "attn.in_proj_weight", 3L * width, width);
        add(block + "attn.in_proj_bias", 3L * width);
        linear(block + "attn.out_proj", width, width);
    }

    private void mlp(String block, int width, int mlpWidth) {
        linear(block + "mlp.c_fc", mlpWidth, width);
        linear(block + "mlp.c_proj", width, mlpWidth);
    }

    private void resNet(ClipConfig.ResNet resNet, int embedDim) {
        int width = resNet.width();
        stemConvolution(1, 3, width / 2);
        stemConvolution(2, width / 2, width / 2);
        stemConvolution(3, width / 2, width);
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

    private void stemConvolution(int index, int in, int out) {
        add("visual.conv" + index + ".weight", out, in, 3, 3);
        batchNorm("visual.bn" + index, out);
    }

    /** The first block of every stage has a projected shortcut; its pooling has no tensors. */
    private void bottleneck(String prefix, int in, int planes, boolean projected) {
        int out = planes * ClipConfig.ResNet.EXPANSION;
        add(prefix + "conv1.weight", planes, in, 1, 1);
        batchNorm(prefix + "bn1", planes);
        add(prefix + "conv2.weight", planes, planes, 3, 3);
        batchNorm(prefix + "bn2", planes);
        add(prefix + "conv3.weight", out, planes, 1, 1);
        batchNorm(prefix + "bn3", out);
        if (projected) {
            add(prefix + "downsample.0.weight", out, in, 1, 1);
            batchNorm(prefix + "downsample.1", out);
        }
    }

    private void attentionPooling(ClipConfig.ResNet resNet, int embedDim) {
        int width = resNet.outputWidth();
        long tokens = (long) resNet.grid() * resNet.grid() + 1;
        add("visual.attnpool.positional_embedding", tokens, width);
        for (String projection : List.of("k_proj", "q_proj", "v_proj")) {
            linear("visual.attnpool." + projection, width, width);
        }
        linear("visual.attnpool.c_proj", embedDim, width);
    }

    private void linear(String name, int out, int in) {
        add(name + ".weight", out, in);
        add(name + ".bias", out);
    }

    private void norm(String name, int width) {
        add(name + ".weight", width);
        add(name + ".bias", width);
    }

    private void batchNorm(String name, int channels) {
        norm(name, channels);
        add(name + ".running_mean", channels);
        add(name + ".running_var", channels);
    }
}
