package org.coop4j.model.convert;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.model.ClipConfig;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.PreprocessConfig;
import org.coop4j.weights.DType;
import org.coop4j.weights.Golden;
import org.coop4j.weights.HalfFloats;
import org.coop4j.weights.Shape;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.pickle.Unpickler.OrderedDict;
import org.coop4j.weights.safetensors.SafetensorsFile;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConverterTest {
    private static final Optional<MlpActivation> TOLD = Optional.empty();
    private static final Optional<MlpActivation> QUICK_GELU = Optional.of(MlpActivation.QUICK_GELU);

    @TempDir
    private Path folder;

    private Path target;

    private static ModelMetadata convert(Path source, Path target, Optional<MlpActivation> activation)
            throws IOException {
        return Converter.convert(source, target, activation, Progress.NONE);
    }

    @BeforeEach
    void nameTarget() {
        target = folder.resolve("out.safetensors");
    }

    private static Map<String, float[]> expected(String model) throws IOException {
        Map<String, float[]> tensors = new LinkedHashMap<>();
        if (model.equals("resnet")) {
            try (TorchFile file = TorchFile.open(Golden.path("resnet/state_dict_fp32.pt"))) {
                for (var entry : file.stateDict().entrySet()) {
                    if (!entry.getKey().endsWith("num_batches_tracked")) {
                        tensors.put(entry.getKey(), entry.getValue().floats());
                    }
                }
            }
        } else {
            String name = model.equals("vit")
                    ? "vit/openai_names.safetensors"
                    : "vit_gelu/open_clip/open_clip_model.safetensors";
            try (SafetensorsFile file = SafetensorsFile.open(Golden.path(name))) {
                return floats(file);
            }
        }
        return tensors;
    }

    private static Map<String, float[]> floats(SafetensorsFile file) throws IOException {
        Map<String, float[]> tensors = new LinkedHashMap<>();
        for (TensorView tensor : file.tensors()) {
            tensors.put(tensor.name(), tensor.floats());
        }
        return tensors;
    }

    private void assertSameTensors(String model) throws IOException {
        Map<String, float[]> expected = expected(model);
        try (ConvertedModel converted = ConvertedModel.open(target)) {
            Map<String, float[]> actual = floats(converted.weights());
            assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
            expected.forEach(
                    (name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
        }
    }

    /** What transformers and open_clip saved themselves; numbers have no digits of the user's language. */
    @ParameterizedTest
    @CsvSource({
        "HUGGING_FACE, vit/huggingface, model",
        "HUGGING_FACE, vit_gelu/huggingface, model",
        "OPEN_CLIP, vit_gelu/open_clip, open_clip_model"
    })
    void aModelIsWrittenWithTheNamesAndShapesOfOtherPrograms(CheckpointForm form, String source, String weights)
            throws IOException {
        convert(Golden.path(source), target, TOLD);
        Path written = folder.resolve("written");
        Locale before = Locale.getDefault(Locale.Category.FORMAT);
        Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG"));
        try (ConvertedModel model = ConvertedModel.open(target)) {
            form.write(written, model, Map.of());
        } finally {
            Locale.setDefault(Locale.Category.FORMAT, before);
        }
        String name = weights + ".safetensors";
        try (SafetensorsFile theirs = SafetensorsFile.open(Golden.path(source).resolve(name));
                SafetensorsFile ours = SafetensorsFile.open(written.resolve(name))) {
            assertThat(ours.names())
                    .containsExactlyInAnyOrderElementsOf(theirs.names().stream()
                            .filter(tensor -> !tensor.endsWith("position_ids"))
                            .toList());
            for (String tensor : ours.names()) {
                assertThat(ours.shape(tensor)).as(tensor).isEqualTo(theirs.shape(tensor));
                assertThat(ours.floats(tensor)).as(tensor).isEqualTo(theirs.floats(tensor));
            }
        }
        Path again = folder.resolve("again.safetensors");
        assertThat(convert(written, again, TOLD).architecture())
                .isEqualTo(convert(Golden.path(source), again, TOLD).architecture());
    }

    @ParameterizedTest
    @CsvFileSource(resources = "formats.txt", quoteCharacter = '\'')
    void everyFormatConvertsToTheSameTensors(
            String model, String source, MlpActivation asked, MlpActivation activation, String format)
            throws IOException {
        ModelMetadata metadata = convert(Golden.path(model + "/" + source), target, Optional.ofNullable(asked));
        assertSameTensors(model);
        assertThat(metadata.activation()).isEqualTo(activation);
        assertThat(metadata.source().format()).isEqualTo(format);
        try (ConvertedModel converted = ConvertedModel.open(target)) {
            assertThat(converted.metadata()).isEqualTo(metadata);
            ClipConfig.Vision vision = model.equals("resnet")
                    ? new ClipConfig.ResNet(64, List.of(1, 2, 1, 1), 16, 8)
                    : new ClipConfig.Vit(32, 8, 128, 2, 2, 512);
            ClipConfig.Text text = new ClipConfig.Text(77, 600, 128, 2, 2, 512);
            assertThat(converted.architecture()).isEqualTo(new ClipConfig(64, vision, text));
            assertThat(converted.preprocessing()).isEqualTo(PreprocessConfig.openAi(vision.imageSize()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vit", "resnet"})
    void halfPrecisionIsKeptAndEqualsTheRoundedSingles(String model) throws IOException {
        convert(Golden.path(model + "/state_dict_fp16.pt"), target, QUICK_GELU);
        Map<String, float[]> expected = expected(model);
        int halves = 0;
        try (ConvertedModel converted = ConvertedModel.open(target)) {
            assertThat(converted.weights().names()).hasSize(expected.size());
            for (TensorView tensor : converted.weights().tensors()) {
                float[] values = expected.get(tensor.name());
                if (tensor.dtype() == DType.F16) {
                    halves++;
                    for (int i = 0; i < values.length; i++) {
                        values[i] = HalfFloats.fromHalf(HalfFloats.toHalf(values[i]));
                    }
                }
                assertThat(tensor.floats()).as(tensor.name()).isEqualTo(values);
            }
        }
        assertThat(halves).isEqualTo(model.equals("vit") ? 40 : 139);
    }

    @Test
    void aFolderWithPytorchWeightsAloneIsConverted() throws IOException {
        Path source = copyHuggingFace("vit", "model.safetensors");
        convert(source, target, TOLD);
        assertSameTensors("vit");
    }

    /** Copies the folder without one file. */
    private Path copyHuggingFace(String model, String without) throws IOException {
        Path copy = Files.createDirectory(folder.resolve("hf"));
        try (Stream<Path> files = Files.list(Golden.path(model + "/huggingface"))) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().equals(without)) {
                    Files.copy(file, copy.resolve(file.getFileName()));
                }
            }
        }
        return copy;
    }

    @Test
    void shardsAreConvertedThroughTheirIndex() throws IOException {
        Path source = copyHuggingFace("vit_gelu", "model.safetensors");
        StringBuilder index = new StringBuilder();
        List<Map<String, DenseTensor>> shards = List.of(new LinkedHashMap<>(), new LinkedHashMap<>());
        Golden.tensors(Golden.path("vit_gelu/huggingface/model.safetensors")).forEach((name, tensor) -> {
            int shard = index.length() % 2;
            shards.get(shard).put(name, tensor);
            index.append(index.isEmpty() ? "" : ",").append("\"%s\":\"s-%d.safetensors\"".formatted(name, shard));
        });
        for (int i = 0; i < 2; i++) {
            Golden.writeSafetensors(source.resolve("s-" + i + ".safetensors"), shards.get(i));
        }
        Path indexFile = source.resolve("model.safetensors.index.json");
        Files.writeString(indexFile, "{\"metadata\":{},\"weight_map\":{" + index + "}}");
        ModelMetadata metadata = convert(source, target, TOLD);
        assertSameTensors("vit_gelu");
        assertThat(metadata.source().sha256().orElseThrow()).hasSize(64);
        Files.delete(target);
        convert(indexFile, target, Optional.of(MlpActivation.GELU));
        assertSameTensors("vit_gelu");
        Files.writeString(indexFile, Files.readString(indexFile).replace("s-0.safetensors", "../s-0.safetensors"));
        assertFails(source, TOLD, "../s-0.safetensors");
        Files.writeString(indexFile, Files.readString(indexFile).replace("../s-0.safetensors", "none"));
        assertFails(source, TOLD, "shard none");
    }

    @Test
    void aCustomTextModelOfOpenClipLosesItsPrefix() throws IOException {
        Path source = openClip(name -> name.startsWith("visual.") ? name : "text." + name, "");
        convert(source, target, TOLD);
        assertSameTensors("vit_gelu");
    }

    @Test
    void openClipsHeadWidthGivesTheHeads() throws IOException {
        Path source = openClip(Function.identity(), "\"head_width\":32,\"mlp_ratio\":4.0,");
        ModelMetadata metadata = convert(source, target, TOLD);
        assertThat(metadata.architecture().vision().heads()).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvFileSource(resources = "open-clip-fields.txt", delimiter = '|', quoteCharacter = '\'')
    void openClipFieldsThatChangeTheModelAreRefused(String field, String problem) throws IOException {
        assertFails(openClip(Function.identity(), field), TOLD, problem);
    }

    /** The golden folder with other names and one more field of the image tower. */
    private Path openClip(Function<String, String> names, String visionField) throws IOException {
        Path copy = Files.createDirectory(folder.resolve("oc"));
        Path golden = Golden.path("vit_gelu/open_clip");
        String config = Files.readString(golden.resolve("open_clip_config.json"));
        Files.writeString(
                copy.resolve("open_clip_config.json"),
                config.replace("\"vision_cfg\": {", "\"vision_cfg\": {" + visionField));
        Map<String, DenseTensor> tensors = new LinkedHashMap<>();
        Golden.tensors(golden.resolve("open_clip_model.safetensors"))
                .forEach((name, tensor) -> tensors.put(names.apply(name).replace("text.logit", "logit"), tensor));
        Golden.writeSafetensors(copy.resolve("open_clip_model.safetensors"), tensors);
        return copy;
    }

    @Test
    void textConfigDictOverridesTextConfig() throws IOException {
        Path source = copyHuggingFace("vit", "pytorch_model.bin");
        Path config = source.resolve("config.json");
        String json = Files.readString(config);
        String wrong = json.replace("\"hidden_act\": \"quick_gelu\"", "\"hidden_act\": \"gelu\"");
        String dicts =
                """
                "text_config_dict": {"hidden_act": "quick_gelu", "num_attention_heads": 4},
                "vision_config_dict": {"hidden_act": "quick_gelu"},
                "model_type\"\
                """;
        Files.writeString(config, wrong.replace("\"model_type\"", dicts));
        ModelMetadata metadata = convert(source, target, TOLD);
        assertThat(metadata.activation()).isEqualTo(MlpActivation.QUICK_GELU);
        assertThat(metadata.architecture().text().heads()).isEqualTo(4);
    }

    @Test
    void anOverrideThatLeavesTheActivationInDoubtNeedsTheOption() throws IOException {
        Path source = copyHuggingFace("vit_gelu", "none");
        Path config = source.resolve("config.json");
        String json = Files.readString(config);
        Files.writeString(
                config, json.replace("\"model_type\"", "\"text_config_dict\": {\"hidden_size\": 128}, \"model_type\""));
        assertFails(source, TOLD, "activation: give quick_gelu");
        ModelMetadata metadata = convert(source, target, Optional.of(MlpActivation.GELU));
        assertThat(metadata.activation()).isEqualTo(MlpActivation.GELU);
    }

    @ParameterizedTest
    @CsvFileSource(resources = "configurations.txt", delimiter = '|', quoteCharacter = '\'')
    void aConfigurationThatDoesNotFitIsRefused(String part, String other, String problem) throws IOException {
        Path source = copyHuggingFace("vit", "pytorch_model.bin");
        Path config = source.resolve("config.json");
        String json = Files.readString(config);
        assertThat(json).contains(part);
        Files.writeString(config, json.replace(part, other));
        assertFails(source, TOLD, problem);
    }

    @Test
    void preprocessingComesFromTheFolder() throws IOException {
        Path source = copyHuggingFace("vit", "pytorch_model.bin");
        Path file = source.resolve("preprocessor_config.json");
        String json = Files.readString(file);
        Files.writeString(
                file,
                json.replace("0.48145466", "0.5")
                        .replace("\"crop_size\": 32", "\"crop_size\": {\"height\": 32, \"width\": 32}"));
        ModelMetadata metadata = convert(source, target, TOLD);
        assertThat(metadata.preprocessing().mean()).containsExactly(0.5, 0.4578275, 0.40821073);
        Files.writeString(file, json.replace("\"crop_size\": 32", "\"crop_size\": 24"));
        assertFails(source, TOLD, "size 32 and crop_size 24");
        Files.writeString(file, json.replace("e\": 32", "e\": 48"));
        assertFails(source, TOLD, "32 pixels, got 48");
        Files.writeString(file, json.replace("\"do_resize\": true", "\"do_resize\": false"));
        assertFails(source, TOLD, "do_resize");
        Files.writeString(file, json.replace("\"resample\": 3", "\"resample\": 2"));
        assertFails(source, TOLD, "resample");
    }

    @Test
    void theActivationIsNeverGuessed() throws IOException {
        assertFails(
                Golden.path("vit/openai_names.safetensors"),
                TOLD,
                "activation: give quick_gelu (OpenAI's weights) or gelu");
        assertFails(Golden.path("vit/state_dict_fp32.pt"), TOLD, "give quick_gelu");
        Optional<MlpActivation> gelu = Optional.of(MlpActivation.GELU);
        assertFails(Golden.path("vit/torchscript.pt"), gelu, "means quick_gelu");
    }

    @ParameterizedTest
    @CsvSource({
        "vit/huggingface, GELU, config.json means quick_gelu",
        "vit_gelu/open_clip, QUICK_GELU, open_clip_config.json means gelu"
    })
    void aConfigurationIsOverruledByTheUserAloneAndNotInSilence(String source, MlpActivation given, String warning)
            throws IOException {
        ProgressRecorder progress = new ProgressRecorder();
        ModelMetadata metadata = Converter.convert(Golden.path(source), target, Optional.of(given), progress);
        assertThat(metadata.activation()).isEqualTo(given);
        assertThat(progress.warnings).singleElement().asString().startsWith(warning);
        try (ConvertedModel model = ConvertedModel.open(target)) {
            assertThat(model.activation()).isEqualTo(given);
            assertThat(model.with(convert(Golden.path(source), target, TOLD).activation())
                            .metadata())
                    .isEqualTo(convert(Golden.path(source), target, TOLD));
        }
    }

    /** Its image tower and text tower have other widths, and heads of 16 and 8 channels. */
    @Test
    void sizesOfASmallerModelAreThoseOfItsConfiguration() throws IOException {
        ClipConfig small = new ClipConfig(
                24, new ClipConfig.Vit(32, 16, 48, 3, 3, 96), new ClipConfig.Text(77, 300, 32, 4, 1, 128));
        Path random = folder.resolve("random.safetensors");
        RandomWeights.write(small, 1, random, MlpActivation.QUICK_GELU, Progress.NONE);
        Path written = folder.resolve("tiny");
        try (ConvertedModel model = ConvertedModel.open(random)) {
            CheckpointForm.HUGGING_FACE.write(written, model, Map.of());
        }
        Path config = written.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"hidden_act\": \"quick_gelu\", ", ""));
        ModelMetadata metadata = convert(written, target, TOLD);
        assertThat(metadata.architecture()).isEqualTo(small);
        assertThat(metadata.activation()).isEqualTo(MlpActivation.QUICK_GELU);
    }

    /** Marqo's, whose defaults would be the sizes of SigLIP B/16. */
    @ParameterizedTest
    @CsvSource({"siglip1, open_clip_model", "siglip1, model", "vit_gelu, open_clip_model", "vit_gelu, model"})
    void aConfigurationForCodeOfItsOwnIsNotReadAsTransformers(String model, String weights) throws IOException {
        Path copy = Files.createDirectory(folder.resolve("marqo"));
        Path golden = Golden.path(model + "/open_clip");
        try (Stream<Path> files = Files.list(golden)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                Files.copy(file, copy.resolve(name.replace("open_clip_model", weights)));
            }
        }
        Files.writeString(
                copy.resolve("config.json"),
                "{\"model_type\": \"siglip\", \"auto_map\": {\"AutoModel\": \"marqo_fashionSigLIP.MarqoFashionSigLIP\"}}");
        Path other = folder.resolve("other.safetensors");
        assertThat(convert(copy, target, TOLD).architecture())
                .isEqualTo(convert(golden, other, TOLD).architecture());
    }

    @Test
    void aModelWithCodeOfItsOwnAloneIsRefused() throws IOException {
        Path source = copyHuggingFace("vit", "pytorch_model.bin");
        Path config = source.resolve("config.json");
        Files.writeString(
                config, Files.readString(config).replace("\"model_type\"", "\"auto_map\": {}, \"model_type\""));
        assertFails(source, TOLD, "auto_map");
    }

    private void assertFails(Path source, Optional<MlpActivation> activation, String problem) throws IOException {
        Files.deleteIfExists(target);
        assertThrown(
                InputException.class,
                () -> convert(source, target, activation),
                source.getFileName().toString(),
                problem);
        assertThat(target).doesNotExist();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".tmp"));
        }
    }

    @Test
    void missingUnexpectedAndMisshapenTensorsAreNamedTogether() throws IOException {
        OrderedDict stateDict = new OrderedDict();
        stateDict.putAll(Golden.tensors(Golden.path("vit/openai_names.safetensors")));
        stateDict.remove("ln_final.bias");
        stateDict.put("visual.extra", DenseTensor.ofFloats(Shape.of(1), 0));
        stateDict.put("visual.ln_pre.weight", DenseTensor.ofFloats(Shape.of(2), 0, 0));
        stateDict.put("logit_scale", Golden.longs(Shape.of(), 1));
        Path source = folder.resolve("bad.pt");
        TorchSave.write(source, Map.of("state_dict", stateDict));
        assertFails(source, QUICK_GELU, "1 missing: ln_final.bias;");
        assertFails(source, QUICK_GELU, "1 unexpected: visual.extra;");
        assertFails(source, QUICK_GELU, "visual.ln_pre.weight (expected [128], got [2])");
        assertFails(source, QUICK_GELU, "logit_scale (expected floating-point, got I64)");
    }

    @Test
    void otherModelsAreNamedAsSuch() throws IOException {
        assertFails(Golden.path("vit/reference_checkpoint/prompt_learner/model.pth.tar-50"), QUICK_GELU, "import it");
        Path other = folder.resolve("other.pt");
        TorchSave.write(other, Map.of("fc.weight", DenseTensor.ofFloats(Shape.of(1), 0)));
        assertFails(other, QUICK_GELU, "not a CLIP model");
        TorchSave.write(other, Map.of("epoch", 3));
        assertFails(other, QUICK_GELU, "[epoch]");
    }

    @Test
    void filesThatAreNoWeightsAreNamedAsSuch() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.pt"), "Dear diary,\nnothing.");
        assertFails(text, QUICK_GELU, "text that begins \"Dear diary,\"");
        Files.write(text, new byte[0]);
        assertFails(text, QUICK_GELU, "it is empty");
        assertFails(folder.resolve("none.pt"), QUICK_GELU, "none.pt");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertFails(empty, QUICK_GELU, "neither config.json (Hugging Face)");
        Files.copy(Golden.path("vit/huggingface/config.json"), empty.resolve("config.json"));
        assertFails(empty, TOLD, "expected model.safetensors");
    }

    @Test
    void theSourceIsDescribedInTheMetadata() throws IOException {
        Path source = Golden.path("vit/torchscript.pt");
        ModelMetadata.SourceInfo info = convert(source, target, TOLD).source();
        assertThat(info.file()).isEqualTo("torchscript.pt");
        assertThat(info.format()).isEqualTo("torchscript");
        assertThat(info.sha256()).hasValue("967e3834a98ca61debf9d6d31caa62d378f5a8d46d081883d69c438728fd60df");
        assertThat(info.knownAs()).isEmpty();
        assertThat(ModelMetadata.SourceInfo.ofFile(
                                "ViT-B-32.pt",
                                "torchscript",
                                "40d365715913c9da98579312b702a82c" + "18be219cc2a73407c4526f58eba950af")
                        .knownAs())
                .hasValue("OpenAI ViT-B/32");
    }

    @Test
    void conversionIsDeterministicAndReplacesWhatWasThere() throws IOException {
        Path source = Golden.path("vit/huggingface");
        convert(source, target, TOLD);
        byte[] first = Files.readAllBytes(target);
        convert(source, target, TOLD);
        assertThat(Files.readAllBytes(target)).isEqualTo(first);
        assertThrown(
                InputException.class, () -> convert(target, target, QUICK_GELU), target.toString(), "another target");
    }

    @Test
    void aConvertedFileIsNamedAsOneAndConvertsToTheSameTensors() throws IOException {
        convert(Golden.path("resnet/torchscript.pt"), target, TOLD);
        Path again = folder.resolve("again.safetensors");
        assertThrown(InputException.class, () -> convert(target, again, TOLD), target.toString(), "converted");
        assertThat(again).doesNotExist();
        convert(target, again, QUICK_GELU);
        target = again;
        assertSameTensors("resnet");
    }

    @Test
    void progressRisesToItsTotal() throws IOException {
        ProgressRecorder progress = new ProgressRecorder();
        Converter.convert(Golden.path("vit/torchscript.pt"), target, TOLD, progress);
        assertThat(progress.tasks).singleElement().satisfies(task -> {
            assertThat(task.name).isEqualTo("converting");
            assertThat(task.done()).isPositive().isEqualTo(task.total());
        });
    }

    @Test
    void onlyConvertedFilesOpenAsModels() throws IOException {
        for (String name : List.of("vit/torchscript.pt", "vit/openai_names.safetensors", "vit/huggingface")) {
            assertThrown(
                    InputException.class,
                    () -> ConvertedModel.open(Golden.path(name)),
                    Golden.path(name).toString(),
                    "convert it first");
        }
        assertThrown(
                InputException.class,
                () -> ConvertedModel.open(folder.resolve("none")),
                folder.resolve("none").toString());
    }

    @Test
    void metadataThatDoesNotFitTheTensorsIsRefused() throws IOException {
        convert(Golden.path("vit/huggingface"), target, TOLD);
        byte[] bytes = Files.readAllBytes(target);
        String text = new String(bytes, 0, 4000, ISO_8859_1);
        for (String[] change : List.of(
                new String[] {"\\\"layers\\\":2", "\\\"layers\\\":3", "missing"},
                new String[] {
                    "\"quick_gelu\"", "\"quick_relu\"", "expected quick_gelu, gelu, gelu_tanh, swiglu or relu, got"
                },
                new String[] {"coop4j.format\":\"1\"", "coop4j.format\":\"2\"", "format 1, got 2"},
                new String[] {"coop4j.source", "coop4j.sauce!", "lacks coop4j.source"},
                new String[] {"bicubic", "bilinea", "interpolation: expected bicubic or bilinear"})) {
            int at = text.indexOf(change[0]);
            assertThat(at).as(change[0]).isPositive();
            byte[] changed = bytes.clone();
            System.arraycopy(change[1].getBytes(UTF_8), 0, changed, at, change[1].length());
            Files.write(target, changed);
            assertThrown(InputException.class, () -> ConvertedModel.open(target), change[2]);
        }
    }
}
