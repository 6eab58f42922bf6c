package org.coop4j.graph.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.coop4j.base.Log;
import org.nd4j.common.config.ND4JClassLoading;
import org.nd4j.common.config.ND4JSystemProperties;
import org.nd4j.linalg.api.environment.Nd4jEnvironment;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.factory.Nd4jBackend;

/**
 * The ND4J backend on the class path: its start, and one line on why it cannot compute here, before ND4J's own start
 * ends in stack traces or its kernels fail.
 *
 * @param name the backend's class
 * @param device the device that computes
 * @param blas the BLAS library behind it
 * @param form of its ops
 */
public record Backend(String name, String device, String blas, Form form) {

    /** The form of the ops, and of reading and writing values. */
    public enum Form {
        /** Kernels of this package on the arrays' own memory, which is the host's. */
        HOST,
        /** ND4J's calls alone, which every backend has. */
        PORTABLE
    }

    /** Thrown if ND4J's backend cannot compute on this machine; the message is for the user. */
    public static final class BackendException extends IllegalStateException {

        private static final long serialVersionUID = 1;

        BackendException(String message) {
            super(message);
        }

        BackendException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The system property that chooses the form on a CPU: {@code native} or {@code portable}. */
    public static final String FORM_PROPERTY = "coop.backend";

    private static final String ON_THE_CPU = "build without -Pcuda to compute on the CPU";

    private static volatile boolean allowed; // by Java
    private static volatile boolean checked;
    private static CompletableFuture<Void> started;

    /**
     * Keeps ND4J's dozen lines of INFO about its start out of an application's log, unless the application has set
     * ND4J's property for them. To be called before ND4J is first used.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    public static void startQuietly() {
        Log.start();
        System.getProperties().putIfAbsent(ND4JSystemProperties.LOG_INITIALIZATION, "false");
        check();
    }

    /**
     * Starts ND4J on a thread of its own. That takes about half a second, in which the caller may read files; graphs
     * and weights wait for its end, and report a failure.
     */
    public static synchronized void startAhead() {
        if (started == null) {
            // JavaCPP's first class loads a library, and its libraries need that class: if another
            // thread initialised it meanwhile, both would wait for ever.
            Pointer.totalBytes();
            started = CompletableFuture.runAsync(() -> {
                        startQuietly();
                        Nd4j.getExecutioner();
                    })
                    .exceptionally(e -> null); // reported to whoever waits
        }
    }

    private static synchronized CompletableFuture<Void> started() {
        startAhead();
        return started;
    }

    /**
     * Starts ND4J, or waits until it has started. Two threads must not initialise classes of ND4J that need one
     * another.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    public static void start() {
        started().join();
        startQuietly();
    }

    /**
     * Returns the form of this process: the host's if ND4J computes there, unless {@link #FORM_PROPERTY} is {@code
     * portable}.
     *
     * @throws BackendException if the property has another value, or ND4J cannot compute here
     */
    public static Form currentForm() {
        check();
        String chosen = System.getProperty(FORM_PROPERTY, "native");
        return switch (chosen) {
            case "native" -> isOnHost() ? Form.HOST : Form.PORTABLE;
            case "portable" -> Form.PORTABLE;
            default ->
                throw new BackendException("-D%s=%s: expected native or portable".formatted(FORM_PROPERTY, chosen));
        };
    }

    private static boolean isOnHost() {
        try {
            return Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
        } catch (LinkageError e) {
            throw notLoaded(e);
        }
    }

    private static BackendException notLoaded(Throwable cause) {
        return new BackendException(
                "ND4J's native libraries cannot be loaded: add org.coop4j:coop4j-natives-" + Loader.getPlatform()
                        + ", or start Java with the option enable-native-access=ALL-UNNAMED",
                cause);
    }

    /**
     * Checks that Java lets JavaCPP load libraries and use memory.
     *
     * @throws BackendException if it does not; the message names the option of Java that allows it
     */
    static void requireAccess() {
        if (allowed) {
            return;
        }
        try (FloatPointer number = new FloatPointer(1)) {
            FloatIndexer.create(number);
            allowed = true;
        } catch (ExceptionInInitializerError | NoClassDefFoundError e) {
            throw new BackendException(
                    "Java denies JavaCPP access to memory: start Java with the option sun-misc-unsafe-memory-access=allow",
                    e);
        } catch (RuntimeException | UnsatisfiedLinkError e) {
            throw notLoaded(e);
        }
    }

    /**
     * Returns the backend of this process.
     *
     * @throws BackendException if it cannot compute on this machine
     */
    public static Backend loaded() {
        start();
        String name = Nd4j.getBackend().getClass().getSimpleName();
        if (!isOnHost()) {
            return new Backend(name, cudaDevice(), "cuBLAS", currentForm());
        }
        return new Backend(name, "CPU", "OpenBLAS", currentForm());
    }

    /** Returns the name and compute capability of the first device. */
    private static String cudaDevice() {
        Properties environment = Nd4j.getExecutioner().getEnvironmentInformation();
        Object devices = environment.get(Nd4jEnvironment.CUDA_DEVICE_INFORMATION_KEY);
        if (!(devices instanceof List<?> list) || list.isEmpty() || !(list.get(0) instanceof Map<?, ?> device)) {
            return "CUDA device of unknown kind";
        }
        String name = String.valueOf(device.get(Nd4jEnvironment.CUDA_DEVICE_NAME_KEY));
        String major = String.valueOf(device.get(Nd4jEnvironment.CUDA_DEVICE_MAJOR_VERSION_KEY));
        String minor = String.valueOf(device.get(Nd4jEnvironment.CUDA_DEVICE_MINOR_VERSION_KEY));
        return name + ", compute capability " + major + "." + minor;
    }

    /** Checks the backends on the class path, once in a process. */
    static void check() {
        if (!checked) {
            requireAccess();
            // By default ND4J asks the first thread's context class loader, which in the pool of threads of a web
            // application
            // does not see its libraries.
            ND4JClassLoading.setNd4jClassloaderFromClass(Backend.class);
            List<Nd4jBackend> backends = new ArrayList<>();
            ND4JClassLoading.loadService(Nd4jBackend.class).forEach(backends::add);
            requireRunnable(backends.stream()
                    .<BooleanSupplier>map(backend -> backend::canRun)
                    .toList());
            if (backends.stream().anyMatch(b -> b.getClass().getName().contains("jcublas"))) {
                requireCode(
                        cudaAttribute("cudaDevAttrComputeCapabilityMajor"),
                        cudaAttribute("cudaDevAttrComputeCapabilityMinor"));
            }
            checked = true;
        }
    }

    /** Checks that one of the backends can run. */
    static void requireRunnable(List<BooleanSupplier> backends) {
        if (backends.isEmpty()) {
            throw new BackendException("no backend of ND4J is on the class path: add org.nd4j:nd4j-native");
        }
        Throwable last = null;
        for (BooleanSupplier canRun : backends) {
            try {
                if (canRun.getAsBoolean()) {
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
            return "a library of CUDA 11 cannot be loaded (%s): install NVIDIA's driver and CUDA 11.6, or %s"
                    .formatted(firstLine(problem), ON_THE_CPU);
        }
        return "no CUDA device was found (%s): check that nvidia-smi lists one, or %s"
                .formatted(problem == null ? "the backend cannot run" : firstLine(problem), ON_THE_CPU);
    }

    private static String firstLine(Throwable problem) {
        // The searched path is long, and says nothing about CUDA.
        return String.valueOf(problem.getMessage())
                .lines()
                .findFirst()
                .orElse("")
                .replaceFirst("( in java\\.library\\.path): .*", "$1");
    }

    /**
     * Checks that the backend has code for a GPU of this compute capability: nd4j-cuda-11.6 holds machine code for 3.7
     * to 8.6, which also runs on 8.9, and no PTX.
     */
    static void requireCode(int major, int minor) {
        boolean tooOld = major < 3 || (major == 3 && minor < 7);
        if (tooOld || major > 8) {
            throw new BackendException(
                    ("the GPU has compute capability %d.%d, and nd4j-cuda-11.6 has code for 3.7 to 8.9:"
                                    + " use another GPU, or %s")
                            .formatted(major, minor, ON_THE_CPU));
        }
    }

    /** Returns an attribute of the first device, by reflection: a build for the CPU does not have CUDA's classes. */
    private static int cudaAttribute(String name) {
        try {
            Class<?> runtime = Class.forName("org.bytedeco.cuda.global.cudart");
            int[] value = {0};
            int attribute = runtime.getField(name).getInt(null);
            Object status = runtime.getMethod("cudaDeviceGetAttribute", int[].class, int.class, int.class)
                    .invoke(null, value, attribute, 0);
            if (!Integer.valueOf(0).equals(status)) {
                throw new BackendException("CUDA's runtime gives error " + status + " for " + name);
            }
            return value[0];
        } catch (ReflectiveOperationException e) {
            throw new BackendException("CUDA's runtime does not name the GPU: " + e, e);
        }
    }
}
