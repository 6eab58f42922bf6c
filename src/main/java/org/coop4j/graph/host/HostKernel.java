package org.coop4j.graph.host;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/** Arithmetic bound to its arrays, run any number of times. */
@FunctionalInterface
public interface HostKernel extends AutoCloseable {

    /** Elements of a block of {@link #elementwise}: its copies stay in the first-level cache. */
    int BLOCK = 2048;

    /** Groups of rows of {@link #sums}: some for each of many workers. */
    int GROUPS = 64;

    /** Computes the outputs from the current inputs. */
    void run();

    /** Frees the kernel's own memory. */
    @Override
    default void close() {}

    /**
     * Returns an elementwise function of matrices of one shape, block by block on heap copies. The copy costs little
     * and lets the JIT compiler use vector instructions, which it does only for heap arrays.
     *
     * @param functions makes a function per worker, which may hold memory of its own
     */
    static HostKernel elementwise(HostMatrix[] in, HostMatrix out, Workers workers, Supplier<BlockFunction> functions) {
        return blocks(BLOCK, in, out, workers, functions);
    }

    /** Returns a function of each row of matrices of one shape, on heap copies. */
    static HostKernel rowwise(HostMatrix[] in, HostMatrix out, Workers workers, Supplier<BlockFunction> functions) {
        return blocks(out.cols(), in, out, workers, functions);
    }

    private static HostKernel blocks(
            int size, HostMatrix[] in, HostMatrix out, Workers workers, Supplier<BlockFunction> functions) {
        int length = Math.multiplyExact(out.rows(), out.cols());
        BlockFunction[] function = new BlockFunction[workers.count()];
        Arrays.setAll(function, part -> functions.get());
        float[][][] scratch = new float[workers.count()][in.length][];
        for (float[][] each : scratch) {
            Arrays.setAll(each, i -> Workers.ownArray(size));
        }
        Workers.RowRange range = (part, from, to) -> {
            float[][] blocks = scratch[part];
            for (int block = from; block < to; block++) {
                int offset = block * size;
                int n = Math.min(size, length - offset);
                for (int i = 0; i < in.length; i++) {
                    in[i].buffer().get(offset, blocks[i], 0, n);
                }
                function[part].apply(blocks, n);
                out.buffer().put(offset, blocks[0], 0, n);
            }
        };
        int blocks = (length + size - 1) / size;
        return () -> workers.rows(blocks, range);
    }

    /** A function of a block of each input. */
    @FunctionalInterface
    interface BlockFunction {

        /**
         * Turns {@code inputs[0]} into the result, the first {@code n} elements: at most {@link #BLOCK}, or a row.
         * It may change the other inputs.
         */
        void apply(float[][] inputs, int n);
    }

    /**
     * Returns a function of each row number, the rows split among workers.
     *
     * @param functions makes a function per worker, which may hold memory of its own
     */
    static HostKernel eachRow(int rows, Workers workers, Supplier<IntConsumer> functions) {
        IntConsumer[] function = new IntConsumer[workers.count()];
        Arrays.setAll(function, part -> functions.get());
        Workers.RowRange range = (part, from, to) -> {
            for (int row = from; row < to; row++) {
                function[part].accept(row);
            }
        };
        return () -> workers.rows(rows, range);
    }

    /**
     * Returns sums over rows. Each of some groups of rows has sums of its own, which are added up in order; how many there
     * are does not depend on the workers, so that the result does not, either.
     *
     * @param width number of sums
     * @param functions makes a function per worker, which may hold memory of its own
     * @param result takes the sums, the first {@code width} elements
     */
    static HostKernel sums(int rows, int width, Workers workers, Supplier<RowSum> functions, Consumer<float[]> result) {
        RowSum[] function = new RowSum[workers.count()];
        Arrays.setAll(function, part -> functions.get());
        float[][] sums = new float[Math.min(rows, GROUPS)][];
        Arrays.setAll(sums, group -> Workers.ownArray(width));
        Workers.RowRange range = (part, from, to) -> {
            for (int group = from; group < to; group++) {
                Arrays.fill(sums[group], 0f);
                int end = Workers.start(rows, group + 1, sums.length);
                for (int row = Workers.start(rows, group, sums.length); row < end; row++) {
                    function[part].add(row, sums[group]);
                }
            }
        };
        return () -> {
            workers.rows(sums.length, range);
            for (int group = 1; group < sums.length; group++) {
                Floats.add(sums[0], 0, sums[group], 0, width);
            }
            result.accept(sums[0]);
        };
    }

    /** Adds what belongs to a row to some sums. */
    @FunctionalInterface
    interface RowSum {
        void add(int row, float[] sums);
    }

    /** Returns a kernel with memory of its own, freed by {@code free}. */
    static HostKernel owning(Runnable work, Runnable free) {
        return new HostKernel() {
            @Override
            public void run() {
                work.run();
            }

            @Override
            public void close() {
                free.run();
            }
        };
    }
}
