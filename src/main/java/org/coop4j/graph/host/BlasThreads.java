package org.coop4j.graph.host;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.presets.openblas_nolapack.SetNumThreads;

/**
 * The number of threads that a call of BLAS takes: a setting of the process.
 *
 * <p>JavaCPP's own {@code blas_set_num_threads} looks up four symbols by name each time. To set the
 * number and to restore it took longer than all products of a step of a small method; here
 * OpenBLAS's function is looked up once. Where there is another BLAS, JavaCPP's way is taken.
 */
final class BlasThreads {

    private static final SetNumThreads FUNCTION = function();

    private static int holders;
    private static int before;

    private BlasThreads() {}

    /** One thread until all who hold it have released it. */
    static synchronized void holdOne() {
        if (holders == 0) {
            before = openblas.blas_get_num_threads();
            set(1);
        }
        holders++;
    }

    /** Ends {@link #holdOne}. */
    static synchronized void release() {
        holders--;
        if (holders == 0) {
            set(before);
        }
    }

    private static void set(int threads) {
        if (FUNCTION == null) {
            openblas.blas_set_num_threads(threads);
        } else {
            FUNCTION.call(threads);
        }
    }

    private static SetNumThreads function() {
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
