package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.coop4j.base.Folders;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.method.ClassifierFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sentences about classes, from the command line to a class that is added later. */
class DescriptionsTest {

    private static final String SENTENCES =
            """
            {"red_rose": ["a flower with thorns.", "it is red."], "sky": ["clouds above."], "lawn": ["mown grass."]}
            """;

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path data;
    private static Path sentences;

    @BeforeAll
    static void make() throws IOException {
        model = TinyModel.write(folder);
        data = TestPictures.folder(folder.resolve("data"), 4, "red rose", "sky", "kite");
        sentences = Files.writeString(folder.resolve("sentences.json"), SENTENCES);
    }

    private static CommandRun train(String method, String out, Object... more) {
        return coop("train -m % -d % --method % -o %", model, data, method, folder.resolve(out), more);
    }

    private static ClassifierFile classifier(String run) throws IOException {
        return ClassifierFile.read(folder.resolve(run).resolve("classifier.safetensors"));
    }

    @Test
    void theyChangeTextFeaturesAndAreRecorded() throws IOException {
        train("prototypes", "without").ok();
        train("zero-shot", "plain").ok();
        CommandRun run =
                train("zero-shot", "described", "--descriptions", sentences).ok();
        assertThat(run.err()).contains("no description of kite", "1 name in ", "no class");
        assertThat(classifier("described").tensor("text").values())
                .isNotEqualTo(classifier("plain").tensor("text").values());
        assertThat(classifier("described").origin().entries())
                .containsEntry(
                        "descriptions", sentences.toAbsolutePath().normalize().toString())
                .containsEntry("descriptions_counts", "0 2 1")
                .containsKey("descriptions_sha256");
        assertThat(train("zero-shot", "described", "--resume").failed(1)).contains("settings have changed");
    }

    @Test
    void aClassThatIsAddedLaterLooksItselfUpInTheSameFile() throws IOException {
        Path own = Files.writeString(folder.resolve("own.json"), SENTENCES);
        train("taskres", "looked-up", "--descriptions", own, "--epochs", 1).ok();
        Path more = folder.resolve("more.safetensors");
        coop("add-class -p % --name lawn -o %", folder.resolve("looked-up"), more)
                .ok();
        float[] described =
                ClassifierFile.read(more).tensor("base_text_features").values();
        Files.writeString(own, SENTENCES.replace("mown", "green"));
        assertThat(coop("add-class -p % --name lawn -o %", folder.resolve("looked-up"), folder.resolve("no"))
                        .failed(1))
                .contains("own.json has changed");
        train("taskres", "not-described", "--epochs", 1).ok();
        Path other = folder.resolve("other.safetensors");
        coop("add-class -p % --name lawn -o %", folder.resolve("not-described"), other)
                .ok();
        assertThat(described)
                .isNotEqualTo(
                        ClassifierFile.read(other).tensor("base_text_features").values());
    }

    @ParameterizedTest
    @CsvSource({"kgcoop, true", "tcp, true", "coop, false"})
    void theyChangeTheTeacherOfMethodsThatHaveOne(String method, boolean changes) throws IOException {
        train(method, method, "--epochs", 1, "-k", 1).ok();
        train(method, method + "-described", "--epochs", 1, "-k", 1, "--descriptions", sentences)
                .ok();
        float[] with = classifier(method + "-described").tensor("ctx").values();
        assertThat(Arrays.equals(with, classifier(method).tensor("ctx").values()))
                .isNotEqualTo(changes);
    }

    @Test
    void aPlanHasThemForADataset() throws IOException {
        Path plan = folder.resolve("plan.yaml");
        String yaml =
                "datasets: [{name: with, path: data, descriptions: sentences.json}, {name: without, path: data}]\n"
                        + "methods: [zero-shot]";
        Files.writeString(plan, yaml);
        coop("sweep % -m % -o %", plan, model, folder.resolve("sweep")).ok();
        List<String> configs = new ArrayList<>();
        for (Path file : Folders.files(folder.resolve("sweep"))) {
            if (file.endsWith("config.json")) {
                configs.add(Files.readString(file));
            }
        }
        assertThat(configs)
                .hasSize(2)
                .filteredOn(config -> config.contains("sentences.json"))
                .hasSize(1);
        Files.writeString(plan, yaml.replace("sentences.json", "none.json"));
        assertThat(coop("sweep % -m % -o %", plan, model, folder.resolve("sweep2"))
                        .failed(1))
                .contains("plan.yaml, line 1", "none.json");
    }

    @Test
    void wrongFilesAreNamed() throws IOException {
        Path file = folder.resolve("wrong.json");
        for (String[] wrong : new String[][] {
            {"{\"boat\": [\"it floats.\"]}", "describes none of the classes"},
            {"{\"sky\": \"blue\"}", "sky: expected a list"},
            {"{\"sky\": [1]}", "sky.0: expected a string"},
            {"{\"sky\": [\" \"]}", "\"sky\" has a blank sentence"},
            {"{\"red rose\": [\"a\"], \"red_rose\": [\"b\"]}", "\"red rose\" is described twice"},
            {"[]", "expected a JSON object"}
        }) {
            Files.writeString(file, wrong[0]);
            assertThat(train("gda", "wrong", "--descriptions", file).failed(1)).contains("wrong.json", wrong[1]);
        }
    }
}
