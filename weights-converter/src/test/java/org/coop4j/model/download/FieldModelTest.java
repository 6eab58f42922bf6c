package org.coop4j.model.download;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.ProgressRecorder;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Sha256;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.FieldModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata;
import org.coop4j.model.ModelMetadata.Publication;
import org.coop4j.model.PublishedModels;
import org.coop4j.weights.Golden;
import org.coop4j.weights.torch.TorchFile;
import org.coop4j.weights.torch.TorchSave;
import org.coop4j.weights.torch.TorchSave.DenseTensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of single fields by name, from a server on loopback with small models in the published forms. */
class FieldModelTest {

    @TempDir
    Path folder;

    @AutoClose
    private FileServer server;

    private final ProgressRecorder progress = new ProgressRecorder();

    @BeforeEach
    void start() throws IOException {
        server = new FileServer();
    }

    private Path fetch(String name, Optional<MlpActivation> activation, String accepted) throws IOException {
        return new ModelDownload(name, folder.resolve("models"), Map.of("HF_ENDPOINT", server.address()))
                .fetch(Optional.empty(), activation, Optional.ofNullable(accepted), progress);
    }

    /** Puts the files of golden folders on the server as one repository, the first of a name alone. */
    private Map<String, String> repository(String repository, String... goldens) throws IOException {
        Map<String, String> hashes = new LinkedHashMap<>();
        for (String golden : goldens) {
            try (Stream<Path> files = Files.list(Golden.path(golden))) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    String name = file.getFileName().toString();
                    if (hashes.putIfAbsent(name, Sha256.of(file)) == null) {
                        server.put("/" + repository + "/resolve/main/" + name, Files.readAllBytes(file));
                    }
                }
            }
        }
        listing(repository, hashes);
        return hashes;
    }

    private void listing(String repository, Map<String, String> files) {
        server.put(
                "/api/models/" + repository,
                files.keySet().stream()
                        .map(file -> "{\"rfilename\": \"" + file + "\"}")
                        .collect(Collectors.joining(",", "{\"siblings\": [", "]}"))
                        .getBytes(UTF_8));
    }

    /** Puts a state dict on the server as data-parallel training saves it. */
    private String checkpoint(String path, String golden) throws IOException {
        Map<String, Object> parallel = new LinkedHashMap<>();
        Path source = Golden.path(golden);
        if (golden.endsWith(".safetensors")) {
            Golden.tensors(source).forEach((name, tensor) -> parallel.put("module." + name, tensor));
        } else {
            try (TorchFile file = TorchFile.open(source)) {
                for (var entry : file.stateDict().entrySet()) {
                    if (!entry.getKey().endsWith("num_batches_tracked")) {
                        parallel.put(
                                entry.getKey(),
                                DenseTensor.ofFloats(
                                        entry.getValue().shape(),
                                        entry.getValue().floats()));
                    }
                }
            }
        }
        Path saved = folder.resolve("saved.pt");
        TorchSave.write(saved, golden.endsWith(".safetensors") ? Map.of("state_dict", parallel) : parallel);
        server.put(path, Files.readAllBytes(saved));
        return Sha256.of(saved);
    }

    /** Each name in the form in which it is published; its prompt, licence and what came are in the metadata. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "bioclip | imageomics/bioclip | vit_gelu/open_clip | {} | MIT | GELU | -",
                "bioclip-2 | imageomics/bioclip-2 | vit_gelu/open_clip | {} | MIT | GELU | -",
                "bioclip-2.5 | imageomics/bioclip-2.5-vith14 | vit_gelu/open_clip | {} | MIT | GELU | -",
                "plip | vinid/plip | vit/huggingface | an H&E image patch of {}. | none stated | QUICK_GELU | -",
                "quilt-b32 | wisdomik/QuiltNet-B-32 | vit_gelu/open_clip+vit/huggingface "
                        + "| a histopathology slide showing {}. | MIT | GELU | -",
                "quilt-b16 | wisdomik/QuiltNet-B-16 | vit_gelu/open_clip "
                        + "| a histopathology slide showing {}. | MIT | GELU | -",
                "fashion-clip | patrickjohncyh/fashion-clip | vit/huggingface | {} | MIT | QUICK_GELU | -",
                "marqo-fashionclip | Marqo/marqo-fashionCLIP | vit_gelu/open_clip | {} | Apache-2.0 | GELU | -",
                "marqo-fashionsiglip | Marqo/marqo-fashionSigLIP | siglip1/open_clip | {} | Apache-2.0 | GELU | -",
                "medsiglip | google/medsiglip-448 | siglip1/huggingface | {} "
                        + "| Health AI Developer Foundations terms, https://developers.google.com/health-ai-developer-foundations/terms | GELU_TANH | hai-def",
                "streetclip | geolocal/StreetCLIP | vit/huggingface | a Street View photo in {}. "
                        + "| CC-BY-NC-4.0, https://creativecommons.org/licenses/by-nc/4.0/ | QUICK_GELU | CC-BY-NC-4.0",
                "tinyclip-8m | wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M | vit/huggingface | - | MIT | QUICK_GELU | -",
                "hf:VINID/plip | vinid/plip | vit/huggingface | an H&E image patch of {}. "
                        + "| none stated | QUICK_GELU | -"
            })
    void aRepositoryIsConvertedWithItsPromptAndItsAccount(
            String name,
            String repository,
            String goldens,
            String template,
            String licence,
            MlpActivation activation,
            String accepted)
            throws IOException {
        Map<String, String> hashes = repository(repository, goldens.split("\\+", -1));
        try (ConvertedModel model = ConvertedModel.open(fetch(name, Optional.empty(), accepted))) {
            ModelMetadata metadata = model.metadata();
            assertThat(metadata.template()).isEqualTo(Optional.ofNullable(template));
            assertThat(metadata.activation()).isEqualTo(activation);
            Publication publication = metadata.publication().orElseThrow();
            assertThat(publication.licence()).isEqualTo(licence);
            assertThat(publication.from()).isEqualToIgnoringCase("https://huggingface.co/" + repository);
            assertThat(publication.files()).isNotEmpty().allSatisfy((file, received) -> {
                assertThat(received.etag()).isEqualTo("\"1\"");
                assertThat(received.sha256()).isEqualTo(hashes.get(file));
            });
            assertThat(publication.files().values())
                    .extracting(received -> Optional.of(received.sha256()))
                    .contains(model.source().sha256());
        }
        try (Stream<Path> left = Files.walk(folder.resolve("models"))) {
            assertThat(left.filter(Files::isRegularFile)).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "remoteclip-rn50, /chendelong/RemoteCLIP/resolve/main/RemoteCLIP-RN50.pt, resnet/state_dict_fp32.pt, ",
        "remoteclip-b32, /chendelong/RemoteCLIP/resolve/main/RemoteCLIP-ViT-B-32.pt, vit/openai_names.safetensors, ",
        "remoteclip-l14, /chendelong/RemoteCLIP/resolve/main/RemoteCLIP-ViT-L-14.pt, vit/openai_names.safetensors, ",
        "georsclip-b32, /Zilun/GeoRSCLIP/resolve/main/ckpt/RS5M_ViT-B-32.pt, vit/openai_names.safetensors, cc",
        "georsclip-l14, /Zilun/GeoRSCLIP/resolve/main/ckpt/RS5M_ViT-L-14.pt, vit/openai_names.safetensors, CC",
        "georsclip-h14, /Zilun/GeoRSCLIP/resolve/main/ckpt/RS5M_ViT-H-14.pt, vit/openai_names.safetensors, CC"
    })
    void aStateDictNeedsItsActivationBeforeAnythingIsFetched(String name, String path, String golden, String accepted)
            throws IOException {
        String sha256 = checkpoint(path, golden);
        assertThrown(InputException.class, () -> fetch(name, Optional.empty(), accepted), "gelu or quick_gelu");
        assertThat(server.requests()).isEmpty();
        assertThat(progress.notes).anyMatch(note -> note.contains("compare both"));
        try (ConvertedModel model = ConvertedModel.open(fetch(name, Optional.of(MlpActivation.QUICK_GELU), accepted))) {
            assertThat(model.activation()).isEqualTo(MlpActivation.QUICK_GELU);
            assertThat(model.metadata().template().orElseThrow()).startsWith("a satellite ");
            assertThat(model.metadata().publication().orElseThrow().files().values())
                    .singleElement()
                    .isEqualTo(new Publication.Received("\"1\"", sha256));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "streetclip, CC-BY-NC-4.0, https://creativecommons.org/licenses/by-nc/4.0/",
        "medsiglip, HAI-DEF, https://developers.google.com/health-ai-developer-foundations/terms",
        "georsclip-b32, CC, Zilun/GeoRSCLIP"
    })
    void aLicenceThatIsNotOpenIsAcceptedByNameBeforeAnythingIsFetched(String name, String licence, String terms) {
        for (String accepted : new String[] {null, "MIT"}) {
            assertThrown(InputException.class, () -> fetch(name, Optional.empty(), accepted), "licence: " + licence);
        }
        assertThat(server.requests()).isEmpty();
        assertThat(progress.notes.get(0)).contains(name).contains("licence").contains(terms);
    }

    @Test
    void aGateNamesThePageWhereTermsAreAccepted() throws IOException {
        repository("google/medsiglip-448", "siglip1/huggingface");
        server.gated = "google/medsiglip-448";
        assertThrown(
                InputException.class,
                () -> fetch("medsiglip", Optional.empty(), "HAI-DEF"),
                "access denied (401)",
                "accept its terms at " + server.address() + "/google/medsiglip-448 and set HF_TOKEN");
        assertThat(progress.notes).anyMatch(note -> note.contains("after consent"));
    }

    @Test
    void whereStartAndConfigurationDisagreeOneLineSaysSoAndTheUserDecides() throws IOException {
        repository("patrickjohncyh/fashion-clip", "vit/huggingface");
        try (ConvertedModel model = ConvertedModel.open(fetch("fashion-clip", Optional.of(MlpActivation.GELU), null))) {
            assertThat(model.activation()).isEqualTo(MlpActivation.GELU);
        }
        assertThat(progress.notes)
                .filteredOn(note -> note.startsWith("its config says QuickGELU, it was tuned from weights with GELU"))
                .hasSize(1);
        assertThat(progress.warnings).singleElement().asString().startsWith("config.json means quick_gelu");
        for (String name : List.of("bioclip", "quilt-b32", "quilt-b16", "remoteclip-b32", "georsclip-h14")) {
            assertThat(PublishedModels.ofField(name).flatMap(FieldModel::note)).isPresent();
        }
    }

    @Test
    void aFamilyNamesItsModels() {
        assertThrown(RefusedException.class, () -> ModelDownload.isName("quilt"), "quilt-b32, quilt-b16");
        assertThrown(
                RefusedException.class,
                () -> ModelDownload.isName("hf:chendelong/RemoteCLIP"),
                "remoteclip-rn50, remoteclip-b32, remoteclip-l14");
        assertThrown(RefusedException.class, () -> ModelDownload.isName("tinyclip"), "tinyclip-8m", "tinyclip-61m");
        assertThat(ModelDownload.isName("bioclip-3")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MobileCLIP-B",
                "mobileclip2-b",
                "hf:apple/MobileCLIP-S1-OpenCLIP",
                "BiomedCLIP",
                "hf:microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
                "conch",
                "hf:MahmoodLab/conchv1_5",
                "hf:wisdomik/QuiltNet-B-16-PMB",
                "quilt-b16-pmb",
                "hf:wkcn/TinyCLIP-auto-ViT-45M-32-Text-18M-LAIONYFCC400M",
                "TinyCLIP-ResNet-30M-Text-29M-LAION400M"
            })
    void whatCannotBeRunIsRefusedByNameWithAWayOut(String name) {
        assertThrown(RefusedException.class, () -> ModelDownload.isName(name), name, "cannot be used", "; take ");
    }

    @Test
    void otherNamesAreNotTakenForThem() {
        assertThat(ModelDownload.isName("hf:somebody/conchology-clip")).isTrue();
        assertThat(ModelDownload.isName("models/mobileclip.safetensors")).isFalse();
    }
}
