package org.coop4j.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.BinaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Steps of the methods of image features in PyTorch, as the references train them, for their speed
 * beside {@code methods} of the profile bench: random features, gradients by PyTorch's autograd. Arguments:
 * the method ({@code tip-adapter-f}, {@code taskres}, {@code zs-lp}, {@code clap} or {@code lpp}),
 * classes, images per class, width of a feature, and the steps to take the median of.
 */
@SuppressWarnings("try") // a scope acts by being open
public final class TorchFeaturePeer {

    private static final int BATCH = 256;
    private static final double LOGIT_SCALE = 100;
    private static final double MOMENTUM = 0.9;
    private static final int WARM_UP = 3;

    /** Normalised, [images, width]; class k has every {@code classes}-th from the k-th on. */
    private final Tensor images;

    /** Normalised, [classes, width]. */
    private final Tensor texts;

    private final Tensor labels;
    private final int classes;

    private TorchFeaturePeer(int classes, int shots, int width) {
        this.classes = classes;
        images = unit(torch.randn((long) classes * shots, width));
        texts = unit(torch.randn(classes, width));
        labels = torch.arange(new Scalar(classes * shots)).remainder(new Scalar(classes));
    }

    public static void main(String[] arguments) {
        torch.set_num_threads(Runtime.getRuntime().availableProcessors());
        torch.manual_seed(1);
        int[] sizes =
                Arrays.stream(arguments).skip(1).mapToInt(Integer::parseInt).toArray();
        TorchFeaturePeer peer = new TorchFeaturePeer(sizes[0], sizes[1], sizes[2]);
        Runnable step =
                switch (arguments[0]) {
                    case "tip-adapter-f" -> peer.tipAdapterF();
                    case "taskres" -> peer.taskRes();
                    case "zs-lp" -> peer.prototypes(false);
                    case "clap" -> peer.prototypes(true);
                    case "lpp" -> peer.lpPlusPlus();
                    default -> throw new IllegalArgumentException(arguments[0] + " has no peer");
                };
        double[] seconds = new double[sizes[3]];
        for (int i = -WARM_UP; i < seconds.length; i++) {
            long begin = System.nanoTime();
            try (PointerScope scope = new PointerScope()) {
                step.run();
            }
            if (i >= 0) {
                seconds[i] = (System.nanoTime() - begin) / 1e9;
            }
        }
        Arrays.sort(seconds);
        System.out.printf(
                Locale.ROOT,
                "PyTorch, %s: %.2f ms a step (median of %d)%n",
                arguments[0],
                1e3 * seconds[seconds.length / 2],
                seconds.length);
    }

    private static Tensor unit(Tensor x) {
        return x.div(x.norm(new ScalarOptional(new Scalar(2)), new long[] {-1}, true));
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
