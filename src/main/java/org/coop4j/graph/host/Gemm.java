package org.coop4j.graph.host;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.presets.openblas_nolapack.SetNumThreads;
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
