package org.coop4j.clip;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.coop4j.graph.LearnedTensor;
import org.coop4j.graph.host.Backend;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.coop4j.text.Tokenizer;

/** A space in which each list of texts is encoded once, and several classifiers are learned at the same time. */
public final class TextsOnce implements FeatureSpace {

    private final FeatureSpace space;
    private final Map<List<Object>, FeatureMatrix> texts;
    private final FeatureTable steps; // null to plan steps in the space itself

    /** Leaves the space open, which belongs to another. */
    public TextsOnce(FeatureSpace space) {
        this(space, new ConcurrentHashMap<>(), null);
    }

    private TextsOnce(FeatureSpace space, Map<List<Object>, FeatureMatrix> texts, FeatureTable steps) {
        this.space = space;
        this.texts = texts;
        this.steps = steps;
    }

    /** A piece of work in a space of its thread. */
    public interface Work {

        /** Does piece {@code i}. */
        void run(FeatureSpace own, int i) throws IOException;
    }

    /**
     * Runs tasks at the same time, each on one thread: the steps of a method of image features are so small that
     * sharing one among threads takes longer than the step. Results have the same bits as one after another, because each
     * thread does the shares of all threads.
     *
     * @param together false to do one after another
     */
    public void each(boolean together, int count, Work work) throws IOException {
        int threads = Math.min(count, workers().count());
        if (!together || threads < 2 || Backend.currentForm() != Backend.Form.HOST) {
            for (int i = 0; i < count; i++) {
                work.run(this, i);
            }
            return;
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> pieces = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int piece = i;
                pieces.add(pool.submit(() -> {
                    try (Workers alone = Workers.onOneThread(workers().count())) {
                        work.run(on(alone), piece);
                    }
                    return null;
                }));
            }
            for (Future<?> piece : pieces) {
                get(piece);
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static void get(Future<?> piece) throws IOException {
        try {
            piece.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException problem) {
                throw problem;
            }
            if (e.getCause() instanceof RuntimeException problem) {
                throw problem;
            }
            if (e.getCause() instanceof Error problem) {
                throw problem;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private TextsOnce on(Workers workers) throws IOException {
        return new TextsOnce(
                space,
                texts,
                new FeatureTable(embedDim(), precision(), modelSha256(), logLogitScale(), Map.of(), workers));
    }

    @Override
    public int embedDim() {
        return space.embedDim();
    }

    @Override
    public float logLogitScale() {
        return space.logLogitScale();
    }

    @Override
    public String modelSha256() throws IOException {
        return space.modelSha256();
    }

    @Override
    public Precision precision() {
        return space.precision();
    }

    @Override
    public Workers workers() {
        return steps == null ? space.workers() : steps.workers();
    }

    @Override
    public boolean knows(String text) {
        return space.knows(text);
    }

    @Override
    public void requireText(String text) {
        space.requireText(text);
    }

    @Override
    public FeatureMatrix encodeTexts(List<String> wanted, Tokenizer.Overflow overflow) {
        return texts.computeIfAbsent(
                List.of(List.copyOf(wanted), overflow), key -> space.encodeTexts(wanted, overflow));
    }

    @Override
    public Step step(List<LearnedTensor> learned, int batch, int width, int classes, StepGraph.Loss loss) {
        return (steps == null ? space : steps).step(learned, batch, width, classes, loss);
    }

    @Override
    public Optional<Clip> towers() {
        return space.towers();
    }

    /** Leaves the space open, which belongs to another. */
    @Override
    public void close() {}
}
