package org.coop4j.graph.host;

import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.presets.openblas_nolapack.SetNumThreads;
import org.coop4j.base.Require;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Single-precision matrix products on row-major matrices, by the BLAS of the ND4J backend, and the number of threads of
 * a call of BLAS, which is a setting of the process.
 *
 * <p>A call runs on the calling thread alone ({@link #singleThreaded}): {@link Workers} split the rows, which is about
 * 10 % faster than BLAS' own threads at the sizes of a text tower, and does not compete with them for the cores.
 */
public final class Gemm {

    static final int ROW_MAJOR = 101;
    static final int NO_TRANS = 111;
    static final int TRANS = 112;
    static final int UPPER = 121;

    /**
     * OpenBLAS' own function; null with another BLAS. JavaCPP's {@code blas_set_num_threads} looks up four symbols by
     * name each time: setting and restoring the number took longer than all products of a step of a small method.
     */
    private static final SetNumThreads SET_THREADS = setThreads();

    /** With fewer rows per worker, the columns are split. */
    private static final int MIN_ROWS = 8;

    private static int holders;
    private static int threadsBefore;

    private Gemm() {}

    /** The operand that is read transposed. */
    public enum Form {
        /** C[m, n] = A[m, k] · B[k, n]. */
        NN(NO_TRANS, NO_TRANS),
        /** C[m, n] = A[m, k] · B[n, k]ᵀ. */
        NT(NO_TRANS, TRANS),
        /** C[m, n] = A[k, m]ᵀ · B[k, n]. */
        TN(TRANS, NO_TRANS);

        final int a;
        final int b;

        Form(int a, int b) {
            this.a = a;
            this.b = b;
        }
    }

    /** C = op(A) · op(B) + beta · C. */
    public static void multiply(
            Form form,
            int m,
            int n,
            int k,
            FloatPointer a,
            int lda,
            FloatPointer b,
            int ldb,
            float beta,
            FloatPointer c,
            int ldc) {
        openblas.cblas_sgemm(ROW_MAJOR, form.a, form.b, m, n, k, 1f, a, lda, b, ldb, beta, c, ldc);
    }

    /** The part of the result that one worker computes, with its pointers. */
    private record Band(int row, int rows, int col, int cols, FloatPointer a, FloatPointer b, FloatPointer c) {}

    /**
     * Plans C = op(A) · op(B) + bias, split among workers.
     *
     * <p>Each worker computes a band of rows of the result, or a band of columns if there are few rows. A bias is written
     * into the band first and the product added to it, so that the result is touched while it is in the cache.
     *
     * @param bias [1, columns of C], added to every row; null for none
     */
    public static HostKernel kernel(
            Form form, HostMatrix a, HostMatrix b, HostMatrix bias, HostMatrix c, Workers workers) {
        requireFit(form, a, b, c);
        int inner = form == Form.TN ? a.rows() : a.cols();
        float beta = bias == null ? 0f : 1f;
        float[] biasRow = new float[c.cols()];
        Band[] bands = bands(form, a, b, c, workers.count());
        IntConsumer share = part -> {
            Band band = bands[part];
            if (band == null) {
                return;
            }
            if (bias != null) {
                for (int row = band.row; row < band.row + band.rows; row++) {
                    c.buffer().put(row * c.cols() + band.col, biasRow, band.col, band.cols);
                }
            }
            multiply(form, band.rows, band.cols, inner, band.a, a.cols(), band.b, b.cols(), beta, band.c, c.cols());
        };
        return () -> {
            if (bias != null) {
                bias.getRow(0, biasRow);
            }
            workers.run(share);
        };
    }

    /** Checks the sizes of C = op(A) · op(B). */
    public static void requireFit(Form form, HostMatrix a, HostMatrix b, HostMatrix c) {
        int rows = form == Form.TN ? a.cols() : a.rows();
        int inner = form == Form.TN ? a.rows() : a.cols();
        int cols = form == Form.NT ? b.rows() : b.cols();
        int innerOfB = form == Form.NT ? b.cols() : b.rows();
        Require.that(
                c.rows() == rows && c.cols() == cols && innerOfB == inner,
                "%s product of [%d, %d] and [%d, %d] into [%d, %d]",
                form,
                a.rows(),
                a.cols(),
                b.rows(),
                b.cols(),
                c.rows(),
                c.cols());
    }

    private static Band[] bands(Form form, HostMatrix a, HostMatrix b, HostMatrix c, int parts) {
        boolean byRows = c.rows() >= MIN_ROWS * parts || c.rows() >= c.cols();
        Band[] result = new Band[parts];
        for (int part = 0; part < parts; part++) {
            int length = byRows ? c.rows() : c.cols();
            int from = Workers.start(length, part, parts);
            int to = Workers.start(length, part + 1, parts);
            if (from == to) {
                continue;
            }
            int row = byRows ? from : 0;
            int col = byRows ? 0 : from;
            result[part] = new Band(
                    row,
                    byRows ? to - from : c.rows(),
                    col,
                    byRows ? c.cols() : to - from,
                    form == Form.TN ? a.pointer(0, row) : a.pointer(row, 0),
                    form == Form.NT ? b.pointer(col, 0) : b.pointer(0, col),
                    c.pointer(row, col));
        }
        return result;
    }

    /**
     * Returns the name of the kernels that OpenBLAS has chosen, such as {@code HASWELL}, if their order of sums is
     * known; empty for other kernels, libraries and devices.
     */
    public static String kernels() {
        Loader.load(openblas.class);
        Pointer chosen = Loader.addressof("gotoblas"); // OpenBLAS' pointer to its table of kernels
        if (chosen != null && Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU) {
            Pointer table = new PointerPointer<Pointer>(chosen).get(0);
            for (String name : List.of("SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS", "HASWELL", "ZEN")) {
                Pointer known = Loader.addressof("gotoblas_" + name);
                if (known != null && known.address() == table.address()) {
                    return name;
                }
            }
        }
        return "";
    }

    /** Does the same as {@link #singleThreaded(Supplier)}, without a result. */
    public static void singleThreaded(Runnable work) {
        singleThreaded(() -> {
            work.run();
            return null;
        });
    }

    /**
     * Runs {@code work} with BLAS on the calling thread alone, then restores BLAS' setting. The setting is the
     * process's: of several concurrent calls the first changes it and the last restores it.
     */
    public static <T> T singleThreaded(Supplier<T> work) {
        holdOneThread();
        try {
            return work.get();
        } finally {
            releaseThreads();
        }
    }

    private static synchronized void holdOneThread() {
        if (holders == 0) {
            threadsBefore = openblas.blas_get_num_threads();
            setThreads(1);
        }
        holders++;
    }

    private static synchronized void releaseThreads() {
        holders--;
        if (holders == 0) {
            setThreads(threadsBefore);
        }
    }

    private static void setThreads(int threads) {
        if (SET_THREADS == null) {
            openblas.blas_set_num_threads(threads);
        } else {
            SET_THREADS.call(threads);
        }
    }

    private static SetNumThreads setThreads() {
        Loader.load(openblas.class);
        boolean mkl = Loader.addressof("MKL_Set_Num_Threads") != null;
        Pointer address = mkl ? null : Loader.addressof("openblas_set_num_threads");
        return address == null ? null : new Bound(address);
    }

    /** A function at an address. */
    private static final class Bound extends SetNumThreads {
        Bound(Pointer address) {
            super();
            put(address);
        }
    }
}
