package org.coop4j.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.image.ImageDecoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class EncodingQueueTest {

    private static final Duration LONG = Duration.ofHours(1);

    private final List<Integer> batches = Collections.synchronizedList(new ArrayList<>());
    private final List<CompletableFuture<float[]>> others = new ArrayList<>();
    private final CountDownLatch encoding = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);

    private static EncodingQueue.Input image() {
        return new EncodingQueue.Image(InputImage.of(new byte[0]), FeatureKind.EMBEDDED);
    }

    private static CompletableFuture<float[]> offer(EncodingQueue queue) {
        return queue.offer(List.of(image()), features -> features).get(0);
    }

    private EncodingQueue queue(int maxBatch, Duration delay, int capacity) {
        return new EncodingQueue(
                new EncodingLimits(maxBatch, delay, capacity, 1, ImageDecoder.ANY_TIME), this::encodeWhenTold);
    }

    /** The first batch begins, and waits for a signal to continue. */
    private Encoded encodeWhenTold(List<EncodingQueue.Input> images) {
        batches.add(images.size());
        encoding.countDown();
        try {
            go.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        List<float[]> features = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            features.add(new float[] {i});
        }
        return new Encoded(features, new TreeMap<>(), 1);
    }

    /** Lets the queue begin a batch of one image, which stays at work. */
    private void begin(EncodingQueue queue) throws InterruptedException {
        others.add(queue.put(image()));
        encoding.await();
    }

    @Test
    void imagesThatArriveDuringABatchFormTheNext() throws Exception {
        try (EncodingQueue queue = queue(3, Duration.ZERO, 10)) {
            begin(queue);
            List<CompletableFuture<float[]>> later = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                later.add(offer(queue));
            }
            assertThat(queue.size()).isEqualTo(4);
            go.countDown();
            assertThat(later.get(2).get()).containsExactly(2);
            assertThat(later.get(3).get()).containsExactly(0);
        }
        assertThat(batches).containsExactly(1, 3, 1);
    }

    @Test
    void aBatchThatIsFullOrUrgentDoesNotWaitForItsDelay() throws Exception {
        go.countDown();
        try (EncodingQueue queue = queue(2, LONG, 10)) {
            CompletableFuture<float[]> first = offer(queue);
            offer(queue).get();
            assertThat(first.get()).containsExactly(0);
            CompletableFuture<float[]> third = offer(queue);
            queue.put(image()).get();
            assertThat(third.get()).containsExactly(0);
        }
        assertThat(batches).containsExactly(2, 2);
    }

    @Test
    void aFullQueueRefusesOrBlocks() throws Exception {
        try (EncodingQueue queue = queue(1, Duration.ZERO, 2)) {
            begin(queue);
            others.add(offer(queue));
            others.add(offer(queue));
            assertThrown(RejectedExecutionException.class, () -> offer(queue), "2 images and texts are waiting");
            CompletableFuture<float[]> patient =
                    CompletableFuture.supplyAsync(() -> queue.put(image()).join());
            go.countDown();
            assertThat(patient.get()).containsExactly(0);
        }
        assertThat(batches).containsExactly(1, 1, 1, 1);
    }

    @Test
    void aCancelledImageIsNotEncoded() throws Exception {
        try (EncodingQueue queue = queue(5, Duration.ZERO, 10)) {
            begin(queue);
            CompletableFuture<float[]> cancelled = offer(queue);
            CompletableFuture<float[]> other = offer(queue);
            cancelled.cancel(false);
            go.countDown();
            other.get();
        }
        assertThat(batches).containsExactly(1, 1);
    }

    @Test
    void closingEncodesWaitingImages() throws Exception {
        EncodingQueue queue = queue(2, LONG, 10);
        begin(queue);
        CompletableFuture<float[]> last = offer(queue);
        Thread closing = new Thread(queue::close);
        closing.start();
        while (closing.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        assertThrown(IllegalStateException.class, () -> offer(queue));
        go.countDown();
        closing.join();
        assertThat(last.get()).containsExactly(0);
    }

    @Test
    void anEncoderThatFailsFailsItsBatchAlone() throws Exception {
        List<EncodingQueue.Input> bad = new ArrayList<>();
        Function<List<EncodingQueue.Input>, Encoded> encoder = images -> {
            if (bad.contains(images.get(0))) {
                throw new OutOfMemoryError("in a test");
            }
            return new Encoded(
                    Collections.singletonList(null), new TreeMap<>(Map.of(0, new IOException("no image"))), 1);
        };
        try (EncodingQueue queue =
                new EncodingQueue(new EncodingLimits(1, Duration.ZERO, 9, 1, ImageDecoder.ANY_TIME), encoder)) {
            bad.add(image());
            CompletableFuture<float[]> broken = queue.put(bad.get(0));
            assertThatThrownBy(broken::get).hasCauseInstanceOf(OutOfMemoryError.class);
            CompletableFuture<float[]> next = queue.put(image());
            assertThatThrownBy(next::get).hasRootCauseMessage("no image");
        }
    }
}
