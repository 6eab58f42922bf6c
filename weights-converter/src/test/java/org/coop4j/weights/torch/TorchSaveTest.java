package org.coop4j.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.coop4j.weights.Golden;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.Python.OrderedDict;
import org.coop4j.weights.pickle.Python.Tuple;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchSaveTest {
    @TempDir
    private Path folder;

    private Path target;
    private final DenseTensor ctx = DenseTensor.ofFloats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);

    @BeforeEach
    void nameTarget() {
        target = folder.resolve("model.pth.tar-50");
    }

    private Map<String, Object> checkpoint() {
        OrderedDict stateDict = new OrderedDict();
        stateDict.put("ctx", ctx);
        stateDict.put("again", ctx);
        stateDict.put("count", Golden.longs(Shape.of(), 7));
        Map<String, Object> checkpoint = new LinkedHashMap<>();
        checkpoint.put("state_dict", stateDict);
        checkpoint.put("epoch", 50);
        checkpoint.put("lrs", Arrays.asList(0.002, null, true));
        checkpoint.put("betas", Tuple.of(0.9, "x"));
        checkpoint.put("val_result", null);
        return checkpoint;
    }

    @Test
    void whatIsSavedIsReadBack() throws IOException {
        TorchSave.write(target, checkpoint());
        try (TorchFile file = TorchFile.open(target)) {
            Map<?, ?> root = (Map<?, ?>) file.root();
            assertThat(root.keySet()).isEqualTo(checkpoint().keySet());
            assertThat(root.get("epoch")).isEqualTo(50L);
            assertThat(root.get("lrs")).isEqualTo(Arrays.asList(0.002, null, true));
            assertThat(root.get("betas")).isEqualTo(Tuple.of(0.9, "x"));
            assertThat(root.get("val_result")).isNull();
            assertThat(root.get("state_dict")).isInstanceOf(OrderedDict.class);
            Map<String, TorchTensor> tensors = file.stateDict();
            assertThat(tensors.get("ctx").floats()).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(tensors.get("ctx").shape()).isEqualTo(Shape.of(2, 3));
            assertThat(tensors.get("count").view("count").longs()).containsExactly(7);
            file.verifyChecksums(read -> {});
        }
    }

    @Test
    void theArchiveIsOneThatAnyZipReaderTakes() throws IOException {
        TorchSave.write(target, checkpoint());
        try (ZipFile zip = new ZipFile(target.toFile())) {
            assertThat(zip.stream().map(ZipEntry::getName))
                    .containsExactly(
                            "archive/data.pkl",
                            "archive/byteorder",
                            "archive/data/0",
                            "archive/data/1",
                            "archive/version");
            for (ZipEntry entry : Collections.list(zip.entries())) {
                assertThat(zip.getInputStream(entry).readAllBytes()).hasSize((int) entry.getSize());
            }
        }
    }

    @Test
    void storagesAreAlignedAndTheBytesDependOnTheValuesAlone() throws IOException {
        TorchSave.write(target, checkpoint());
        Path second = folder.resolve("second");
        TorchSave.write(second, checkpoint());
        assertThat(Files.mismatch(target, second)).isEqualTo(-1);
        byte[] bytes = Files.readAllBytes(target);
        byte[] one = {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40};
        int at = 0;
        while (!Arrays.equals(bytes, at, at + 8, one, 0, 8)) {
            at += 64;
        }
        assertThat(at).isPositive();
    }

    @Test
    void aValueWithoutAPythonFormLeavesNoFile() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchSave.write(target, Map.of("x", new Object())))
                .withMessageContaining("java.lang.Object");
        List<Object> circle = new ArrayList<>();
        circle.add(circle);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchSave.write(target, circle))
                .withMessageContaining("nest");
        assertThat(folder).isEmptyDirectory();
    }
}
