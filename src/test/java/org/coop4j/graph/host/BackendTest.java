package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.BooleanSupplier;
import org.coop4j.graph.host.Backend.BackendException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackendTest {

    @Test
    void theBackendOfThisBuildPasses() {
        assertThatCode(Backend::check).doesNotThrowAnyException();
    }

    @Test
    void aMissingDriverIsNamedInOneLine() {
        BooleanSupplier fake = () -> {
            throw new UnsatisfiedLinkError("no jnicudart in java.library.path: /usr/lib:/lib\nat x");
        };
        assertThatThrownBy(() -> Backend.requireRunnable(List.of(fake)))
                .isInstanceOf(BackendException.class)
                .hasMessageContainingAll("(no jnicudart in java.library.path)", "CUDA 11.6", "-Pcuda")
                .message()
                .doesNotContain("/usr/lib", "\n");
    }

    @Test
    void aMachineWithoutAGpuIsNamedInOneLine() {
        BooleanSupplier fake = () -> {
            throw new IllegalStateException("No CUDA devices were found in system");
        };
        assertThatThrownBy(() -> Backend.requireRunnable(List.of(fake)))
                .isInstanceOf(BackendException.class)
                .hasMessageContainingAll("(No CUDA devices were found in system)", "nvidia-smi", "-Pcuda")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void oneBackendThatRunsIsEnough() {
        BooleanSupplier broken = () -> {
            throw new UnsatisfiedLinkError("no driver");
        };
        Backend.requireRunnable(List.of(broken, () -> true));
        assertThatThrownBy(() -> Backend.requireRunnable(List.of()))
                .hasMessageContainingAll("class path", "org.nd4j:nd4j-native");
    }

    @ParameterizedTest
    @CsvSource({"3,7", "6,1", "7,5", "8,0", "8,6", "8,9"})
    void gpusWithCodeAreAccepted(int major, int minor) {
        assertThatCode(() -> Backend.requireCode(major, minor)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"3,5", "9,0", "10,0", "12,0"})
    void gpusWithoutCodeAreRefusedByTheirCapability(int major, int minor) {
        assertThatThrownBy(() -> Backend.requireCode(major, minor))
                .isInstanceOf(BackendException.class)
                .hasMessageContainingAll("compute capability %d.%d".formatted(major, minor), "3.7 to 8.9", "-Pcuda");
    }
}
