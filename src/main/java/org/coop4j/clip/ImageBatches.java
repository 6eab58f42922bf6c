package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.util.List;
import org.coop4j.graph.ExecutionPlan;
import org.coop4j.graph.host.ArrayValues;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Workers;

/** Plans of the image tower that are run on some images at once. */
interface ImageBatches extends AutoCloseable {

    /** Images that {@link #run} takes at most. */
    int size();

    /**
     * Computes features.
     *
     * @param pixels [images, 3, side, side]
     * @param from the first image
     * @param features receives a row for each image; as many images as rows
     */
    void run(FloatBuffer pixels, int from, float[][] features);

    /** Frees the plans. */
    @Override
    void close();

    /**
     * One plan for a batch of images, whatever the number of images: BLAS may add in another order
     * where a matrix has another number of rows. What an unused place computes is dropped.
     */
    record Together(ExecutionPlan plan, int size) implements ImageBatches {

        @Override
        public void run(FloatBuffer pixels, int from, float[][] features) {
            ArrayValues images = ArrayValues.of(plan.input("images"));
            int each = images.buffer().capacity() / size;
            images.buffer().put(0, pixels, from * each, features.length * each);
            images.store();
            plan.run();
            ArrayValues rows = ArrayValues.of(plan.output("features"));
            rows.load();
            for (int i = 0; i < features.length; i++) {
                rows.getRow(i, features[i]);
            }
        }

        @Override
        public void close() {
            plan.close();
        }
    }

    /**
     * Each image alone, on one thread each: slower where an image has few rows.
     *
     * @param plans of one image each; a single one is run by the calling thread
     */
    record Apart(List<ExecutionPlan> plans, Workers workers) implements ImageBatches {

        private static final int IMAGES_PER_PLAN = 4;

        public Apart {
            plans = List.copyOf(plans);
        }

        /** Images that it takes at most on some threads. */
        static int size(int threads) {
            return IMAGES_PER_PLAN * threads;
        }

        @Override
        public int size() {
            return size(workers.count());
        }

        @Override
        public void run(FloatBuffer pixels, int from, float[][] features) {
            if (plans.size() == 1) {
                for (int i = 0; i < features.length; i++) {
                    run(0, pixels, from + i, features[i]);
                }
                return;
            }
            Workers.Task each = (part, i) -> run(part, pixels, from + i, features[i]);
            Gemm.singleThreaded(() -> workers.each(features.length, each));
        }

        @Override
        public void close() {
            plans.forEach(ExecutionPlan::close);
        }

        private void run(int plan, FloatBuffer pixels, int image, float[] features) {
            new Together(plans.get(plan), 1).run(pixels, image, new float[][] {features});
        }
    }
}
