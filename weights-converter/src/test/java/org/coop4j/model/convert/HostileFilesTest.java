package org.coop4j.model.convert;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.weights.Golden;
import org.coop4j.weights.Shape;
import org.coop4j.weights.pickle.PickleBytes;
import org.coop4j.weights.pickle.Unpickler.OrderedDict;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.coop4j.weights.torch.TorchZip;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files are told by their content. Damaged ones end in the module's own exception or in a whole file, whatever the
 * damage, and leave nothing half done.
 */
class HostileFilesTest {
    private static final Optional<MlpActivation> QUICK_GELU = Optional.of(MlpActivation.QUICK_GELU);

    @TempDir
    private Path folder;

    private Path damaged;
    private Path target;

    private static ModelMetadata convert(Path source, Path target, Optional<MlpActivation> activation)
            throws IOException {
        return Converter.convert(source, target, activation, Progress.NONE);
    }

    @BeforeEach
    void nameFiles() {
        damaged = folder.resolve("damaged.pt");
        target = folder.resolve("out.safetensors");
    }

    /** Converts; true when that succeeded. Any exception but the module's own fails the test. */
    private boolean converts() throws IOException {
        Files.deleteIfExists(target);
        boolean converted;
        try {
            convert(damaged, target, QUICK_GELU);
            ConvertedModel.open(target).close();
            converted = true;
        } catch (InputException e) {
            assertThat(e).hasMessageContaining("damaged.pt");
            assertThat(target).doesNotExist();
            converted = false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).hasSize(converted ? 2 : 1);
        }
        return converted;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vit/torchscript.pt",
                "vit/state_dict_fp16.pt",
                "vit/state_dict_legacy.pt",
                "vit/openai_names.safetensors",
                "vit/huggingface/pytorch_model.bin",
                "vit/huggingface/model.safetensors",
                "resnet/state_dict_fp32.pt"
            })
    void aTruncatedFileIsRefused(String name) throws IOException {
        byte[] whole = Files.readAllBytes(Golden.path(name));
        int[] ends = {0, 1, 2, 4, 8, 9, 30, 1000, whole.length / 2, whole.length - 22};
        for (int end : ends) {
            Files.write(damaged, Arrays.copyOf(whole, end));
            assertThat(converts()).as("%s cut to %d bytes", name, end).isFalse();
        }
        Files.write(damaged, Arrays.copyOf(whole, whole.length - 1));
        assertThat(converts()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit/torchscript.pt", "vit/state_dict_fp16.pt"})
    void aBitFlippedInATensorOfAZipIsFound(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(Golden.path(name));
        bytes[bytes.length / 2] ^= 0x10;
        Files.write(damaged, bytes);
        assertThat(converts()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vit/torchscript.pt",
                "vit/state_dict_fp32.pt",
                "vit/state_dict_legacy.pt",
                "vit/openai_names.safetensors",
            })
    void bitsFlippedAtBothEndsOfAFileDoNoHarm(String name) throws IOException {
        byte[] whole = Files.readAllBytes(Golden.path(name));
        Random random = new Random(name.hashCode());
        for (int i = 0; i < 20; i++) {
            byte[] bytes = whole.clone();
            // Headers, pickles and directories lie there; the middle is nothing but numbers.
            int at = random.nextInt(12_000);
            bytes[i % 2 == 0 ? at : bytes.length - 1 - at] ^= (byte) (1 << random.nextInt(8));
            Files.write(damaged, bytes);
            converts();
        }
    }

    @Test
    void anyByteOfASmallFileMayBeAnything() throws IOException {
        OrderedDict stateDict = new OrderedDict();
        stateDict.put("a.weight", DenseTensor.ofFloats(Shape.of(2, 2), 1, 2, 3, 4));
        stateDict.put("count", Golden.longs(Shape.of(), 5));
        TorchSave.write(damaged, stateDict);
        byte[] torch = Files.readAllBytes(damaged);
        assertThat(readsEverything()).isTrue();
        Golden.writeSafetensors(damaged, Map.of("a", DenseTensor.ofFloats(Shape.of(2, 2), 1, 2, 3, 4)));
        byte[] safetensors = Files.readAllBytes(damaged);
        assertThat(readsEverything()).isTrue();
        Random random = new Random(1);
        for (byte[] whole : new byte[][] {torch, safetensors, legacy()}) {
            int refused = 0;
            Files.write(damaged, whole);
            for (int i = 0; i < 1_000; i++) {
                byte[] bytes = whole.clone();
                for (int n = 1 + random.nextInt(3); n > 0; n--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
                // Over the old bytes: truncating a file makes some file systems flush it.
                Files.write(damaged, bytes, StandardOpenOption.WRITE);
                refused += readsEverything() ? 0 : 1;
            }
            assertThat(refused).isBetween(150, 1_000);
        }
    }

    /** The golden file without its tensors' elements, whose pickles alone are of interest here. */
    private static byte[] legacy() throws IOException {
        byte[] whole = Files.readAllBytes(Golden.path("vit/state_dict_legacy.pt"));
        return Arrays.copyOf(whole, 12_000);
    }

    private boolean readsEverything() throws IOException {
        try (WeightsFile checkpoint = WeightsFile.open(damaged)) {
            for (var tensor : checkpoint.tensors().values()) {
                if (tensor.dtype().isFloat()) {
                    tensor.floats();
                } else {
                    tensor.longs();
                }
            }
            return true;
        } catch (InputException e) {
            assertThat(e.getMessage()).isNotBlank();
            return false;
        }
    }

    @Test
    void controlSequencesInNamesDoNotReachTheMessage() throws IOException {
        OrderedDict stateDict = new OrderedDict();
        stateDict.put("\u001b[2Jvisual.proj", DenseTensor.ofFloats(Shape.of(1), 0));
        TorchSave.write(damaged, Map.of("\u001b[31m" + "x".repeat(10_000), stateDict));
        assertThatThrownBy(() -> convert(damaged, target, QUICK_GELU))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("?[31mxxx")
                .satisfies(e -> assertThat(e.getMessage().length()).isLessThan(4_100));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPickleThatCallsSystemConvertsToNothingAndRunsNothing(boolean zip) throws IOException {
        Path evidence = folder.resolve("evidence");
        byte[] pickle = PickleBytes.protocol2()
                .global("os", "system")
                .op('(')
                .text("touch " + evidence)
                .op('t', 'R')
                .stop();
        if (zip) {
            new TorchZip().store("data.pkl", pickle).write(damaged);
        } else {
            // magic number, protocol and system before the object, no keys after it
            String before = "80028a0a6cfc9c46f9206aa850192e" + "80024de9032e" + "80027d2e";
            Files.write(damaged, HexFormat.of().parseHex(before + HexFormat.of().formatHex(pickle) + "80025d2e"));
        }
        assertThrown(InputException.class, () -> convert(damaged, target, QUICK_GELU), "os.system");
        assertThat(evidence).doesNotExist();
        assertThat(target).doesNotExist();
    }

    /** The length of such headers has the first bytes of a pickle: 0x80 and a version. */
    @ParameterizedTest
    @ValueSource(ints = {0x180, 0x280, 0x380, 0x480, 0x580})
    void aSafetensorsFileIsOneWhateverTheLengthOfItsHeader(int length) throws IOException {
        String json = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
        ByteBuffer bytes = ByteBuffer.allocate(8 + length + 1).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(length).put((json + " ".repeat(length - json.length())).getBytes(UTF_8));
        Path file = Files.write(folder.resolve("a.safetensors"), bytes.array());
        try (WeightsFile weights = WeightsFile.open(file)) {
            assertThat(weights.format()).isEqualTo("safetensors");
        }
    }

    @Test
    void anIndexWithoutAMapIsRefused() throws IOException {
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(index, "{\"weight_map\":{}}");
        assertThrown(InputException.class, () -> WeightsFile.open(index), "no weight_map");
        Files.writeString(index, "{\"weight_map\":{\"a\":1}}");
        assertThrown(InputException.class, () -> WeightsFile.open(index), "names a shard");
    }
}
