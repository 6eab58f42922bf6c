package org.coop4j.graph.host;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.common.config.ND4JClassLoading;
import org.nd4j.linalg.factory.Nd4jBackend;

/**
 * Says in one line why a backend cannot compute here, before ND4J's own start does it with stack
 * traces, or fails in its kernels.
 */
public final class BackendCheck {

    /** nd4j-cuda-11.6 holds machine code for 3.7 to 8.6, which also runs on 8.9, and no PTX. */
    private static final Capability FIRST = new Capability(3, 7);

    private static final int LAST_MAJOR = 8;

    private static final String ON_THE_CPU = "build without -Pcuda to compute on the CPU";

    private static volatile boolean passed;

    /** The compute capability of an NVIDIA GPU. */
    record Capability(int major, int minor) {

        boolean hasCode() {
            boolean tooOld = major < FIRST.major || (major == FIRST.major && minor < FIRST.minor);
            return !tooOld && major <= LAST_MAJOR;
        }
    }

    private BackendCheck() {}

    /**
     * Checks the backends on the class path, once in a process.
     *
     * @throws BackendException if none can compute on this machine
     */
    public static void pass() {
        if (!passed) {
            List<Nd4jBackend> backends = new ArrayList<>();
            ND4JClassLoading.loadService(Nd4jBackend.class).forEach(backends::add);
            requireRunnable(backends);
            if (backends.stream().anyMatch(b -> b.getClass().getName().contains("jcublas"))) {
                requireCode(capability());
            }
            passed = true;
        }
    }

    /** One of the backends can run, and says so itself. */
    static void requireRunnable(List<Nd4jBackend> backends) {
        if (backends.isEmpty()) {
            throw new BackendException(
                    "no backend of ND4J is on the class path: add org.nd4j:nd4j-native with this"
                            + " platform's classifier");
        }
        Throwable last = null;
        for (Nd4jBackend backend : backends) {
            try {
                if (backend.canRun()) {
                    return;
                }
            } catch (Exception | LinkageError e) {
                last = e;
            }
        }
        throw new BackendException(reason(last), last);
    }

    private static String reason(Throwable problem) {
        if (problem instanceof LinkageError) {
            return ("a library of CUDA 11 cannot be loaded (%s): install NVIDIA's driver and CUDA"
                            + " 11.6, or %s")
                    .formatted(firstLine(problem), ON_THE_CPU);
        }
        return "no CUDA device was found (%s): check that nvidia-smi lists one, or %s"
                .formatted(
                        problem == null ? "the backend cannot run" : firstLine(problem),
                        ON_THE_CPU);
    }

    private static String firstLine(Throwable problem) {
        // The path that was searched is long, and says nothing of CUDA.
        return String.valueOf(problem.getMessage())
                .lines()
                .findFirst()
                .orElse("")
                .replaceFirst("( in java\\.library\\.path): .*", "$1");
    }

    /** The backend has code for a GPU of this compute capability. */
    static void requireCode(Capability capability) {
        if (!capability.hasCode()) {
            throw new BackendException(
                    ("the GPU has compute capability %d.%d, and nd4j-cuda-11.6 has code for 3.7"
                                    + " to 8.9: use another GPU, or %s")
                            .formatted(capability.major, capability.minor, ON_THE_CPU));
        }
    }

    /**
     * The first device's, asked of CUDA's runtime by name: a build for the CPU does not have its
     * classes.
     */
    private static Capability capability() {
        try {
            Class<?> runtime = Class.forName("org.bytedeco.cuda.global.cudart");
            return new Capability(
                    attribute(runtime, "cudaDevAttrComputeCapabilityMajor"),
                    attribute(runtime, "cudaDevAttrComputeCapabilityMinor"));
        } catch (ReflectiveOperationException e) {
            throw new BackendException("CUDA's runtime does not name the GPU: " + e, e);
        }
    }

    private static int attribute(Class<?> runtime, String name)
            throws ReflectiveOperationException {
        int[] value = {0};
        int attribute = runtime.getField(name).getInt(null);
        Object status =
                runtime.getMethod("cudaDeviceGetAttribute", int[].class, int.class, int.class)
                        .invoke(null, value, attribute, 0);
        if (!Integer.valueOf(0).equals(status)) {
            throw new BackendException("CUDA's runtime gives error " + status + " for " + name);
        }
        return value[0];
    }
}
