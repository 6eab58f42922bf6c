package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.Method;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** A method's name is all that a user says: one of each kind, through every command and Java; all through commands. */
class MethodEverywhereTest {

    /** Learned prompts, image features by steps and in closed form, and nothing learned. */
    static final List<String> METHODS = List.of("kgcoop", "linear-probe", "zero-shot", "clap");

    /** The others, trained for an epoch at most. */
    static final List<String> OTHERS = Method.all().stream()
            .filter(method -> method.suits(false))
            .map(Method::id)
            .filter(id -> !METHODS.contains(id))
            .toList();

    static final List<String> ALL =
            Stream.concat(METHODS.stream(), OTHERS.stream()).toList();

    private static final String[] CLASSES = {"blue sea", "green hill", "red sky"};
    private static final int EACH = 3;

    @TempDir
    private static Path folder;

    private static Path pictures;

    @BeforeAll
    static void train() throws IOException {
        pictures = TestPictures.folder(folder.resolve("pictures"), EACH, CLASSES);
        train(METHODS, "runs");
        train(OTHERS, "others", "--epochs", 1);
    }

    private static JsonNode train(List<String> methods, String out, Object... more) throws IOException {
        Path bank = folder.resolve("bank");
        String names = String.join(",", methods);
        return json(
                "train -m % -d % -k 2 --json --method % --bank % -o %",
                MODEL, pictures, names, bank, folder.resolve(out), more);
    }

    private static JsonNode json(Object... words) throws IOException {
        return CommandRun.json(coop(words));
    }

    private static Path run(String method) {
        return folder.resolve(METHODS.contains(method) ? "runs" : "others").resolve(method);
    }

    private static String title(String method) {
        return Method.of(method).title();
    }

    private static double accuracy(String method) throws IOException {
        return CommandRun.json(run(method).resolve("result.json"))
                .get("accuracy")
                .asDouble();
    }

    @ParameterizedTest
    @FieldSource("METHODS")
    void evalPredictAndJavaSayWhatTrainMeasured(String method) throws IOException {
        JsonNode evaluated =
                json("eval", "-p", run(method), "-d", pictures, "--bank", folder.resolve("bank"), "--json");
        JsonNode predicted =
                json("predict", "-p", run(method), "--precision", "float32", "--json", pictures.resolve("test"));

        assertThat(evaluated.get("accuracy").asDouble()).isEqualTo(accuracy(method), within(1e-9));
        assertThat(predicted).hasSize(EACH * CLASSES.length);
        int right = 0;
        try (ImageClassifier classifier = ImageClassifier.load(run(method))) {
            for (JsonNode image : predicted) {
                Path file = Path.of(image.get("file").asText());
                Prediction first = classifier.classify(file).get(0);
                assertThat(image.get("label").asText()).isEqualTo(first.label());
                assertThat(image.get("probability").asDouble()).isEqualTo(first.probability(), within(1e-6));
                right += file.getParent().endsWith(first.label()) ? 1 : 0;
            }
        }
        assertThat(100.0 * right / predicted.size()).isEqualTo(accuracy(method), within(1e-9));
    }

    /** A command that is not for a method says so, and is no bug. */
    @ParameterizedTest
    @FieldSource("ALL")
    void noCommandTakesAMethodForABug(String method) {
        Path bank = folder.resolve("bank");
        Path images = pictures.resolve("test/red sky");
        List<Object[]> commands = List.of(
                new Object[] {"interpret -p %", run(method)},
                new Object[] {"export -p % -o %", run(method), folder.resolve("checkpoint-" + method)},
                new Object[] {"export --onnx -p % -o %", run(method), folder.resolve(method + ".onnx")},
                new Object[] {"predict --classes cat,dog -p % %", run(method), images},
                new Object[] {"predict --raw -p % %", run(method), images},
                new Object[] {"eval --split train -p % --bank %", run(method), bank},
                new Object[] {
                    "add-class --name cat -p % --bank % -o %", run(method), bank, folder.resolve(method + "-cat")
                });
        for (Object[] command : commands) {
            CommandRun done = coop(command);
            assertThat(done.code()).as(done.err()).isBetween(0, 1);
            assertThat(done.err()).doesNotContain("internal error");
        }
        coop("compare", run(method), run("kgcoop"), "--bank", bank).ok();
    }

    @Test
    void aRunThatLearnedNoContextIsNotInterpretedAndHasNoCheckpoint() {
        assertThat(coop("interpret", "-p", run("linear-probe")).failed(1))
                .contains(title("linear-probe"), "coop, ", "kgcoop");
        assertThat(coop("export", "-p", run("clap"), "-o", folder.resolve("no-checkpoint"))
                        .failed(1))
                .contains("clap", "coop, ", "kgcoop", "ONNX");
    }

    @Test
    void aPlanThatNamesThemIsSweptToTheSameResults() throws IOException {
        Path plan = folder.resolve("plan.yaml");
        Files.writeString(plan, "datasets: pictures\nmethods: " + METHODS + "\nshots: 2\nseeds: 1\n");

        JsonNode swept = json("sweep", plan, "-m", MODEL, "-o", folder.resolve("sweep"), "--json");

        assertThat(swept)
                .filteredOn(row -> row.get("measure").asText().equals("accuracy"))
                .hasSameSizeAs(METHODS)
                .allSatisfy(row -> assertThat(row.get("value").asDouble())
                        .isEqualTo(accuracy(row.get("method").asText())));
        assertThat(swept.findValuesAsText("method")).isSubsetOf(METHODS);
    }
}
