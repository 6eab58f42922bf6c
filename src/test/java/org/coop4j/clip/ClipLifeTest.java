package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.coop4j.MemoryChild;
import org.coop4j.base.Progress;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.convert.RandomWeights;
import org.coop4j.text.Tokenizer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening and closing, and use by many threads at once. */
class ClipLifeTest {

    /** 2 MB of weights; a batch of images needs about 3 MB more. */
    private static final ClipConfig ARCHITECTURE =
            new ClipConfig(64, new ClipConfig.Vit(32, 8, 128, 2, 2, 512), new ClipConfig.Text(8, 40, 64, 2, 2, 256));

    private static final int WARM_UP = 30;
    private static final int ROUNDS = 100;

    /**
     * Bytes per round that count as a leak: a quarter of the weights, or a sixth of a plan.
     */
    private static final long LEAK = 1 << 19;

    static final int[] CAPTION = {38, 3, 5, 39};

    @TempDir
    static Path folder;

    private static Path file;
    private static final Tokenizer TOKENIZER = Tokenizer.load();

    @BeforeAll
    static void write() throws IOException {
        file = folder.resolve("random.safetensors");
        RandomWeights.write(ARCHITECTURE, 3, file, MlpActivation.QUICK_GELU, Progress.NONE);
    }

    private static Clip open() throws IOException {
        return Clip.open(file, new Clip.Options(model -> TOKENIZER, new Workers(2), Precision.FLOAT32));
    }

    static FloatBuffer pixels(int images) {
        float[] pixels = new float[images * 3 * 32 * 32];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = i % 13 / 13f;
        }
        return FloatBuffer.wrap(pixels);
    }

    private static float[] features(Clip clip) {
        return clip.encodePixels(pixels(2), 2).toArray();
    }

    @Test
    void openingAndClosingLeaksNoMemory() throws Exception {
        int openings = WARM_UP + ROUNDS;
        long[] memory = MemoryChild.run(ClipLifeTest.class, file.toString(), Integer.toString(openings));
        assertThat(memory).hasSize(openings);
        assertThat(memory[openings - 1] - memory[WARM_UP - 1]).isLessThan(ROUNDS * LEAK);
    }

    /** Opens and closes a model repeatedly, and reports the memory after each opening. */
    public static void main(String[] args) throws IOException {
        for (int opening = 0; opening < Integer.parseInt(args[1]); opening++) {
            try (Clip clip = Clip.open(
                    Path.of(args[0]), new Clip.Options(model -> TOKENIZER, new Workers(2), Precision.FLOAT32))) {
                clip.encodePixels(pixels(47), 47);
                clip.encodeTokens(List.of(CAPTION));
            }
            MemoryChild.report();
        }
    }

    @Test
    void closingWaitsForThreadsAtWorkAndRefusesThemAfterwards() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            for (int repetition = 0; repetition < 5; repetition++) {
                Clip clip = open();
                float[] expected = features(clip);
                CountDownLatch working = new CountDownLatch(8);
                List<Future<String>> ends = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    ends.add(threads.submit(() -> predictUntilRefused(clip, expected, working)));
                }
                working.await();
                clip.close();
                for (Future<String> end : ends) {
                    assertThat(end.get()).isEqualTo("the model is closed");
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static String predictUntilRefused(Clip clip, float[] expected, CountDownLatch working) {
        while (true) {
            try {
                assertThat(features(clip)).isEqualTo(expected);
                clip.encodeTokens(List.of(CAPTION));
            } catch (IllegalStateException e) {
                return e.getMessage();
            } finally {
                working.countDown();
            }
        }
    }

    @Test
    void everyCallAfterClosingIsRefused() throws IOException {
        Clip clip = open();
        ImageEncoder encoder = clip.imageEncoder();
        features(clip);
        clip.close();
        clip.close();
        List<Callable<?>> calls = List.of(
                () -> features(clip),
                () -> clip.encodeTokens(List.of(CAPTION)),
                clip::logitScale,
                clip::imageEncoder,
                () -> clip.tokenEmbedding(1),
                () -> clip.promptEncoder(List.of(CAPTION)),
                () -> encoder.encode(1, (index, target, offset) -> target.put(offset, 0f)),
                () -> encoder.encodeQuickly(1, (index, target, offset) -> target.put(offset, 0f)));
        for (Callable<?> call : calls) {
            assertThatThrownBy(call::call)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the model is closed");
        }
    }
}
