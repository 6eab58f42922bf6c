package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.RandomValues.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.coop4j.graph.RequiresBfloat16;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.text.Tokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in bfloat16 compared with float32. */
@RequiresBfloat16
class PrecisionTest {

    private static final ClipConfig ARCHITECTURE = new ClipConfig(
            64, new ClipConfig.Vit(64, 16, 128, 4, 2, 512), new ClipConfig.Text(77, 49_408, 128, 4, 2, 512));

    private static final int IMAGES = 9;

    @TempDir
    static Path folder;

    private static Path model;

    @BeforeAll
    static void writeModel() throws IOException {
        model = TinyModel.write(ARCHITECTURE, folder.resolve("model.safetensors"), 4);
    }

    /** A check of a model in both precisions. */
    private interface Comparison {
        void of(Clip exact, Clip half) throws IOException;
    }

    private static void compare(Comparison comparison) throws IOException {
        try (Clip exact = TinyModel.open(model, 2);
                Clip half = Clip.open(model, new Clip.Options(Tokenizer::of, new Workers(2), Precision.BFLOAT16))) {
            comparison.of(exact, half);
        }
    }

    @Test
    void theFastestPrecisionOfSmallImagesIsFloat32() throws IOException {
        ClipConfig larger = new ClipConfig(8, new ClipConfig.Vit(128, 64, 16, 1, 1, 16), ARCHITECTURE.text());
        Path file = TinyModel.write(larger, folder.resolve("larger.safetensors"), 4);
        try (Clip small = Clip.open(model, fastest());
                Clip large = Clip.open(file, fastest())) {
            assertThat(small.precision()).isEqualTo(Precision.FLOAT32);
            assertThat(large.precision()).isEqualTo(Precision.fastest());
        }
    }

    private static Clip.Options fastest() {
        return new Clip.Options(Tokenizer::of, new Workers(1), Optional.empty());
    }

    private static double cosine(float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return dot / Math.sqrt(aa * bb);
    }

    @Test
    void textFeaturesEqualThoseInFloat32() throws IOException {
        compare((exact, half) -> {
            List<String> texts = List.of("a photo of a cat.", "a dog");
            assertThat(half.encodeTexts(texts).toArray())
                    .containsExactly(exact.encodeTexts(texts).toArray());
        });
    }

    @Test
    void aStepHasACloseGradientWholeAndInChunks() throws IOException {
        compare((exact, half) -> {
            PromptTower whole = compareSteps(exact, half, MemoryLimit.none());
            compareSteps(exact, half, new MemoryLimit(whole.stepBytes() * 2 / 3));
        });
    }

    private static PromptTower tower(Clip clip, MemoryLimit memory) {
        List<int[]> prompts = new ArrayList<>();
        for (String name : List.of("cat", "dog", "airplane", "water lily", "chair")) {
            int[] words = clip.tokenizer().tokenize(name + ".", 77);
            int end = 0;
            while (words[end] != 49_407) {
                end++;
            }
            int[] prompt = new int[end + 5];
            prompt[0] = words[0];
            for (int i = 0; i < 4; i++) {
                prompt[1 + i] = PackedPrompts.context(i);
            }
            System.arraycopy(words, 1, prompt, 5, end);
            prompts.add(prompt);
        }
        return PromptTower.of(clip, prompts, 4, memory);
    }

    /** Returns the tower in float32. */
    private static PromptTower compareSteps(Clip exact, Clip half, MemoryLimit memory) {
        float[] images = gaussian(6, IMAGES * 64);
        int[] labels = new Random(7).ints(IMAGES, 0, 5).toArray();
        PromptTower a = tower(exact, memory);
        PromptTower b = tower(half, memory);
        float[] context = gaussian(8, 4 * 128, 0.02);
        a.setContext(context);
        b.setContext(context);
        float[] right = gradient(a, images, labels);
        float[] rough = gradient(b, images, labels);
        assertThat(b.stepParts() > 1).isEqualTo(memory.bytes() < Long.MAX_VALUE);
        assertThat(cosine(right, rough)).isBetween(0.995, 1 - 1e-9);
        assertThat(gradient(b, images, labels)).containsExactly(rough);
        assertThat(b.features().toArray()).containsExactly(a.features().toArray());
        return a;
    }

    private static float[] gradient(PromptTower tower, float[] images, int[] labels) {
        tower.step(images, labels);
        return tower.gradient();
    }
}
