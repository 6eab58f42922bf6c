package org.coop4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.coop4j.clip.PackedPrompts;
import org.coop4j.image.PillowResize;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.coop4j.text.Tokenizer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Times of the small kernels on one thread: resize, preprocessing, tokenizer, packing. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SmallKernels {

    private RgbImage photo;
    private Preprocessing preprocessing;
    private Tokenizer tokenizer;
    private List<int[]> prompts;

    @Setup
    public void prepare() {
        SplittableRandom random = new SplittableRandom(1);
        byte[] samples = new byte[500 * 375 * 3];
        random.nextBytes(samples);
        photo = new RgbImage(500, 375, samples);
        preprocessing = Preprocessing.clip(224);
        tokenizer = Tokenizer.load();
        prompts = new ArrayList<>();
        for (int c = 0; c < 1000; c++) {
            int[] prompt = new int[17 + 3 + random.nextInt(4)];
            prompt[0] = 49406;
            for (int i = 1; i <= 16; i++) {
                prompt[i] = PackedPrompts.context(i - 1);
            }
            for (int i = 17; i < prompt.length - 1; i++) {
                prompt[i] = random.nextInt(300, 40_000);
            }
            prompt[prompt.length - 1] = 49407;
            prompts.add(prompt);
        }
    }

    /** Bicubic resize of a 500 x 375 picture to 299 x 224. */
    @Benchmark
    public RgbImage resize() {
        return PillowResize.resize(photo, 299, 224);
    }

    /** Returns the whole test transform of a 500 x 375 picture: resize, crop, normalise. */
    @Benchmark
    public float[] preprocess() {
        float[] pixels = new float[3 * 224 * 224];
        preprocessing.toTensor(preprocessing.fitted(photo), java.nio.FloatBuffer.wrap(pixels), 0);
        return pixels;
    }

    /** Returns a prompt of eleven tokens, its words known. */
    @Benchmark
    public int[] tokenize() {
        return tokenizer.tokenize("a photo of a 2012 Tesla Model S Sedan.", 77);
    }

    /** Packing the prompts of 1,000 classes. */
    @Benchmark
    public PackedPrompts pack() {
        return new PackedPrompts(prompts, 8);
    }
}
