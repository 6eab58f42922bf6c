package org.coop4j.graph;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.bytedeco.javacpp.Loader;
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
 * @param onHost whether it computes in the host's memory, so that the host kernels run
 */
public record Backend(String name, String device, String blas, boolean onHost) {

    /** nd4j-cuda-11.6 holds machine code up to sm_86, which also runs on sm_89, and no PTX. */
    private static final int LAST_MAJOR = 8;

    /**
     * Keeps ND4J's account of its start, a dozen lines of INFO, out of an application's log, unless
     * the application has set ND4J's property for it; to be called before ND4J is first used.
     */
    public static void startQuietly() {
        System.getProperties().putIfAbsent(ND4JSystemProperties.LOG_INITIALIZATION, "false");
    }

    /**
     * The backend of this process.
     *
     * @throws IllegalStateException if it is CUDA and the device is too new for its library
     */
    public static Backend loaded() {
        startQuietly();
        boolean onHost = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
        String name = Nd4j.getBackend().getClass().getSimpleName();
        if (!onHost) {
            return new Backend(name, cudaDevice(), "cuBLAS", false);
        }
        String library = Loader.load(org.bytedeco.openblas.global.openblas.class);
        String file =
                library == null ? "OpenBLAS" : library.replaceAll(".*/(openblas[^/]*)/.*", "$1");
        return new Backend(name, "CPU", file, true);
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
        checkCapability(name, major, minor);
        return name + ", compute capability " + major + "." + minor;
    }

    static void checkCapability(String name, String major, String minor) {
        if (major.matches("\\d+") && Integer.parseInt(major) > LAST_MAJOR) {
            throw new IllegalStateException(
                    String.format(
                            "%s has compute capability %s.%s; nd4j-cuda-11.6 runs on 3.7 to 8.9:"
                                    + " use an older GPU, or build without -Pcuda to compute on"
                                    + " the CPU",
                            name, major, minor));
        }
    }
}
