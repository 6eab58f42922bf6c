package org.coop4j.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The reference's computation of CoOp and CoCoOp in PyTorch, for its speed beside ours: a model at random weights, all
 * positions of each prompt at every step, gradients by PyTorch's autograd, image features given. Arguments: what
 * ({@code coop}, {@code cocoop} or {@code encode}), the classes (the images of a batch with {@code encode}), the
 * repetitions, then optionally the precision ({@code float32}; {@code bf16}, with weights in bfloat16; or {@code
 * autocast}) and the model ({@code ViT-B/16} or another of {@link Sizes}).
 *
 * <p>Or, beside {@code methods} of the profile bench, a method of image features ({@code tip-adapter-f}, {@code
 * taskres}, {@code zs-lp}, {@code clap} or {@code lpp}), the classes, images per class, width of a feature, and
 * repetitions.
 */
@SuppressWarnings("try") // scopes and guards act by being open
public final class TorchPeer {

    private static final int HEAD_WIDTH = 64;
    private static final int NAME_TOKENS = 3;
    private static final double LOGIT_SCALE = 100;
    private static final double RATE = 0.002;
    private static final double DECAY = 5e-4;
    private static final int WARM_UP = 3; // of methods of image features

    /** Sizes of a tower's blocks. */
    private record Tower(int width, int layers) {}

    /**
     * Sizes of a model.
     *
     * @param gelu true for exact GELU, false for QuickGELU
     * @param rotary true for the Perception Encoder: rotary positions and attention pooling
     */
    private record Sizes(
            int side, int patch, Tower vision, Tower text, int context, int embed, boolean gelu, boolean rotary) {

        static Sizes of(String model) {
            Tower base = new Tower(768, 12);
            Tower small = new Tower(512, 12);
            return switch (model) {
                case "ViT-B/16" -> new Sizes(224, 16, base, small, 77, 512, false, false);
                case "ViT-B/16-gelu" -> new Sizes(224, 16, base, small, 77, 512, true, false);
                case "ViT-B/32" -> new Sizes(224, 32, base, small, 77, 512, false, false);
                case "PE-Core-B16-224" -> new Sizes(224, 16, base, new Tower(1024, 24), 32, 1024, true, true);
                case "PE-Core-S16-384" -> new Sizes(384, 16, new Tower(384, 12), small, 32, 512, true, true);
                default ->
                    throw new IllegalArgumentException(
                            model + ": give ViT-B/16, ViT-B/16-gelu, ViT-B/32, PE-Core-B16-224 or PE-Core-S16-384");
            };
        }

        long patches() {
            return (long) (side / patch) * (side / patch);
        }
    }

    private final torch.ScalarType type;
    private final Sizes sizes;

    private TorchPeer(torch.ScalarType type, Sizes sizes) {
        this.type = type;
        this.sizes = sizes;
    }

    public static void main(String[] arguments) {
        String threads = System.getenv("OMP_NUM_THREADS");
        torch.set_num_threads(threads == null ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(threads));
        torch.manual_seed(1);
        int size = Integer.parseInt(arguments[1]);
        int runs = Integer.parseInt(arguments[2]);
        if (arguments.length == 5 && !List.of("coop", "cocoop", "encode").contains(arguments[0])) {
            Features features = new Features(size, runs, Integer.parseInt(arguments[3]));
            measure(features.step(arguments[0]), WARM_UP, Integer.parseInt(arguments[4]), arguments[0]);
            return;
        }
        String precision = arguments.length > 3 ? arguments[3] : "float32";
        String model = arguments.length > 4 ? arguments[4] : "ViT-B/16";
        boolean half = precision.equals("bf16");
        TorchPeer peer = new TorchPeer(half ? torch.ScalarType.BFloat16 : torch.ScalarType.Float, Sizes.of(model));
        if (precision.equals("autocast")) {
            torch.set_autocast_dtype(torch.DeviceType.CPU, torch.ScalarType.BFloat16);
            torch.set_autocast_enabled(torch.DeviceType.CPU, true);
            torch.set_autocast_cache_enabled(false); // casts weights in every run, as leaving "with autocast" does
        }
        Runnable work =
                switch (arguments[0]) {
                    case "coop" -> peer.prompts(size, 16, 32, false);
                    case "cocoop" -> peer.prompts(size, 4, 1, true);
                    case "encode" -> peer.encode(size);
                    default -> throw new IllegalArgumentException(arguments[0] + ": give coop, cocoop or encode");
                };
        measure(work, 1, runs, "%s, %s, %s %d".formatted(precision, model, arguments[0], size));
    }

    private static void measure(Runnable work, int warmUp, int runs, String name) {
        double[] seconds = new double[runs];
        for (int run = -warmUp; run < runs; run++) {
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
                "PyTorch %s, %s: %.5f s (median of %d), least %.5f s%n",
                torch.class.getPackage().getImplementationVersion(),
                name,
                seconds[runs / 2],
                runs,
                seconds[0]);
    }

    /** A linear layer, [..., in] → [..., out]. */
    private record Linear(Tensor weight, Tensor bias) {

        Tensor of(Tensor x) {
            return torch.linear(x, weight, new TensorOptional(bias));
        }
    }

    private Linear linear(double deviation, long out, long in) {
        return new Linear(weight(deviation, out, in), weight(0.01, out));
    }

    /** One transformer block: layer norms, attention, and the MLP. */
    private final class Block {

        private final long[] width;
        private final Tensor angles; // of rotary positions; null for none
        private final Linear qkv;
        private final Linear out;
        private final Linear up;
        private final Linear down;
        private final Tensor scale;
        private final Tensor shift;

        Block(int width, Tensor angles) {
            this.width = new long[] {width};
            this.angles = angles;
            qkv = linear(Math.pow(width, -0.5), 3L * width, width);
            out = linear(0.1 * Math.pow(width, -0.5), width, width);
            up = linear(Math.pow(2.0 * width, -0.5), 4L * width, width);
            down = linear(0.1 * Math.pow(width, -0.5), width, 4L * width);
            scale = torch.ones(width).to(type);
            shift = weight(0.01, width);
        }

        /** Runs the block; [sequences, tokens, width] → the same. */
        Tensor forward(Tensor x, boolean causal) {
            long n = x.size(0);
            long tokens = x.size(1);
            Tensor heads = qkv.of(norm(x))
                    .view(n, tokens, 3, width[0] / HEAD_WIDTH, HEAD_WIDTH)
                    .permute(2, 0, 3, 1, 4);
            Tensor attended =
                    attention(rotated(heads.select(0, 0)), rotated(heads.select(0, 1)), heads.select(0, 2), causal);
            Tensor y = x.add(out.of(attended.transpose(1, 2).reshape(n, tokens, width[0])));
            Tensor h = up.of(norm(y));
            return y.add(down.of(sizes.gelu ? torch.gelu(h) : h.mul(torch.sigmoid(h.mul(new Scalar(1.702))))));
        }

        /**
         * Rotates pairs of channels as Meta's {@code apply_rotary_emb} does: in float32, then rounded; [sequences, heads,
         * tokens, channels] → the same.
         */
        private Tensor rotated(Tensor x) {
            if (angles == null) {
                return x;
            }
            Tensor pairs = x.reshape(x.size(0), x.size(1), x.size(2), x.size(3) / 2, 2);
            TensorVector turned = new TensorVector(pairs.select(4, 1).neg(), pairs.select(4, 0));
            Tensor half = torch.stack(turned, 4).reshape(x.sizes());
            return x.mul(angles.cos()).add(half.mul(angles.sin())).to(x.scalar_type());
        }

        private Tensor norm(Tensor x) {
            return torch.layer_norm(x, width, new TensorOptional(scale), new TensorOptional(shift), 1e-5, true);
        }
    }

    private static Tensor attention(Tensor q, Tensor k, Tensor v, boolean causal) {
        return torch.scaled_dot_product_attention(
                q, k, v, new TensorOptional(), 0.0, causal, new DoubleOptional(), false);
    }

    private List<Block> blocks(Tower tower, Tensor angles) {
        return IntStream.range(0, tower.layers)
                .mapToObj(i -> new Block(tower.width, angles))
                .toList();
    }

    private Tensor weight(double deviation, long... shape) {
        return torch.randn(shape).mul(new Scalar(deviation)).to(type);
    }

    private static Tensor unit(Tensor x) {
        return x.div(x.norm(new ScalarOptional(new Scalar(2)), new long[] {-1}, true));
    }

    /** The text tower over prompts that are given as embeddings [classes, context length, width]. */
    private final class TextTower {
        private final List<Block> blocks = blocks(sizes.text, null);
        private final Tensor positions = weight(0.01, sizes.context, sizes.text.width);
        private final Tensor projection = weight(Math.pow(sizes.text.width, -0.5), sizes.embed, sizes.text.width);

        /** Returns unit features [classes, embed width] at the end token. */
        Tensor forward(Tensor prompts, int end) {
            Tensor x = prompts.add(positions);
            for (Block block : blocks) {
                x = block.forward(x, true);
            }
            Tensor last = torch.layer_norm(x, sizes.text.width).select(1, end);
            return unit(torch.linear(last, projection).to(torch.ScalarType.Float));
        }
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

    /** A step of CoOp, or of CoCoOp, whose context is shifted by a network of the image, one image at a time. */
    private Runnable prompts(int classes, int contextVectors, int batch, boolean shifted) {
        TextTower tower = new TextTower();
        int width = sizes.text.width;
        Tensor prefix = weight(0.02, 1, 1, width).expand(classes, 1, width);
        Tensor suffix = weight(0.02, classes, sizes.context - 1 - contextVectors, width);
        Tensor context = learned(0.02, contextVectors, width);
        Linear first = new Linear(learned(0.04, sizes.embed / 16, sizes.embed), learned(0.04, sizes.embed / 16));
        Linear second = new Linear(learned(0.1, width, sizes.embed / 16), learned(0.1, width));
        List<Tensor> learned =
                shifted ? List.of(context, first.weight, first.bias, second.weight, second.bias) : List.of(context);
        Tensor images = unit(torch.randn(batch, sizes.embed));
        Tensor labels = torch.rand(batch).mul(new Scalar(classes)).to(torch.ScalarType.Long);
        int end = 1 + contextVectors + NAME_TOKENS + 1;
        return () -> {
            Tensor own = shifted ? context.add(second.of(first.of(images).relu())) : context;
            Tensor shared = own.unsqueeze(0).expand(classes, contextVectors, width);
            Tensor prompts = torch.cat(new TensorVector(prefix, shared.to(type), suffix), 1);
            Tensor features = tower.forward(prompts, end);
            Tensor logits = torch.matmul(images, features.t()).mul(new Scalar(LOGIT_SCALE));
            descend(learned, torch.cross_entropy_loss(logits, labels));
        };
    }

    private Runnable encode(int batch) {
        int width = sizes.vision.width;
        Tensor patches = weight(0.02, width, 3, sizes.patch, sizes.patch);
        Tensor first = weight(0.02, 1, 1, width).expand(batch, 1, width);
        Tensor positions = weight(0.02, sizes.patches() + 1, width);
        Tensor projection = weight(Math.pow(width, -0.5), sizes.embed, width);
        Tensor angles = sizes.rotary ? torch.randn(sizes.patches() + 1, HEAD_WIDTH) : null;
        List<Block> blocks = blocks(sizes.vision, angles);
        Pooling pooling = sizes.rotary ? new Pooling(width) : null;
        Tensor pixels = torch.randn(batch, 3, sizes.side, sizes.side).to(type);
        return () -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor x = torch.conv2d(
                                pixels,
                                patches,
                                new TensorOptional(),
                                new long[] {sizes.patch, sizes.patch},
                                new long[] {0, 0},
                                new long[] {1, 1},
                                1)
                        .flatten(2, 3)
                        .permute(0, 2, 1);
                x = torch.cat(new TensorVector(first, x), 1).add(positions);
                x = torch.layer_norm(x, width);
                for (Block block : blocks) {
                    x = block.forward(x, false);
                }
                Tensor pooled = pooling == null
                        ? torch.layer_norm(x.select(1, 0), width)
                        : pooling.forward(torch.layer_norm(x, width));
                torch.linear(pooled, projection);
            }
        };
    }

    /** The Perception Encoder's pooling: a learned query attends to all tokens with 8 heads, then an MLP. */
    private final class Pooling {
        private static final int HEADS = 8;

        private final Tensor query;
        private final Tensor keyValueWeight;
        private final Tensor outWeight;
        private final Tensor upWeight;
        private final Tensor downWeight;

        Pooling(int width) {
            query = weight(0.02, 1, HEADS, 1, width / HEADS);
            keyValueWeight = weight(Math.pow(width, -0.5), 2L * width, width);
            outWeight = weight(Math.pow(width, -0.5), width, width);
            upWeight = weight(Math.pow(width, -0.5), 4L * width, width);
            downWeight = weight(Math.pow(4.0 * width, -0.5), width, 4L * width);
        }

        /** Returns a row for each sequence; [sequences, tokens, width] → [sequences, width]. */
        Tensor forward(Tensor x) {
            long n = x.size(0);
            long width = x.size(2);
            Tensor kv = torch.linear(x, keyValueWeight)
                    .view(n, x.size(1), 2, HEADS, width / HEADS)
                    .permute(2, 0, 3, 1, 4);
            Tensor q = query.expand(n, HEADS, 1, width / HEADS).to(kv.scalar_type());
            Tensor attended = attention(q, kv.select(0, 0), kv.select(0, 1), false);
            Tensor y = torch.linear(attended.reshape(n, width), outWeight);
            return y.add(torch.linear(torch.gelu(torch.linear(torch.layer_norm(y, width), upWeight)), downWeight));
        }
    }

    /** Steps of the methods of image features, as the references train them: random features, gradients by autograd. */
    private static final class Features {

        private static final int BATCH = 256;
        private static final double MOMENTUM = 0.9;

        /** Normalised, [images, width]; class k has every {@code classes}-th from the k-th on. */
        private final Tensor images;

        /** Normalised, [classes, width]. */
        private final Tensor texts;

        private final Tensor labels;
        private final int classes;

        Features(int classes, int shots, int width) {
            this.classes = classes;
            images = unit(torch.randn((long) classes * shots, width));
            texts = unit(torch.randn(classes, width));
            labels = torch.arange(new Scalar(classes * shots)).remainder(new Scalar(classes));
        }

        Runnable step(String method) {
            return switch (method) {
                case "tip-adapter-f" -> tipAdapterF();
                case "taskres" -> taskRes();
                case "zs-lp" -> prototypes(false);
                case "clap" -> prototypes(true);
                case "lpp" -> lpPlusPlus();
                default -> throw new IllegalArgumentException(method + " has no peer");
            };
        }

        private static Tensor times(Tensor x, double factor) {
            return x.mul(new Scalar(factor));
        }

        private static Tensor learned(Tensor start) {
            return start.clone().detach().set_requires_grad(true);
        }

        private static SGD sgd(double rate, Tensor... learned) {
            SGDOptions options = new SGDOptions(rate);
            options.momentum().put(MOMENTUM);
            return new SGD(new TensorVector(learned), options);
        }

        /** Returns a step on a random batch; the loss is the cross-entropy of the batch. */
        private Runnable onBatches(Optimizer optimizer, BinaryOperator<Tensor> loss) {
            return () -> {
                Tensor chosen = torch.randperm(images.size(0)).narrow(0, 0, BATCH);
                step(optimizer, loss.apply(images.index_select(0, chosen), labels.index_select(0, chosen)));
            };
        }

        private static void step(Optimizer optimizer, Tensor loss) {
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
        }

        /** Learns the keys of the cache; α = 1.17, β = 1. */
        private Runnable tipAdapterF() {
            Tensor keys = learned(images);
            Tensor values = torch.one_hot(labels, classes).to(torch.ScalarType.Float);
            AdamWOptions options = new AdamWOptions(0.001);
            options.eps().put(1e-4);
            return onBatches(new AdamW(new TensorVector(keys), options), (x, y) -> {
                Tensor affinity = torch.matmul(x, keys.t()).sub(new Scalar(1)).exp();
                Tensor cache = times(torch.matmul(affinity, values), 1.17);
                Tensor zeroShot = times(torch.matmul(x, texts.t()), LOGIT_SCALE);
                return torch.cross_entropy_loss(zeroShot.add(cache), y);
            });
        }

        /** Learns a residual of the text features, which counts 0.5 times. */
        private Runnable taskRes() {
            Tensor residual = learned(torch.zeros_like(texts));
            return onBatches(new Adam(new TensorVector(residual), new AdamOptions(0.002)), (x, y) -> {
                Tensor weights = unit(texts.add(times(residual, 0.5)));
                return torch.cross_entropy_loss(times(torch.matmul(x, weights.t()), LOGIT_SCALE), y);
            });
        }

        /** Learns class prototypes, regularised towards the text features by CLAP's penalty or not. */
        private Runnable prototypes(boolean penalised) {
            Tensor prototypes = learned(texts);
            Tensor multipliers = torch.rand(classes);
            return onBatches(sgd(0.1, prototypes), (x, y) -> {
                Tensor logits = times(torch.matmul(x, unit(prototypes).t()), LOGIT_SCALE);
                Tensor loss = torch.cross_entropy_loss(logits, y);
                if (!penalised) {
                    return loss;
                }
                Tensor distances = texts.sub(prototypes).square().sum(new long[] {1});
                return loss.add(multipliers.mul(distances).mean());
            });
        }

        /** f · (w + α t), on all images at once. */
        private Runnable lpPlusPlus() {
            Tensor weights = learned(texts);
            Tensor blend = learned(torch.ones(classes, 1));
            SGD optimizer = sgd(1, weights, blend);
            return () -> {
                Tensor head = weights.add(blend.mul(texts));
                step(optimizer, torch.cross_entropy_loss(torch.matmul(images, head.t()), labels));
            };
        }
    }
}
