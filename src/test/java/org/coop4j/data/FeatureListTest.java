package org.coop4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.coop4j.graph.host.Workers;
import org.coop4j.weights.DType;
import org.coop4j.weights.NpzFileTest;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView.TensorSpec;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of labelled features, valid and invalid. */
class FeatureListTest {

    private static final String NAMES = "[\"cat\",\"dog\"]";

    /** Six images, three per class, one of each class in each split. */
    private static final float[] SIX = {1, 0, 2, 1, 3, 0, 0, 1, 1, 2, 0, 3};

    @TempDir
    private Path folder;

    private final Map<TensorSpec, Object> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private void put(String name, DType dtype, Object values, long... shape) {
        tensors.keySet().removeIf(spec -> spec.name().equals(name));
        tensors.put(new TensorSpec(name, dtype, Shape.of(shape)), values);
    }

    private void good() {
        put("features", DType.F32, SIX, 6, 2);
        put("labels", DType.I64, new long[] {0, 0, 0, 1, 1, 1}, 6);
        put("split", DType.I32, new long[] {0, 1, 2, 0, 1, 2}, 6);
        metadata.put("coop4j.class_names", NAMES);
    }

    private Path write() throws IOException {
        Path file = folder.resolve("features.safetensors");
        List<TensorSpec> specs = new ArrayList<>(tensors.keySet());
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            for (Map.Entry<TensorSpec, Object> tensor : tensors.entrySet()) {
                String name = tensor.getKey().name();
                if (tensor.getValue() instanceof float[] floats) {
                    writer.writeFloats(name, floats);
                } else if (tensor.getValue() instanceof byte[] bytes) {
                    writer.writeBytes(name, ByteBuffer.wrap(bytes));
                } else {
                    writer.writeLongs(name, (long[]) tensor.getValue());
                }
            }
            writer.commit();
        }
        return file;
    }

    private static ImageDataset load(Path file) throws IOException {
        return DataSpec.of(file).load(1);
    }

    private static float[] row(LabelledImage image) {
        float[] row = new float[image.stored().features().width()];
        image.stored().copy(row, 0);
        return row;
    }

    private void assertRefused(String... values) throws IOException {
        Path file = write();
        assertThrown(IOException.class, () -> load(file), values);
        assertThrown(IOException.class, () -> load(file), file.toString());
    }

    @Test
    void rowsHaveTheClassesAndSplitsOfTheFile() throws IOException {
        good();
        metadata.put("coop4j.inputs", "[\"a\",\"b\",\"c\",\"/x/../../etc/./d\",\"e\",\"f\"]");
        ImageDataset data = load(write());
        assertThat(data.classNames()).containsExactly("cat", "dog");
        assertThat(data.train()).extracting(i -> i.path().toString()).containsExactly("#/a", "#/x/etc/d");
        assertThat(data.val()).extracting(LabelledImage::label).containsExactly(0, 1);
        assertThat(data.test()).extracting(LabelledImage::className).containsExactly("cat", "dog");
        assertThat(row(data.val().get(1))).containsExactly(1, 2);
        assertThat(data.stored())
                .get()
                .extracting(features -> features.rows().count())
                .isEqualTo(6);
        data.requireFiles(); // there are none to miss
    }

    @Test
    void halvesAreWidened() throws IOException {
        good();
        for (DType half : List.of(DType.F16, DType.BF16)) {
            put("features", half, SIX, 6, 2);
            ImageDataset data = load(write());
            assertThat(row(data.test().get(1))).containsExactly(0, 3);
            assertThat(data.stored().orElseThrow().rows().matrix().toArray()).containsExactly(SIX);
        }
    }

    @Test
    void withoutASplitEachClassIsSplitAsInAFolder() throws IOException {
        float[] rows = new float[20];
        Arrays.fill(rows, 1);
        put("features", DType.F32, rows, 20, 1);
        put("labels", DType.I32, IntStream.range(0, 20).mapToLong(i -> i % 2).toArray(), 20);
        metadata.put("coop4j.class_names", NAMES);
        ImageDataset data = load(write());
        assertThat(List.of(data.train().size(), data.val().size(), data.test().size()))
                .containsExactly(10, 4, 6);
        assertThat(load(write()).train())
                .extracting(LabelledImage::path)
                .isEqualTo(data.train().stream().map(LabelledImage::path).toList());
    }

    @Test
    void equalRowsHaveEqualContentsUnlessTheFileHasImageHashes() throws IOException {
        good();
        put("features", DType.F32, new float[] {1, 0, 1, 0, 2, 0, 0, 1, 1, 2, 0, 3}, 6, 2);
        ImageDataset plain = load(write());
        String first = plain.train().get(0).stored().sha256();
        assertThat(plain.val().get(0).stored().sha256()).isEqualTo(first);
        assertThat(plain.test().get(0).stored().sha256()).isNotEqualTo(first);
        byte[] hashes = new byte[6 * 32];
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = (byte) i;
        }
        put("sha256", DType.U8, hashes, 6, 32);
        ImageDataset known = load(write());
        assertThat(known.train().get(0).stored().sha256()).startsWith("000102").hasSize(64);
        assertThat(known.val().get(0).stored().sha256()).startsWith("202122");
    }

    @Test
    void classesWithoutNamesHaveNumbersOrTheNamesOfAFile() throws IOException {
        good();
        metadata.clear();
        Path file = write();
        assertThat(load(file).classNames()).containsExactly("0", "1");
        Path names = Files.writeString(folder.resolve("names.csv"), "1,dog\n0,cat\n");
        assertThat(DataSpec.of(file).with().names(names).build().load(1).classNames())
                .containsExactly("cat", "dog");
    }

    @Test
    void numpysArchivesAndPyTorchsDictsAreRead() throws IOException {
        ByteBuffer labels = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer rows = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 6; i++) {
            labels.putLong(i / 3);
            rows.putFloat(SIX[2 * i]).putFloat(SIX[2 * i + 1]);
        }
        ByteBuffer split = ByteBuffer.allocate(6);
        split.put(new byte[] {0, 1, 2, 0, 1, 2});
        Path npz = folder.resolve("features.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(npz))) {
            entry(zip, "features.npy", "<f4", "(6, 2)", rows.array());
            entry(zip, "labels.npy", "<i8", "(6,)", labels.array());
            entry(zip, "split.npy", "|i1", "(6,)", split.array());
        }
        assertThat(row(load(npz).val().get(1))).containsExactly(1, 2);
        float[] columns = {1, 2, 3, 0, 1, 0, 0, 1, 0, 1, 2, 3}; // SIX, transposed
        float[] oneHot = {1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1};
        Path torch = folder.resolve("cache.pt");
        Map<String, Object> dict = new LinkedHashMap<>();
        dict.put("keys", DenseTensor.ofFloats(Shape.of(2, 6), columns));
        dict.put("values", DenseTensor.ofFloats(Shape.of(6, 2), oneHot));
        dict.put("epoch", 3L);
        TorchSave.write(torch, dict);
        List<LabelledImage> all =
                DataSpec.of(torch).with().split("34/33/33").build().load(1).test();
        assertThat(all).extracting(LabelledImage::label).containsExactly(0, 1);
        assertThat(SIX).contains(row(all.get(0)));
    }

    @Test
    void invalidFilesAreRefusedWithTheReason() throws IOException {
        good();
        put("features", DType.F32, SIX, 12);
        assertRefused("features", "[rows, width]", "got F32 [12]");
        put("features", DType.F32, new float[] {1, 0, 2, 1, 3, 0, 0, Float.NaN, 1, 2, 0, 3}, 6, 2);
        assertRefused("row 3", "NaN");
        put("features", DType.F32, new float[] {1, 0, 2, 1, 0, 0, 0, 1, 1, 2, 0, 3}, 6, 2);
        assertRefused("row 2", "zeros");
        good();
        put("labels", DType.I64, new long[] {0, 0, 0, 1, 1}, 5);
        assertRefused("labels", "[6]", "got I64 [5]");
        put("labels", DType.F32, new float[] {0, 0, 0, 1, 1, 1}, 6);
        assertRefused("labels", "integers", "got F32 [6]");
        put("labels", DType.I64, new long[] {0, 0, 0, 1, 2, 1}, 6);
        assertRefused("label 2", "row 4", "0 to 1", "2 classes");
        put("labels", DType.I64, new long[] {0, 0, 0, 1, -1, 1}, 6);
        assertRefused("label -1", "row 4");
        put("labels", DType.I64, new long[] {0, 0, 0, 0, 1, 1}, 6);
        assertRefused("1 class", "dog");
        good();
        put("split", DType.I32, new long[] {0, 1, 3, 0, 1, 2}, 6);
        assertRefused("split 3", "row 2", "0 (train)", "1 (val)", "2 (test)");
        put("split", DType.I32, new long[] {0, 0, 0, 0, 0, 0}, 6);
        assertRefused("training");
        good();
        put("sha256", DType.U8, new byte[6], 6);
        assertRefused("sha256", "[6, 32]", "got U8 [6]");
    }

    @Test
    void invalidMetadataIsRefusedWithTheReason() throws IOException {
        good();
        metadata.put("coop4j.class_names", "cat, dog");
        assertRefused("coop4j.class_names", "JSON");
        metadata.put("coop4j.class_names", "[\"cat\",null]");
        assertRefused("coop4j.class_names", "JSON");
        metadata.put("coop4j.class_names", "[\"cat\",\" \"]");
        assertRefused("is blank");
        good();
        metadata.put("coop4j.inputs", "[\"a\"]");
        assertRefused("coop4j.inputs", "1 name", "6 rows");
        metadata.remove("coop4j.inputs");
        metadata.put("coop4j.logit_scale", "warm");
        assertRefused("coop4j.logit_scale", "warm");
    }

    @Test
    void otherFilesAreRefusedWithTheirContents() throws IOException {
        put("ctx", DType.F32, new float[] {1, 2}, 2);
        assertRefused("features [images, width]");
        tensors.clear();
        put("features", DType.F32, SIX, 6, 2);
        assertRefused("labels [images]");
        metadata.put("coop4j.kind", "text");
        assertRefused("texts", "class features");
        Path torch = folder.resolve("one.pt");
        TorchSave.write(torch, DenseTensor.ofFloats(Shape.of(6, 2), SIX));
        assertThrown(Exception.class, () -> load(torch), torch.toString());
        Path hot = folder.resolve("hot.pt");
        TorchSave.write(
                hot,
                Map.of(
                        "features", DenseTensor.ofFloats(Shape.of(2, 2), new float[] {1, 0, 0, 1}),
                        "values", DenseTensor.ofFloats(Shape.of(2, 2), new float[] {1, 0, 1, 1})));
        assertThrown(Exception.class, () -> load(hot), "row 1", "one-hot");
    }

    @Test
    void featuresOfTextsMatchTheClassesOfTheData() throws IOException {
        put("features", DType.F32, new float[] {1, 0, 0, 1}, 2, 2);
        Path file = write();
        StoredFeatures texts = StoredFeatures.ofTexts(file, List.of("cat", "dog"));
        assertThat(texts.rows().matrix().row(1)).containsExactly(0, 1);
        assertThrown(
                Exception.class, () -> StoredFeatures.ofTexts(file, List.of("a", "b", "c")), "2 rows", "3 classes");
        metadata.put("coop4j.class_names", "[\"dog\",\"cat\"]");
        assertThrown(
                Exception.class, () -> StoredFeatures.ofTexts(write(), List.of("cat", "dog")), "class 0", "dog", "cat");
        metadata.put("coop4j.kind", "image");
        assertThrown(
                Exception.class,
                () -> StoredFeatures.ofTexts(write(), List.of("cat", "dog")),
                "images",
                "expected",
                "texts");
    }

    @Test
    void imagesAndTextsMustComeFromOneModel() throws IOException {
        good();
        metadata.put("coop4j.model_sha256", "aaaa");
        StoredFeatures images = load(write()).stored().orElseThrow();
        tensors.clear();
        put("features", DType.F32, new float[] {1, 0, 0, 1}, 2, 2);
        metadata.put("coop4j.model_sha256", "bbbb");
        StoredFeatures texts = StoredFeatures.ofTexts(write(), List.of("cat", "dog"));
        assertThrown(Exception.class, () -> space(images, texts), "aaaa", "bbbb");
        metadata.remove("coop4j.model_sha256"); // the models are unknown
        space(images, StoredFeatures.ofTexts(write(), List.of("cat", "dog")));
        put("features", DType.F32, new float[] {1, 0, 1, 0, 1, 1}, 2, 3);
        StoredFeatures wide = StoredFeatures.ofTexts(write(), List.of("cat", "dog"));
        assertThrown(Exception.class, () -> space(images, wide), "width 2", "width 3");
    }

    private static void space(StoredFeatures images, StoredFeatures texts) throws IOException {
        images.space(texts, List.of("cat", "dog"), null, new Workers(1)).close();
    }

    private static void entry(ZipOutputStream zip, String name, String descr, String shape, byte[] elements)
            throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(NpzFileTest.npy(descr, false, shape, elements));
    }
}
