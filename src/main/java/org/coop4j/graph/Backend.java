package org.coop4j.graph;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.coop4j.graph.host.BackendCheck;
import org.coop4j.graph.host.BackendException;
import org.coop4j.graph.host.ComputeForm;
import org.nd4j.common.config.ND4JSystemProperties;
import org.nd4j.linalg.api.environment.Nd4jEnvironment;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The ND4J backend that is on the class path.
 *
 * @param name the backend's class
 * @param device what it computes on
 * @param blas the BLAS library behind it
 * @param form how ops are computed
 */
public record Backend(String name, String device, String blas, ComputeForm form) {

    /**
     * Keeps ND4J's account of its start, a dozen lines of INFO, out of an application's log, unless
     * the application has set ND4J's property for it; to be called before ND4J is first used.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    public static void startQuietly() {
        System.getProperties().putIfAbsent(ND4JSystemProperties.LOG_INITIALIZATION, "false");
        BackendCheck.pass();
    }

    /** ND4J's start, which begins when this class is first used. */
    private static final class Start {
        static final CompletableFuture<Void> DONE =
                CompletableFuture.runAsync(Start::run)
                        .exceptionally(e -> null); // who waits for it is told

        private Start() {}

        private static void run() {
            startQuietly();
            Nd4j.getExecutioner();
        }

        static void begin() {
            // The field is set by now.
        }
    }

    /**
     * Begins to start ND4J on a thread of its own, which takes some half a second that the caller
     * may spend on files; graphs and weights wait for its end, and say why there is none.
     */
    public static void startAhead() {
        // JavaCPP's first class loads a library, and its libraries need that class: were it begun
        // by another thread meanwhile, both would wait for ever.
        Pointer.totalBytes();
        Start.begin();
    }

    /**
     * Starts ND4J, or waits for its end. Classes of ND4J that need one another must not be begun by
     * two threads.
     *
     * @throws BackendException if the backend cannot compute on this machine
     */
    public static void start() {
        startAhead();
        Start.DONE.join();
        startQuietly();
    }

    /**
     * The backend of this process.
     *
     * @throws BackendException if it cannot compute on this machine
     */
    public static Backend loaded() {
        start();
        ComputeForm form = ComputeForm.current();
        String name = Nd4j.getBackend().getClass().getSimpleName();
        if (Nd4j.getExecutioner().type() != OpExecutioner.ExecutionerType.NATIVE_CPU) {
            return new Backend(name, cudaDevice(), "cuBLAS", form);
        }
        String library = Loader.load(org.bytedeco.openblas.global.openblas.class);
        String file =
                library == null ? "OpenBLAS" : library.replaceAll(".*/(openblas[^/]*)/.*", "$1");
        return new Backend(name, "CPU", file, form);
    }

    /** Name and compute capability of the first device. */
    private static String cudaDevice() {
        Properties environment = Nd4j.getExecutioner().getEnvironmentInformation();
        Object devices = environment.get(Nd4jEnvironment.CUDA_DEVICE_INFORMATION_KEY);
        if (!(devices instanceof List<?> list)
                || list.isEmpty()
                || !(list.get(0) instanceof Map<?, ?> device)) {
            return "CUDA device of unknown kind";
        }
        String name = String.valueOf(device.get(Nd4jEnvironment.CUDA_DEVICE_NAME_KEY));
        String major = String.valueOf(device.get(Nd4jEnvironment.CUDA_DEVICE_MAJOR_VERSION_KEY));
        String minor = String.valueOf(device.get(Nd4jEnvironment.CUDA_DEVICE_MINOR_VERSION_KEY));
        return name + ", compute capability " + major + "." + minor;
    }
}
