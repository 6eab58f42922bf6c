package org.coop4j.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The reference's computation of CoOp and CoCoOp in PyTorch, for its speed beside ours: CLIP's
 * ViT-B/16 at random weights, all 77 positions of each prompt at every step, gradients by PyTorch's
 * autograd, image features given. Arguments: what ({@code coop}, {@code cocoop} or {@code encode}),
 * the classes (the images of a batch with {@code encode}), and the repetitions; with a fourth,
 * {@code bf16}, weights and activations are bfloat16.
 */
@SuppressWarnings("try") // scopes and guards act by being open
public final class TorchPeer {

    private static final int CONTEXT_LENGTH = 77;
    private static final int TEXT_WIDTH = 512;
    private static final int VISION_WIDTH = 768;
    private static final int EMBED_WIDTH = 512;
    private static final int LAYERS = 12;
    private static final int HEAD_WIDTH = 64;
    private static final int PATCH = 16;
    private static final int SIDE = 224;
    private static final int NAME_TOKENS = 3;
    private static final double LOGIT_SCALE = 100;
    private static final double RATE = 0.002;
    private static final double DECAY = 5e-4;

    private final torch.ScalarType type;

    private TorchPeer(torch.ScalarType type) {
        this.type = type;
    }

    public static void main(String[] arguments) {
        int size = Integer.parseInt(arguments[1]);
        int runs = Integer.parseInt(arguments[2]);
        boolean half = arguments.length > 3 && arguments[3].equals("bf16");
        String threads = System.getenv("OMP_NUM_THREADS");
        torch.set_num_threads(threads == null ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(threads));
        torch.manual_seed(1);
        TorchPeer peer = new TorchPeer(half ? torch.ScalarType.BFloat16 : torch.ScalarType.Float);
        Runnable work =
                switch (arguments[0]) {
                    case "coop" -> peer.coop(size, 16, 32);
                    case "cocoop" -> peer.cocoop(size, 4);
                    case "encode" -> peer.encode(size);
                    default -> throw new IllegalArgumentException(arguments[0] + ": give coop, cocoop or encode");
                };
        double[] seconds = new double[runs];
        for (int run = -1; run < runs; run++) { // the first is for warming up
            long begin = System.nanoTime();
            try (PointerScope scope = new PointerScope()) {
                work.run();
            }
            if (run >= 0) {
                seconds[run] = (System.nanoTime() - begin) / 1e9;
            }
        }
        Arrays.sort(seconds);
        System.out.printf(
                Locale.ROOT,
                "PyTorch %s, %s, %s %d: %.3f s (median of %d)%n",
                torch.class.getPackage().getImplementationVersion(),
                half ? "bfloat16" : "float32",
                arguments[0],
                size,
                seconds[runs / 2],
                runs);
    }

    /** One transformer block: layer norms, attention, and the MLP with QuickGELU. */
    private final class Block {
        private final long[] width;
        private final Tensor scale1;
        private final Tensor shift1;
        private final Tensor qkvWeight;
        private final Tensor qkvBias;
        private final Tensor outWeight;
        private final Tensor outBias;
        private final Tensor scale2;
        private final Tensor shift2;
        private final Tensor upWeight;
        private final Tensor upBias;
        private final Tensor downWeight;
        private final Tensor downBias;

        Block(int width) {
            this.width = new long[] {width};
            scale1 = ones(width);
            shift1 = weight(0.01, width);
            qkvWeight = weight(Math.pow(width, -0.5), 3L * width, width);
            qkvBias = weight(0.01, 3L * width);
            outWeight = weight(0.1 * Math.pow(width, -0.5), width, width);
            outBias = weight(0.01, width);
            scale2 = ones(width);
            shift2 = weight(0.01, width);
            upWeight = weight(Math.pow(2.0 * width, -0.5), 4L * width, width);
            upBias = weight(0.01, 4L * width);
            downWeight = weight(0.1 * Math.pow(width, -0.5), width, 4L * width);
            downBias = weight(0.01, width);
        }

        /** Runs the block; [sequences, tokens, width] → the same. */
        Tensor forward(Tensor x, boolean causal) {
            long n = x.size(0);
            long tokens = x.size(1);
            long heads = width[0] / HEAD_WIDTH;
            Tensor qkv = torch.linear(norm(x, scale1, shift1), qkvWeight, new TensorOptional(qkvBias))
                    .view(n, tokens, 3, heads, HEAD_WIDTH)
                    .permute(2, 0, 3, 1, 4);
            Tensor attended = torch.scaled_dot_product_attention(
                    qkv.select(0, 0),
                    qkv.select(0, 1),
                    qkv.select(0, 2),
                    new TensorOptional(),
                    0.0,
                    causal,
                    new DoubleOptional(),
                    false);
            Tensor joined = attended.transpose(1, 2).reshape(n, tokens, width[0]);
            Tensor y = x.add(torch.linear(joined, outWeight, new TensorOptional(outBias)));
            Tensor h = torch.linear(norm(y, scale2, shift2), upWeight, new TensorOptional(upBias));
            Tensor activated = h.mul(torch.sigmoid(h.mul(new Scalar(1.702))));
            return y.add(torch.linear(activated, downWeight, new TensorOptional(downBias)));
        }

        private Tensor norm(Tensor x, Tensor scale, Tensor shift) {
            return torch.layer_norm(x, width, new TensorOptional(scale), new TensorOptional(shift), 1e-5, true);
        }
    }

    private List<Block> blocks(int width) {
        return IntStream.range(0, LAYERS).mapToObj(i -> new Block(width)).toList();
    }

    private Tensor weight(double deviation, long... shape) {
        return torch.randn(shape).mul(new Scalar(deviation)).to(type);
    }

    private Tensor ones(long... shape) {
        return torch.ones(shape).to(type);
    }

    private static Tensor unit(Tensor x) {
        return x.div(x.norm(new ScalarOptional(new Scalar(2)), new long[] {-1}, true));
    }

    /** The text tower over prompts that are given as embeddings [classes, 77, width]. */
    private final class TextTower {
        private final List<Block> blocks = blocks(TEXT_WIDTH);
        private final Tensor positions = weight(0.01, CONTEXT_LENGTH, TEXT_WIDTH);
        private final Tensor projection = weight(Math.pow(TEXT_WIDTH, -0.5), EMBED_WIDTH, TEXT_WIDTH);

        /** Returns unit features [classes, embed width] at the end token. */
        Tensor forward(Tensor prompts, int end) {
            Tensor x = prompts.add(positions);
            for (Block block : blocks) {
                x = block.forward(x, true);
            }
            Tensor last = torch.layer_norm(x, TEXT_WIDTH).select(1, end);
            return unit(torch.linear(last, projection).to(torch.ScalarType.Float));
        }
    }

    /** Returns the rows of the prompts before and after M context vectors of each class. */
    private Tensor prompts(Tensor prefix, Tensor context, Tensor suffix) {
        return torch.cat(new TensorVector(prefix, context.to(type), suffix), 1);
    }

    private static Tensor learned(double deviation, long... shape) {
        return torch.randn(shape).mul(new Scalar(deviation)).set_requires_grad(true);
    }

    private static void descend(List<Tensor> parameters, Tensor loss) {
        loss.backward();
        try (NoGradGuard guard = new NoGradGuard()) {
            for (Tensor parameter : parameters) {
                Tensor gradient = parameter.grad().add(parameter, new Scalar(DECAY));
                parameter.sub_(gradient, new Scalar(RATE));
                parameter.mutable_grad().zero_();
            }
        }
    }

    private Runnable coop(int classes, int contextVectors, int batch) {
        TextTower tower = new TextTower();
        int rest = CONTEXT_LENGTH - 1 - contextVectors;
        Tensor prefix = weight(0.02, 1, 1, TEXT_WIDTH).expand(classes, 1, TEXT_WIDTH);
        Tensor suffix = weight(0.02, classes, rest, TEXT_WIDTH);
        Tensor context = learned(0.02, contextVectors, TEXT_WIDTH);
        Tensor images = unit(torch.randn(batch, EMBED_WIDTH));
        Tensor labels = labels(batch, classes);
        int end = 1 + contextVectors + NAME_TOKENS + 1;
        return () -> {
            Tensor shared = context.unsqueeze(0).expand(classes, contextVectors, TEXT_WIDTH);
            Tensor features = tower.forward(prompts(prefix, shared, suffix), end);
            Tensor logits = torch.matmul(images, features.t()).mul(new Scalar(LOGIT_SCALE));
            descend(List.of(context), torch.cross_entropy_loss(logits, labels));
        };
    }

    private Runnable cocoop(int classes, int contextVectors) {
        TextTower tower = new TextTower();
        int rest = CONTEXT_LENGTH - 1 - contextVectors;
        Tensor prefix = weight(0.02, 1, 1, TEXT_WIDTH).expand(classes, 1, TEXT_WIDTH);
        Tensor suffix = weight(0.02, classes, rest, TEXT_WIDTH);
        Tensor context = learned(0.02, contextVectors, TEXT_WIDTH);
        Tensor first = learned(0.04, EMBED_WIDTH / 16, EMBED_WIDTH);
        Tensor firstBias = learned(0.04, EMBED_WIDTH / 16);
        Tensor second = learned(0.1, TEXT_WIDTH, EMBED_WIDTH / 16);
        Tensor secondBias = learned(0.1, TEXT_WIDTH);
        Tensor image = unit(torch.randn(1, EMBED_WIDTH));
        Tensor labels = labels(1, classes);
        int end = 1 + contextVectors + NAME_TOKENS + 1;
        return () -> {
            Tensor hidden =
                    torch.linear(image, first, new TensorOptional(firstBias)).relu();
            Tensor shift = torch.linear(hidden, second, new TensorOptional(secondBias));
            Tensor shifted = context.add(shift).unsqueeze(0).expand(classes, contextVectors, TEXT_WIDTH);
            Tensor features = tower.forward(prompts(prefix, shifted, suffix), end);
            Tensor logits = torch.matmul(image, features.t()).mul(new Scalar(LOGIT_SCALE));
            descend(List.of(context, first, firstBias, second, secondBias), torch.cross_entropy_loss(logits, labels));
        };
    }

    private static Tensor labels(int n, int classes) {
        return torch.rand(n).mul(new Scalar(classes)).to(torch.ScalarType.Long);
    }

    private Runnable encode(int batch) {
        int grid = SIDE / PATCH;
        Tensor patches = weight(0.02, VISION_WIDTH, 3, PATCH, PATCH);
        Tensor first = weight(0.02, 1, 1, VISION_WIDTH).expand(batch, 1, VISION_WIDTH);
        Tensor positions = weight(0.02, (long) grid * grid + 1, VISION_WIDTH);
        Tensor projection = weight(Math.pow(VISION_WIDTH, -0.5), EMBED_WIDTH, VISION_WIDTH);
        List<Block> blocks = blocks(VISION_WIDTH);
        Tensor pixels = torch.randn(batch, 3, SIDE, SIDE).to(type);
        return () -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor x = torch.conv2d(
                                pixels,
                                patches,
                                new TensorOptional(),
                                new long[] {PATCH, PATCH},
                                new long[] {0, 0},
                                new long[] {1, 1},
                                1)
                        .flatten(2, 3)
                        .permute(0, 2, 1);
                x = torch.cat(new TensorVector(first, x), 1).add(positions);
                x = torch.layer_norm(x, VISION_WIDTH);
                for (Block block : blocks) {
                    x = block.forward(x, false);
                }
                torch.linear(torch.layer_norm(x.select(1, 0), VISION_WIDTH), projection);
            }
        };
    }
}
