package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.coop4j.base.Progress;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.ShippedModel;
import org.coop4j.console.Console;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.demo.DemoPictures;
import org.coop4j.findings.McNemar;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.FieldModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata.Publication;
import org.coop4j.model.PublishedModels;
import org.coop4j.model.convert.Converter;
import org.coop4j.weights.TensorView;
import org.coop4j.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands with models of single fields. */
class FieldModelCommandsTest {

    private static final String PROMPT = "an H&E image patch of {}.";

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path pictures;
    private static Path picture;

    @BeforeAll
    static void make() throws IOException {
        model = folder.resolve("plip.safetensors");
        Publication publication = new Publication(
                "https://huggingface.co/vinid/plip",
                "none stated",
                PROMPT,
                Map.of("model.safetensors", new Publication.Received("\"1\"", "00")));
        Converter.convert(
                TinyModel.writeBare(folder),
                model,
                Optional.of(MlpActivation.GELU),
                OptionalInt.empty(),
                Optional.of(publication),
                Progress.NONE);
        pictures = TestPictures.folder(folder.resolve("pictures"), 3, "tumour", "stroma");
        picture = pictures.resolve("test/tumour/picture-1.png");
    }

    @Test
    void theModelTellsItsPromptLicenceAndFiles() throws IOException {
        assertThat(coop("model", model).ok().out())
                .contains("https://huggingface.co/vinid/plip, licence: none stated")
                .contains(PROMPT);
        JsonNode json = json(coop("model", "--json", model));
        assertThat(json.at("/publication/files/model.safetensors/etag").asText())
                .isEqualTo("\"1\"");
        assertThat(json.path("template").asText()).isEqualTo(PROMPT);
    }

    @Test
    void theAuthorsPromptIsTheDefaultOfZeroShot() throws IOException {
        String[] classes = {"-c", "tumour,stroma", "--json"};
        JsonNode own = json(coop("zero-shot", "-m", model, classes, picture));
        assertThat(own.path("templates"))
                .singleElement()
                .extracting(JsonNode::asText)
                .isEqualTo(PROMPT);
        assertThat(json(coop("zero-shot", "-m", model, classes, "-t", PROMPT, picture))
                        .path("guesses"))
                .isEqualTo(own.path("guesses"));
        JsonNode other = json(coop("zero-shot", "-m", model, classes, "-t", "a photo of a {}.", picture));
        assertThat(other.path("guesses")).isNotEqualTo(own.path("guesses"));
        assertThat(json(coop("zero-shot", "-m", model, classes, "--ensemble", "7", picture))
                        .at("/templates/7")
                        .asText())
                .isEqualTo(PROMPT);
        JsonNode data = json(coop("zero-shot", "-m", model, "-d", pictures, "--json"));
        assertThat(data.path("templates"))
                .singleElement()
                .extracting(JsonNode::asText)
                .isEqualTo(PROMPT);
        JsonNode usual = json(coop("zero-shot", "-m", TinyModel.MODEL, classes, picture));
        assertThat(usual.path("templates").get(0).asText()).isEqualTo("a photo of a {}.");
    }

    @Test
    void theAuthorsPromptIsTheDefaultOfTraining() throws IOException {
        Path out = folder.resolve("run");
        coop("train -m % -d % --method zero-shot,gda -k 2 -o % --bank %", model, pictures, out, folder.resolve("bank"))
                .ok();
        JsonNode config = json(out.resolve("gda/config.json"));
        assertThat(config.findValuesAsText("template")).isNotEmpty().containsOnly(PROMPT);
        assertThat(config.findValue("source").path("template").asText()).isEqualTo(PROMPT);
        Path plan = folder.resolve("plan.yaml");
        Files.writeString(
                plan,
                "datasets: [%s]\nmethods: [zero-shot]\nshots: [1]\nseeds: [1]\n".formatted(pictures.getFileName()));
        Path sweep = folder.resolve("sweep");
        coop("sweep", plan, "-m", model, "-d", pictures.getParent(), "-o", sweep)
                .ok();
        try (var files = Files.walk(sweep)) {
            List<Path> configs =
                    files.filter(file -> file.endsWith("config.json")).toList();
            assertThat(configs).isNotEmpty();
            for (Path file : configs) {
                assertThat(json(file).findValue("template").asText()).isEqualTo(PROMPT);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "streetclip, 'knows: CC-BY-NC-4.0, https://creativecommons.org/', accept its licence (--accept): CC-BY-NC-4.0",
        "remoteclip-b32, knows: none stated, name its activation (--activation): give gelu or quick_gelu"
    })
    void whatIsLeftToDecideIsSaidBeforeAnyConnection(String name, String note, String problem) {
        CommandRun run = coop("download", name);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err().replaceAll("\\s+", " ")).contains("licence, as far as coop4j " + note, problem);
        assertThat(run.err()).doesNotContain("cannot be reached");
    }

    /** The shipped model as if it were of the other activation, which it bears well. */
    @Test
    void doctorComparesBothActivationsOnLabelledPictures() throws IOException {
        Path photographs = DemoPictures.unpack(folder.resolve("demo")).folder().resolve("photographs/test");
        Path wrong = folder.resolve("wrong.safetensors");
        MlpActivation own;
        MlpActivation other;
        try (ConvertedModel shipped = ConvertedModel.open(ShippedModel.cached())) {
            own = shipped.activation();
            other = own == MlpActivation.GELU ? MlpActivation.QUICK_GELU : MlpActivation.GELU;
            try (SafetensorsWriter writer = SafetensorsWriter.create(
                    wrong,
                    shipped.weights().tensors().stream().map(TensorView::spec).toList(),
                    shipped.metadata().with(other).toMap())) {
                for (TensorView tensor : shipped.weights().tensors()) {
                    tensor.forEachChunk((ByteBuffer chunk) -> writer.writeBytes(tensor.name(), chunk));
                }
                writer.commit();
            }
        }
        CommandRun run = coop("doctor", "-m", wrong, "-d", photographs);
        assertThat(run.out())
                .containsPattern("(?m)^" + own.id() + " +\\d+ of \\d+ pictures classified correctly")
                .containsPattern("(?m)^" + other.id() + " +\\d+ of \\d+ pictures classified correctly")
                .contains("advice: the difference may be chance: keep " + other.id());
    }

    @Test
    void theDocumentationHasEveryModelWithItsMakerAndLicence() throws IOException {
        List<FieldModel> all = PublishedModels.downloads().stream()
                .flatMap(name -> PublishedModels.ofField(name).stream())
                .toList();
        assertThat(all).hasSize(21);
        List<String> rows = Files.readAllLines(Path.of("../docs/models.md"));
        for (FieldModel one : all) {
            String variant = one.name().substring(one.name().lastIndexOf('-') + 1);
            assertThat(rows)
                    .anyMatch(row -> row.startsWith("|")
                            && (row.contains("`" + one.name() + "`") || row.contains("`-" + variant + "`"))
                            && row.contains(
                                    "| " + one.maker() + " | " + one.licence().replaceFirst("(,| \\(| terms).*", ""))
                            && (one.accept().isEmpty()
                                    || row.contains("`--accept " + one.accept().get() + "`")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nature", "pathology"})
    void aFieldsPageHasFiveCommandsThatParseAndFewWords(String page) throws IOException {
        String text = Files.readString(Path.of("../docs/" + page + ".md"));
        assertThat(text.split("\\s+")).hasSizeLessThanOrEqualTo(300);
        List<String> commands =
                text.lines().filter(line -> line.startsWith("coop ")).toList();
        assertThat(commands).hasSize(5);
        for (String command : commands) {
            String[] words = Pattern.compile("\"([^\"]*)\"|(\\S+)")
                    .matcher(command.substring("coop ".length()))
                    .results()
                    .map(word -> word.group(1) != null ? word.group(1) : word.group(2))
                    .toArray(String[]::new);
            assertThat(Coop.commandLine(new Console(System.out, System.err, false, 80))
                            .parseArgs(words)
                            .errors())
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "20, 5, keep gelu: it is better than quick_gelu",
        "5, 20, quick_gelu is better: download or convert the model again with --activation quick_gelu",
        "10, 15, 'the difference may be chance: keep gelu, or try more pictures'"
    })
    void doctorAdvisesTheBetterActivationUnlessItMayBeChance(int ownOnly, int otherOnly, String advice) {
        assertThat(DoctorCommand.advice(
                        new McNemar(100, ownOnly, otherOnly), MlpActivation.GELU, MlpActivation.QUICK_GELU))
                .isEqualTo(advice);
    }

    @Test
    void doctorComparesNothingWhereTheActivationIsKnownOrNothingIsLabelled() throws IOException {
        Path siglip = GoldenModels.convert("siglip1/huggingface", folder);
        assertThat(coop("doctor", "-m", siglip, "-d", pictures.resolve("test")).failed(1))
                .contains("the activation of a SigLIP is known: omit --data");
        assertThat(coop("doctor", "-m", model, "-d", picture.getParent()).failed(1))
                .contains("names no class");
    }
}
