package org.coop4j.weights.torch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.coop4j.base.InputException;
import org.coop4j.weights.DType;
import org.coop4j.weights.Golden;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.PickleBytes;
import org.coop4j.weights.pickle.Unpickler.OrderedDict;
import org.coop4j.weights.pickle.Unpickler.Tuple;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchFileTest {
    private static final long[] SIX = {6};

    @TempDir
    private Path folder;

    private Path file() {
        return folder.resolve("m.pt");
    }

    /** A dict of one tensor {@code t}. */
    private static byte[] dict(String type, String key, long elements, long offset, long[] shape, long... strides) {
        return PickleBytes.protocol2()
                .op('}')
                .text("t")
                .tensor(type, key, elements, offset, shape, strides)
                .op('s')
                .stop();
    }

    private Map<String, TorchTensor> read(TorchZip zip) throws IOException {
        try (TorchFile file = TorchFile.open(zip.write(file()))) {
            return file.stateDict();
        }
    }

    private static void assertRefused(Path path, String problem) {
        assertThrown(
                InputException.class,
                () -> {
                    try (TorchFile file = TorchFile.open(path)) {
                        for (TorchTensor tensor : file.stateDict().values()) {
                            tensor.view("t");
                        }
                    }
                },
                problem);
    }

    @Test
    void stridesOffsetsAndSharedStoragesAreHonoured() throws IOException {
        PickleBytes pickle = PickleBytes.protocol2().op('}');
        pickle.text("whole")
                .tensor("FloatStorage", "0", 6, 0, new long[] {2, 3}, 3, 1)
                .op('s');
        pickle.text("turned")
                .tensor("FloatStorage", "0", 6, 0, new long[] {3, 2}, 1, 3)
                .op('s');
        pickle.text("column")
                .tensor("FloatStorage", "0", 6, 2, new long[] {2}, 3)
                .op('s');
        pickle.text("scalar").tensor("FloatStorage", "0", 6, 5, new long[] {}).op('s');
        TorchZip zip = new TorchZip().store("data.pkl", pickle.stop());
        zip.floats("data/0", 0, 1, 2, 3, 4, 5).write(file());
        try (TorchFile file = TorchFile.open(file())) {
            Map<String, TorchTensor> tensors = file.stateDict();
            assertThat(file.form()).isEqualTo("torch.save");
            assertThat(tensors.keySet()).containsExactly("whole", "turned", "column", "scalar");
            assertThat(tensors.get("whole").floats()).containsExactly(0, 1, 2, 3, 4, 5);
            assertThat(tensors.get("turned").floats()).containsExactly(0, 3, 1, 4, 2, 5);
            assertThat(tensors.get("column").floats()).containsExactly(2, 5);
            assertThat(tensors.get("scalar").floats()).containsExactly(5);
            assertThat(tensors.get("scalar").shape()).isEqualTo(Shape.of());
        }
    }

    @Test
    void halvesBfloat16sAndIntegersAreRead() throws IOException {
        PickleBytes pickle = PickleBytes.protocol2().op('}');
        pickle.text("h").tensor("HalfStorage", "0", 1, 0, new long[] {1}, 1).op('s');
        pickle.text("b").tensor("BFloat16Storage", "1", 1, 0, new long[] {1}, 1).op('s');
        pickle.text("i").tensor("CharStorage", "2", 2, 0, new long[] {2}, 1).op('s');
        TorchZip zip = new TorchZip().store("data.pkl", pickle.stop());
        zip.store("data/0", new byte[] {0, 0x3e}).store("data/1", new byte[] {0, (byte) 0xc0});
        zip.store("data/2", new byte[] {-5, 5}).write(file());
        try (TorchFile file = TorchFile.open(file())) {
            Map<String, TorchTensor> tensors = file.stateDict();
            assertThat(tensors.get("h").floats()).containsExactly(1.5f);
            assertThat(tensors.get("b").floats()).containsExactly(-2);
            assertThat(tensors.get("b").dtype()).isEqualTo(Optional.of(DType.BF16));
            assertThat(tensors.get("i").view("i").longs()).containsExactly(-5, 5);
        }
    }

    @Test
    void anUntypedStorageTakesTheTensorsType() throws IOException {
        PickleBytes pickle = PickleBytes.protocol2().op('}').text("t");
        pickle.global("torch._utils", "_rebuild_tensor_v3").op('(');
        pickle.storage("UntypedStorage", "0", 8)
                .integer(1)
                .integers(1)
                .integers(1)
                .op(0x89);
        pickle.global("collections", "OrderedDict").op(')', 'R').global("torch", "float32");
        TorchZip zip = new TorchZip().store("data.pkl", pickle.op('t', 'R', 's').stop());
        zip.floats("data/0", 1, 2).write(file());
        try (TorchFile file = TorchFile.open(file())) {
            assertThat(file.stateDict().get("t").floats()).containsExactly(2);
        }
    }

    @Test
    void zip64SizesAndDataDescriptorsAreUnderstood() throws IOException {
        TorchZip zip = new TorchZip();
        zip.store("data.pkl", dict("FloatStorage", "0", 2, 0, new long[] {2}, 1));
        zip.floats("data/0", 3, 4).store("byteorder", "little");
        Files.write(file(), zip.zip64());
        try (TorchFile file = TorchFile.open(file())) {
            assertThat(file.stateDict().get("t").floats()).containsExactly(3, 4);
            file.verifyChecksums(read -> {});
        }
    }

    @Test
    void aStateDictIsFoundWhereTrainingScriptsPutIt() throws IOException {
        for (String wrapper : List.of("state_dict", "model", "model_state_dict")) {
            PickleBytes pickle = PickleBytes.protocol2().op('}').text("epoch").op('K', 3, 's');
            pickle.text(wrapper).op('}').text("module.t");
            pickle.tensor("FloatStorage", "0", 1, 0, new long[] {1}, 1).op('s', 's');
            TorchZip zip = new TorchZip().store("data.pkl", pickle.stop());
            assertThat(read(zip.floats("data/0", 1)).keySet()).containsExactly("t");
        }
    }

    @Test
    void aPickledPythonModuleGivesItsTensorsByDottedName() throws IOException {
        PickleBytes child = PickleBytes.protocol2().global("torch.nn", "Model").op(')', 0x81, '}');
        child.text("_parameters").op('}').text("w");
        child.tensor("FloatStorage", "0", 1, 0, new long[] {1}, 1).op('s', 's');
        child.text("_modules").op('}').text("sub").global("torch.nn", "Linear").op(')', 0x81, '}');
        child.text("_buffers").op('}').text("b");
        child.tensor("FloatStorage", "0", 1, 0, new long[] {1}, 1).op('s', 's', 'b', 's', 's', 'b');
        TorchZip zip = new TorchZip().store("data.pkl", child.stop());
        assertThat(read(zip.floats("data/0", 1)).keySet()).containsExactly("w", "sub.b");
    }

    @Test
    void aModuleTreeThatHoldsItselfIsRefused() throws IOException {
        PickleBytes pickle = PickleBytes.protocol2().global("__torch__", "M").op(')', 0x81);
        pickle.op('q', 0, '}').text("self").op('h', 0, 's', 'b');
        assertRefused(new TorchZip().store("data.pkl", pickle.stop()).write(file()), "nested too deeply");
    }

    @Test
    void modulesSharedExponentiallyOftenAreRefused() throws IOException {
        PickleBytes pickle = PickleBytes.protocol2().global("m", "M").op(')', 0x81, 'q', 0, '0');
        for (int i = 0; i < 60; i++) {
            pickle.global("m", "M").op(')', 0x81, '}').text("a").op('h', 0, 's');
            pickle.text("b").op('h', 0, 's', 'b', 'q', 0, '0');
        }
        assertRefused(new TorchZip().store("data.pkl", pickle.op('h', 0).stop()).write(file()), "nested too deeply");
    }

    @Test
    void aTensorLargerThanItsStorageIsRefused() throws IOException {
        TorchZip zip = new TorchZip().floats("data/0", 1, 2, 3);
        zip.store("data.pkl", dict("FloatStorage", "0", 3, 0, new long[] {4}, 1));
        assertRefused(zip.write(file()), "element 3");
        zip.store("data.pkl", dict("FloatStorage", "0", 3, 1, new long[] {3}, 1));
        assertRefused(zip.write(file()), "needs element 3");
        zip.store("data.pkl", dict("FloatStorage", "0", 4, 0, new long[] {4}, 1));
        assertRefused(zip.write(file()), "storage 0 has 12 bytes");
        zip.store("data.pkl", dict("FloatStorage", "1", 3, 0, new long[] {3}, 1));
        assertRefused(zip.write(file()), "storage 1");
    }

    @Test
    void aStorageWithTwoSizesOrAnUnknownTypeIsRefused() throws IOException {
        PickleBytes pickle = PickleBytes.protocol2().op('}');
        pickle.text("a").tensor("FloatStorage", "0", 2, 0, new long[] {2}, 1).op('s');
        pickle.text("b").tensor("FloatStorage", "0", 1, 0, new long[] {1}, 1).op('s');
        TorchZip zip = new TorchZip().floats("data/0", 1, 2);
        assertRefused(zip.store("data.pkl", pickle.stop()).write(file()), "two types or sizes");
        zip.store("data.pkl", dict("StrangeStorage", "0", 2, 0, new long[] {2}, 1));
        assertRefused(zip.write(file()), "StrangeStorage");
        zip.store("data.pkl", dict("ComplexFloatStorage", "0", 1, 0, new long[] {1}, 1));
        assertRefused(zip.write(file()), "complex or quantized");
    }

    @Test
    void aBigEndianFileIsRefused() throws IOException {
        TorchZip zip = new TorchZip().store("byteorder", "big").floats("data/0", 1);
        zip.store("data.pkl", dict("FloatStorage", "0", 1, 0, new long[] {1}, 1));
        assertRefused(zip.write(file()), "little-endian");
    }

    @Test
    void aCompressedPickleIsReadAndACompressedTensorRefused() throws IOException {
        byte[] pickle = dict("FloatStorage", "0", 6, 0, SIX, 1);
        TorchZip zip = new TorchZip().deflate("data.pkl", pickle);
        zip.floats("data/0", 1, 2, 3, 4, 5, 6);
        assertThat(read(zip)).containsOnlyKeys("t");
        TorchZip bad = new TorchZip().store("data.pkl", pickle).deflate("data/0", new byte[24]);
        assertRefused(bad.write(file()), "data/0 is compressed");
    }

    @Test
    void aZipBombIsRefusedBeforeItExpands() throws IOException {
        // 200 MB of zeros take 200 KB; as the pickle they would be read whole.
        Path bomb = new TorchZip().deflate("data.pkl", new byte[200_000_000]).write(file());
        assertThat(Files.size(bomb)).isLessThan(300_000);
        assertRefused(bomb, "data.pkl takes 200000000 bytes");
    }

    @Test
    void aZipBombThatLiesAboutItsSizeIsRefused() throws IOException {
        byte[] zip = Files.readAllBytes(
                new TorchZip().deflate("data.pkl", new byte[50_000_000]).write(file()));
        ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
        int directory = bytes.getInt(zip.length - 6);
        bytes.putInt(directory + 24, 1000);
        Files.write(file(), zip);
        assertRefused(file(), "stated size 1000");
        bytes.putInt(directory + 24, 50_000_001);
        Files.write(file(), zip);
        assertRefused(file(), "stated size 50000001");
    }

    @Test
    void otherZipArchivesAndTextAreNamedAsSuch() throws IOException {
        assertRefused(new TorchZip().store("a.txt", "text").write(file()), "needs one data.pkl");
        Files.writeString(file(), "just text");
        assertRefused(file(), "neither a zip archive nor a pickle");
        Files.writeString(file(), "PK\3\4 and nothing more");
        assertRefused(file(), "m.pt");
        Files.writeString(file(), "");
        assertRefused(file(), "neither a zip archive nor a pickle");
        assertRefused(folder.resolve("none"), "none");
    }

    private static PickleBytes legacyHead() {
        PickleBytes head = PickleBytes.protocol2().op(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9);
        head.op(0x20, 0x6a, 0xa8, 0x50, 0x19, '.').op(0x80, 2, 'M', 0xe9, 3, '.');
        return head.op(0x80, 2, '}').text("little_endian").op(0x88, 's', '.').op(0x80, 2);
    }

    /** Two tensors over two storages, whose order in the file is not that in the pickle. */
    private static byte[] legacy(long countOfFirst) {
        PickleBytes file = legacyHead().op('}').text("a");
        file.tensor("FloatStorage", "10", 2, 0, new long[] {2}, 1).op('s').text("b");
        file.tensor("LongStorage", "20", 1, 0, new long[] {}).op('s', '.');
        file.op(0x80, 2, ']', '(').text("20").text("10").op('e', '.').int8(1).int8(-9);
        file.int8(countOfFirst).ascii("");
        byte[] whole = file.op(0, 0, 0x80, 0x3f, 0, 0, 0, 0x40).stop();
        return Arrays.copyOf(whole, whole.length - 1);
    }

    @Test
    void damagedFilesFromBeforePyTorch16AreRefused() throws IOException {
        Files.write(file(), legacy(3));
        assertRefused(file(), "storage 10 has 3 elements");
        byte[] whole = legacy(2);
        Files.write(file(), Arrays.copyOf(whole, whole.length - 1));
        assertRefused(file(), "truncated within storage 10");
        Files.write(file(), PickleBytes.protocol2().op('}').stop());
        assertRefused(file(), "torch.save");
        String big = new String(whole, ISO_8859_1);
        byte[] swapped =
                big.replace("little_endian\u0088", "little_endian\u0089").getBytes(ISO_8859_1);
        Files.write(file(), swapped);
        assertRefused(file(), "big-endian");
    }

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
        checkpoint.put("betas", Tuple.of(0.9, "naïve 東京"));
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
            assertThat(root.get("betas")).isEqualTo(Tuple.of(0.9, "naïve 東京"));
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
        assertThatIllegalArgumentException().isThrownBy(() -> TorchSave.write(target, Map.of("x", new Object())));
        assertThat(target).doesNotExist();
        assertThat(folder).isEmptyDirectory();
    }
}
