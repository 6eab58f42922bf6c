package org.coop4j.clip;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
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

    /** Each image alone, on one thread each: slower where an image has few rows. */
    final class Apart implements ImageBatches {

        private static final int IMAGES_PER_PLAN = 4;

        private final Supplier<ExecutionPlan> make;
        private final int most;
        private final Workers workers;
        private final List<Together> plans = new ArrayList<>();

        /**
         * @param make makes a plan of one image, when one more is needed
         * @param most plans; a single one is run by the calling thread
         */
        Apart(Supplier<ExecutionPlan> make, int most, Workers workers) {
            this.make = make;
            this.most = most;
            this.workers = workers;
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
            int images = features.length;
            while (plans.size() < Math.min(images, most)) {
                plans.add(new Together(make.get(), 1));
            }
            if (most == 1) {
                for (int i = 0; i < images; i++) {
                    run(0, pixels, from + i, features[i]);
                }
                return;
            }
            // A plan is an image's own, or where there are more images, a thread's own.
            Workers.Task each =
                    (part, i) -> run(images <= most ? i : part, pixels, from + i, features[i]);
            Gemm.singleThreaded(() -> workers.each(images, each));
        }

        @Override
        public void close() {
            plans.forEach(Together::close);
        }

        private void run(int plan, FloatBuffer pixels, int image, float[] features) {
            plans.get(plan).run(pixels, image, new float[][] {features});
        }
    }
}
