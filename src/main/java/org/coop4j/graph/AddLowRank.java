package org.coop4j.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.Pointer;
import org.coop4j.base.Require;
import org.coop4j.graph.Graph.LowRank;
import org.coop4j.graph.host.Floats;
import org.coop4j.graph.host.Gemm;
import org.coop4j.graph.host.Gemm.Form;
import org.coop4j.graph.host.HostKernel;
import org.coop4j.graph.host.HostMatrix;
import org.coop4j.graph.host.HostMatrix.Cursor;
import org.coop4j.graph.host.Precision;
import org.coop4j.graph.host.Workers;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.factory.Nd4j;

/**
 * y with low-rank branches of x added to its columns (LoRA): scale · drop(x) · Aᵀ · Bᵀ of each.
 *
 * <p>Inputs: y [rows, columns], x [rows, in], A [rank, in] of each branch, B [out, rank] of each, and the draws of each if
 * elements are dropped. A second output has scale · drop(x) · Aᵀ of all branches side by side, for the gradient.
 *
 * <p>The products are thin, so that time goes into reading and writing x and y. A worker takes some rows through all
 * branches while they are in its cache, and writes what stays of x into memory of its own alone.
 */
final class AddLowRank extends GraphOp {

    /** Rows of x that stay in the second-level cache, with as many of its gradient. */
    private static final int BLOCK = 64;

    /** At most so many sums in the gradient: large ranks have fewer groups of rows. */
    private static final long SUMS = 1 << 22;

    private final Precision precision;
    private final List<LowRank> branches;

    /**
     * @param precision of the products around it; its own are in float32
     * @param branches one or more, all with dropout or none
     */
    AddLowRank(Precision precision, List<LowRank> branches) {
        long drop = branches.stream()
                .filter(branch -> branch.dropout().draws() != null)
                .count();
        Require.that(drop == 0 || drop == branches.size(), "dropout in %d of %d branches", drop, branches.size());
        this.precision = precision;
        this.branches = branches;
    }

    /** Returns the inputs of an op with some branches. */
    static SDVariable[] inputs(SDVariable y, SDVariable x, List<LowRank> branches) {
        Stream<SDVariable> a = branches.stream().map(LowRank::a);
        Stream<SDVariable> b = branches.stream().map(LowRank::b);
        Stream<SDVariable> draws =
                branches.stream().map(branch -> branch.dropout().draws()).filter(drawn -> drawn != null);
        return Stream.of(Stream.of(y, x), a, b, draws).flatMap(all -> all).toArray(SDVariable[]::new);
    }

    private int count() {
        return branches.size();
    }

    @Override
    public int getNumOutputs() {
        return 2;
    }

    @Override
    public List<long[]> outputShapes(List<long[]> in) {
        long[] y = in.get(0);
        long[] x = in.get(1);
        long ranks = 0;
        for (int j = 0; j < count(); j++) {
            long[] a = in.get(2 + j);
            long[] b = in.get(2 + count() + j);
            int column = branches.get(j).column();
            Require.that(
                    y[0] == x[0] && a[1] == x[1] && b[1] == a[0] && column + b[0] <= y[1],
                    "a low-rank branch of shapes %s and %s from %s to columns %s on of %s does not fit",
                    Arrays.toString(a),
                    Arrays.toString(b),
                    Arrays.toString(x),
                    column,
                    Arrays.toString(y));
            ranks += a[0];
        }
        return List.of(y, new long[] {y[0], ranks});
    }

    @Override
    protected SDVariable expression(Graph graph, SDVariable... in) {
        SameDiff sd = in[0].getSameDiff();
        SDVariable sum = in[0];
        for (int j = 0; j < count(); j++) {
            LowRank branch = branches.get(j);
            SDVariable x = in[1];
            if (branch.dropout().draws() != null) {
                if (branch.dropout().rate() > 0) {
                    throw new UnsupportedOperationException(
                            "dropout is drawn on the host: set dropout to 0 on this backend");
                }
                x = x.mul(in[2 + 2 * count() + j]);
            }
            SDVariable inner = sd.mmul(x, in[2 + j], false, true, false).mul(branch.scale());
            SDVariable y = sd.mmul(inner, in[2 + count() + j], false, true, false);
            long right = graph.shape(sum)[1] - branch.column() - graph.shape(in[2 + count() + j])[0];
            SDVariable margins =
                    sd.constant(Nd4j.createFromArray(new int[][] {{0, 0}, {branch.column(), (int) right}}));
            sum = sum.add(sd.nn().pad(y, margins, 0));
        }
        return sum;
    }

    @Override
    public boolean mayOverwrite(int input) {
        return input == 0;
    }

    @Override
    public boolean mayWriteRounded(boolean fromRounded) {
        return precision == Precision.BFLOAT16;
    }

    @Override
    public long flops(List<long[]> in) {
        long sum = 0;
        for (int j = 0; j < count(); j++) {
            long[] a = in.get(2 + j);
            sum += 2 * in.get(1)[0] * a[0] * (a[1] + in.get(2 + count() + j)[0]);
        }
        return sum;
    }

    @Override
    public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
        Passes[] passes = passes(in, workers);
        HostMatrix y = out[0];
        OneDnn oneDnn = y.isRounded() ? new OneDnn() : null;
        Rounded[] rounded = new Rounded[passes.length];
        if (oneDnn != null) {
            Arrays.setAll(rounded, part -> new Rounded(oneDnn, y));
        }
        int blocks = blocks(y.rows());
        Runnable all = () -> workers.rows(blocks, (part, from, to) -> {
            HostMatrix exact = passes[part].start(oneDnn == null ? 0 : y.cols());
            for (int row = from * BLOCK; row < Math.min(y.rows(), to * BLOCK); row += BLOCK) {
                passes[part].forward(row, oneDnn == null ? y : exact, oneDnn == null ? row : 0, out[1]);
                if (oneDnn != null) {
                    rounded[part].put(row, exact);
                }
            }
        });
        return oneDnn == null ? all::run : HostKernel.owning(all, oneDnn::close);
    }

    /** Rounds blocks of rows into a result, for one worker. */
    private static final class Rounded {

        private final OneDnn oneDnn;
        private final HostMatrix result;
        private final Copy whole;
        private final Copy last;

        /** A copy of some rows between addresses that are given each time. */
        private record Copy(memory from, memory to, OneDnn.Call call) {}

        Rounded(OneDnn oneDnn, HostMatrix result) {
            this.oneDnn = oneDnn;
            this.result = result;
            int rest = result.rows() % BLOCK;
            whole = copy(BLOCK);
            last = rest == 0 ? whole : copy(rest);
        }

        private Copy copy(int rows) {
            long[] sizes = {rows, result.cols()};
            memory from = oneDnn.array(data_type.f32, null, sizes, result.cols(), 1);
            memory to = oneDnn.array(data_type.bf16, null, sizes, result.cols(), 1);
            return new Copy(from, to, oneDnn.copy(from, to));
        }

        /** Writes the rows starting at {@code row}. */
        void put(int row, HostMatrix exact) {
            Copy copy = row + BLOCK <= result.rows() ? whole : last;
            copy.from.set_data_handle(exact.pointer(0, 0));
            copy.to.set_data_handle(result.pointer(row, 0));
            OneDnn.singleThreaded(() -> copy.call.run(null));
        }
    }

    private static int blocks(int rows) {
        return (rows + BLOCK - 1) / BLOCK;
    }

    private Passes[] passes(HostMatrix[] in, Workers workers) {
        return IntStream.range(0, workers.count())
                .mapToObj(part -> new Passes(in, workers, part))
                .toArray(Passes[]::new);
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> gradients) {
        SDVariable dy = gradients.get(0);
        SDVariable[] in = Arrays.copyOf(args(), args().length + 1);
        in[0] = dy;
        in[args().length] = outputVariables()[1];
        List<SDVariable> result = new ArrayList<>(List.of(dy));
        result.addAll(Arrays.asList(new Gradient().outputsOf(in)).subList(0, 1 + 2 * count()));
        return result;
    }

    /**
     * dx, dA and dB of each branch, from the inputs with dy in the place of y, and the second output. A last output holds
     * the sums of dA and dB over groups of rows, which do not depend on the workers.
     */
    private final class Gradient extends GraphOp {

        @Override
        public int getNumOutputs() {
            return 2 + 2 * count();
        }

        @Override
        public List<long[]> outputShapes(List<long[]> in) {
            List<long[]> shapes = new ArrayList<>(in.subList(1, 2 + 2 * count()));
            long width = shapes.subList(1, shapes.size()).stream()
                    .mapToLong(weight -> weight[0] * weight[1])
                    .sum();
            long groups = Math.min(blocks(Math.toIntExact(in.get(1)[0])), HostKernel.GROUPS);
            shapes.add(new long[] {Math.min(groups, Math.max(1, SUMS / width)), width});
            return shapes;
        }

        @Override
        public long flops(List<long[]> in) {
            return 2 * AddLowRank.this.flops(in);
        }

        @Override
        public HostKernel hostKernel(HostMatrix[] in, HostMatrix[] out, Workers workers) {
            Passes[] passes = passes(in, workers);
            HostMatrix sums = out[out.length - 1];
            HostMatrix inner = in[in.length - 1];
            int blocks = blocks(in[1].rows());
            return () -> {
                workers.rows(sums.rows(), (part, from, to) -> {
                    passes[part].start(0);
                    for (int group = from; group < to; group++) {
                        int first = Workers.start(blocks, group, sums.rows());
                        int end = Workers.start(blocks, group + 1, sums.rows());
                        for (int block = first; block < end; block++) {
                            passes[part].backward(block * BLOCK, inner, out[0], sums, group, block > first);
                        }
                    }
                });
                workers.rows(sums.cols(), (part, from, to) -> addUp(sums, from, to - from));
                int at = 0;
                for (HostMatrix weight : Arrays.asList(out).subList(1, out.length - 1)) {
                    long length = (long) weight.rows() * weight.cols();
                    Pointer.memcpy(weight.pointer(0, 0), sums.pointer(0, at), length * Float.BYTES);
                    at += Math.toIntExact(length);
                }
            };
        }

        /** Adds the rows up in the first, in some columns. */
        private void addUp(HostMatrix sums, int from, int n) {
            float[] total = new float[n];
            float[] row = new float[n];
            for (int group = 0; group < sums.rows(); group++) {
                sums.get(group, from, row, n);
                Floats.add(total, 0, row, 0, n);
            }
            sums.put(0, from, total, n);
        }
    }

    /** The passes over a block of rows, of one worker. */
    private final class Passes {

        private final HostMatrix[] in;
        private final Workers workers;
        private final int part;
        private final HostMatrix x;
        private final int width;
        private final int ranks;
        private final float[] row;
        private final float[] sum;
        private final float[] small;
        private final Cursor left = new Cursor();
        private final Cursor right = new Cursor();
        private final Cursor result = new Cursor();
        private final Mask[] masks; // of each branch; null if nothing is dropped
        private HostMatrix dropped; // a block of drop(x)
        private HostMatrix dx; // a block of a branch's part of dx
        private HostMatrix dInner; // a block of the gradient of the second output

        Passes(HostMatrix[] in, Workers workers, int part) {
            this.in = in;
            this.workers = workers;
            this.part = part;
            x = in[1];
            width = x.cols();
            ranks = IntStream.range(0, count()).map(j -> a(j).rows()).sum();
            row = Workers.ownArray(width);
            sum = Workers.ownArray(width);
            small = Workers.ownArray(ranks);
            masks = branches.get(0).dropout().draws() == null
                    ? null
                    : IntStream.range(0, count()).mapToObj(this::mask).toArray(Mask[]::new);
        }

        private HostMatrix a(int branch) {
            return in[2 + branch];
        }

        private HostMatrix b(int branch) {
            return in[2 + count() + branch];
        }

        private Mask mask(int branch) {
            HostMatrix draws = in[2 + 2 * count() + branch];
            Graph.Dropout dropout = branches.get(branch).dropout();
            return dropout.rate() > 0 ? new Drawn(dropout, draws, width) : new Given(draws, width);
        }

        /** Takes memory for the share, and returns a block of so many columns more. */
        HostMatrix start(int cols) {
            Pointer memory = workers.scratch(part, (2L * width + ranks + cols) * BLOCK * Float.BYTES);
            dropped = HostMatrix.in(memory, 0, BLOCK, width);
            dx = HostMatrix.in(memory, (long) BLOCK * width, BLOCK, width);
            dInner = HostMatrix.in(memory, 2L * BLOCK * width, BLOCK, ranks);
            return HostMatrix.in(memory, (2L * width + ranks) * BLOCK, BLOCK, cols);
        }

        /** Writes the block starting at row {@code from} into {@code y}, from row {@code to} on. */
        void forward(int from, HostMatrix y, int to, HostMatrix inner) {
            int rows = Math.min(BLOCK, x.rows() - from);
            Cursor source = left.at(in[0], from, 0);
            Cursor target = result.at(y, to, 0);
            if (source.address() != target.address()) {
                Pointer.memcpy(target, source, (long) rows * y.cols() * Float.BYTES);
            }
            int at = 0;
            for (int j = 0; j < count(); j++) {
                int rank = a(j).rows();
                if (masks != null) {
                    for (int i = 0; i < rows; i++) {
                        masks[j].draw(from + i);
                        masks[j].apply(x, from + i, dropped, i);
                    }
                }
                droppedAt(from);
                right.at(a(j), 0, 0);
                result.at(inner, from, at);
                Gemm.multiply(Form.NT, rows, rank, width, left, width, right, width, 0f, result, ranks);
                at += rank;
            }
            scale(inner, from, rows);
            at = 0;
            for (int j = 0; j < count(); j++) {
                HostMatrix b = b(j);
                left.at(inner, from, at);
                right.at(b, 0, 0);
                result.at(y, to, branches.get(j).column());
                Gemm.multiply(Form.NT, rows, b.rows(), b.cols(), left, ranks, right, b.cols(), 1f, result, y.cols());
                at += b.cols();
            }
        }

        /** Points {@link #left} at a block of drop(x). */
        private void droppedAt(int from) {
            if (masks == null) {
                left.at(x, from, 0);
            } else {
                left.at(dropped, 0, 0);
            }
        }

        private void scale(HostMatrix matrix, int from, int rows) {
            for (int i = from; i < from + rows; i++) {
                matrix.getRow(i, small);
                int at = 0;
                for (int j = 0; j < count(); j++) {
                    float factor = (float) (branches.get(j).scale() * (masks == null ? 1 : masks[j].factor()));
                    for (int end = at + a(j).rows(); at < end; at++) {
                        small[at] *= factor;
                    }
                }
                matrix.putRow(i, small);
            }
        }

        /**
         * Writes a block of dx, and sets a row of sums or adds to it.
         *
         * @param adds true to add
         */
        void backward(int from, HostMatrix inner, HostMatrix allDx, HostMatrix sums, int group, boolean adds) {
            HostMatrix dy = in[0];
            int rows = Math.min(BLOCK, x.rows() - from);
            int at = 0;
            for (int j = 0; j < count(); j++) {
                HostMatrix b = b(j);
                left.at(dy, from, branches.get(j).column());
                right.at(b, 0, 0);
                result.at(dInner, 0, at);
                Gemm.multiply(Form.NN, rows, b.cols(), b.rows(), left, dy.cols(), right, b.cols(), 0f, result, ranks);
                at += b.cols();
            }
            scale(dInner, 0, rows);
            float beta = adds ? 1f : 0f;
            int ofA = 0;
            int ofB = ranks * width;
            at = 0;
            for (int j = 0; j < count(); j++) {
                HostMatrix b = b(j);
                int rank = b.cols();
                left.at(dInner, 0, at);
                right.at(a(j), 0, 0);
                boolean apart = masks != null && j > 0;
                result.at(apart ? dx : allDx, apart ? 0 : from, 0);
                float more = masks == null && j > 0 ? 1f : 0f;
                Gemm.multiply(Form.NN, rows, width, rank, left, ranks, right, width, more, result, width);
                if (masks != null) {
                    dropBoth(j, from, rows, allDx);
                }
                droppedAt(from);
                right.at(dInner, 0, at);
                result.at(sums, group, ofA);
                Gemm.multiply(Form.TN, rank, width, rows, right, ranks, left, width, beta, result, width);
                left.at(dy, from, branches.get(j).column());
                right.at(inner, from, at);
                result.at(sums, group, ofB);
                Gemm.multiply(Form.TN, b.rows(), rank, rows, left, dy.cols(), right, ranks, beta, result, rank);
                at += rank;
                ofA += rank * width;
                ofB += rank * b.rows();
            }
        }

        /** Drops elements of a block of x, and the same of dx. */
        private void dropBoth(int branch, int from, int rows, HostMatrix allDx) {
            Mask mask = masks[branch];
            for (int i = 0; i < rows; i++) {
                mask.draw(from + i);
                mask.apply(x, from + i, dropped, i);
                if (branch == 0) {
                    mask.apply(allDx, from + i, allDx, from + i);
                } else {
                    mask.apply(dx, i, dx, i);
                    dx.getRow(i, row);
                    allDx.getRow(from + i, sum);
                    Floats.add(sum, 0, row, 0, width);
                    allDx.putRow(from + i, sum);
                }
            }
        }
    }

    /** A choice of the elements of a row that are dropped, for one worker. */
    private interface Mask {

        /** Decides for a row. */
        void draw(int row);

        /** Writes a row without them; {@code to} may be {@code from}. */
        void apply(HostMatrix from, int row, HostMatrix to, int target);

        /** Returns the factor of those that stay, which is still to be applied. */
        double factor();
    }

    /** Factors that are given. */
    private static final class Given implements Mask {

        private final HostMatrix factors;
        private final float[] factor;
        private final float[] values;

        Given(HostMatrix factors, int width) {
            this.factors = factors;
            factor = new float[width];
            values = new float[width];
        }

        @Override
        public void draw(int row) {
            factors.getRow(row, factor);
        }

        @Override
        public void apply(HostMatrix from, int row, HostMatrix to, int target) {
            from.getRow(row, values);
            for (int i = 0; i < factor.length; i++) {
                values[i] *= factor[i];
            }
            to.putRow(target, values);
        }

        @Override
        public double factor() {
            return 1;
        }
    }

    /**
     * Elements that are dropped by a probability. An element's draw follows from a step's draws, the branch's number and the
     * element's place alone, so that the gradient draws the same again, and so do several threads.
     */
    private static final class Drawn implements Mask {

        private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
        private static final int GOLDEN_RATIO = 0x9E3779B9;

        private final Graph.Dropout dropout;
        private final HostMatrix draws;
        private final int width;
        private final int below;
        private final int[] places;
        private final int[] kept; // all bits of an element that stays
        private final int[] bits;

        Drawn(Graph.Dropout dropout, HostMatrix draws, int width) {
            this.dropout = dropout;
            this.draws = draws;
            this.width = width;
            below = (int) Math.round(dropout.rate() * (1 << 24));
            places = IntStream.range(0, width).map(i -> i * GOLDEN_RATIO).toArray();
            kept = new int[width];
            bits = new int[width];
        }

        @Override
        public void draw(int row) {
            long step =
                    (long) draws.buffer().get(0) << 24 | (long) draws.buffer().get(1);
            draw((int) mixed(mixed(step * GOLDEN_GAMMA + dropout.number()) + row), places, kept, width, below);
        }

        /**
         * Clears elements whose draw of 24 bits is less than {@code below}, without a branch and with their places in an
         * array, so that the JIT compiler uses vector instructions. The mixing function of 32 bits is Wellons' (Hash
         * Prospector, bias 0.107).
         */
        private static void draw(int seed, int[] places, int[] kept, int n, int below) {
            for (int i = 0; i < n; i++) {
                int z = seed + places[i];
                z = (z ^ (z >>> 16)) * 0x21F0AAAD;
                z = (z ^ (z >>> 15)) * 0x735A2D97;
                z ^= z >>> 15;
                kept[i] = ~(((z >>> 8) - below) >> 31);
            }
        }

        /** Returns a number all of whose bits depend on all bits of {@code z} (Stafford's variant 13, as SplittableRandom's). */
        private static long mixed(long z) {
            z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
            return z ^ (z >>> 31);
        }

        @Override
        public void apply(HostMatrix from, int row, HostMatrix to, int target) {
            from.bits().get(row * width, bits, 0, width);
            clear(bits, kept, width);
            to.bits().put(target * width, bits, 0, width);
        }

        private static void clear(int[] bits, int[] kept, int n) {
            for (int i = 0; i < n; i++) {
                bits[i] &= kept[i];
            }
        }

        @Override
        public double factor() {
            return 1 / (1 - dropout.rate());
        }
    }
}
