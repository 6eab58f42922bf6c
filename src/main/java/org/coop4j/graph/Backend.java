package org.coop4j.graph;

import org.bytedeco.javacpp.Loader;
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

    /** The backend of this process. */
    public static Backend loaded() {
        boolean onHost = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
        String name = Nd4j.getBackend().getClass().getSimpleName();
        if (!onHost) {
            Object device = Nd4j.getExecutioner().getEnvironmentInformation().get("cuda.device");
            return new Backend(name, "CUDA " + (device == null ? "" : device), "cuBLAS", false);
        }
        String library = Loader.load(org.bytedeco.openblas.global.openblas.class);
        String file =
                library == null ? "OpenBLAS" : library.replaceAll(".*/(openblas[^/]*)/.*", "$1");
        return new Backend(name, "CPU", file, true);
    }
}
