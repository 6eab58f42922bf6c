package org.coop4j.graph.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.coop4j.base.JavaChild;
import org.coop4j.graph.host.Backend.BackendException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@Tag("portable")
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
        assertThrown(() -> Backend.requireRunnable(List.of()), "class path", "org.nd4j:nd4j-native");
    }

    /** Later versions of Java deny both unless they are told to allow them. */
    @ParameterizedTest
    @EnabledForJreRange(min = JRE.JAVA_24)
    @ValueSource(strings = {"--illegal-native-access=deny", "--sun-misc-unsafe-memory-access=deny"})
    void whatJavaDeniesIsNamedWithTheOptionThatAllowsIt(String denial, @TempDir Path folder) throws Exception {
        Path said = folder.resolve("said");
        ProcessBuilder child = JavaChild.of(Denied.class, List.of(denial));
        if (denial.contains("native")) {
            child.command().removeIf(option -> option.startsWith("--enable-native-access"));
        }
        child.redirectErrorStream(true).redirectOutput(said.toFile());
        assertThat(child.start().waitFor()).as(Files.readString(said)).isZero();
        String option =
                denial.contains("native") ? "enable-native-access=ALL-UNNAMED" : "sun-misc-unsafe-memory-access=allow";
        assertThat(said).content().containsPattern("(?s)check: .*" + option + "\nallocate: .*" + option);
    }

    static final class Denied {
        public static void main(String[] arguments) {
            say("check", Backend::check);
            say("allocate", () -> NativeMemory.allocate(8).close());
        }

        private static void say(String what, Runnable call) {
            try {
                call.run();
            } catch (BackendException e) {
                System.out.println(what + ": " + e.getMessage());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"3,7", "6,1", "7,5", "8,0", "8,6", "8,9"})
    void gpusWithCodeAreAccepted(int major, int minor) {
        assertThatCode(() -> Backend.requireCode(major, minor)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({"3,5", "9,0", "10,0", "12,0"})
    void gpusWithoutCodeAreRefusedByTheirCapability(int major, int minor) {
        assertThrown(
                BackendException.class,
                () -> Backend.requireCode(major, minor),
                "compute capability %d.%d".formatted(major, minor),
                "3.7 to 8.9",
                "-Pcuda");
    }

    private final String before = System.getProperty(Backend.FORM_PROPERTY);

    @AfterEach
    void restoreTheForm() {
        if (before == null) {
            System.clearProperty(Backend.FORM_PROPERTY);
        } else {
            System.setProperty(Backend.FORM_PROPERTY, before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native", "portable"})
    void aViewInTheMiddleOfAnArenaGivesAndTakesItsOwnElementsAlone(String form) {
        System.setProperty(Backend.FORM_PROPERTY, form);
        try (INDArray arena = Nd4j.createFromArray(numbers(40))) {
            INDArray view = Nd4j.create(arena.data(), new long[] {2, 3}, new long[] {3, 1}, 16, 'c');
            assertThat(ArrayValues.of(view).toArray()).containsExactly(16, 17, 18, 19, 20, 21);
            ArrayValues.of(view).fill(new float[] {-1, -2, -3, -4, -5, -6});
            float[] expected = numbers(40);
            for (int i = 0; i < 6; i++) {
                expected[16 + i] = -1 - i;
            }
            assertThat(ArrayValues.of(arena).toArray()).containsExactly(expected);
            ArrayValues values = ArrayValues.of(view);
            values.load();
            float[] row = new float[3];
            values.getRow(1, row);
            assertThat(row).containsExactly(-4, -5, -6);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native", "portable"})
    void anyShapeIsSeenAsRowsOfItsLastAxis(String form) {
        System.setProperty(Backend.FORM_PROPERTY, form);
        ArrayValues cube = ArrayValues.of(Nd4j.create(DataType.FLOAT, 2, 3, 4));
        assertThat(cube.rows()).isEqualTo(6);
        assertThat(cube.cols()).isEqualTo(4);
        INDArray scalar = Nd4j.scalar(DataType.FLOAT, 0);
        ArrayValues.of(scalar).fill(new float[] {2.5f});
        assertThat(ArrayValues.of(scalar).rows()).isEqualTo(1);
        assertThat(scalar.getFloat(0)).isEqualTo(2.5f);
        assertThrown(IllegalArgumentException.class, () -> cube.fill(new float[23]), "6 rows of 4", "23 values");
    }

    @Test
    void valuesOfOtherTypesAndOrdersAreCopied() {
        INDArray columns = Nd4j.createFromArray(numbers(6)).reshape('c', 2, 3).dup('f');
        assertThat(ArrayValues.of(columns).toArray()).containsExactly(numbers(6));
        INDArray doubles = Nd4j.create(DataType.DOUBLE, 3);
        ArrayValues.of(doubles).fill(new float[] {1, 2, 3});
        assertThat(doubles.toDoubleVector()).containsExactly(1, 2, 3);
    }

    @Test
    void anUnknownFormIsRefused() {
        System.setProperty(Backend.FORM_PROPERTY, "gpu");
        assertThrown(Backend::currentForm, Backend.FORM_PROPERTY + "=gpu", "native", "portable");
    }

    private static float[] numbers(int n) {
        float[] numbers = new float[n];
        IntStream.range(0, n).forEach(i -> numbers[i] = i);
        return numbers;
    }
}
