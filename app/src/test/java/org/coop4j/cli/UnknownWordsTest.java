package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.bank.TestPictures;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every command that is given words warns of those that the shipped model never saw. */
class UnknownWordsTest {

    private static final String WARNING =
            "coop: the model does not know a word in this name: ketch; prompts will be weak\n";

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path picture;

    @BeforeAll
    static void learn() throws IOException {
        model = ShippedModel.file(folder.resolve("model"));
        Path pictures = TestPictures.folder(folder.resolve("pictures"), 2, "red fox", "blue sea");
        TestPictures.folder(folder.resolve("others"), 2, "red fox", "ketch");
        picture = pictures.resolve("test/red fox/picture-0.png");
        CommandRun trained = coop(
                        "train -m % -d % -o % -k 1 -M 2 --epochs 1 --bank %",
                        model, pictures, folder.resolve("run"), folder.resolve("bank"))
                .ok();
        assertThat(trained.err()).doesNotContain("does not know");
    }

    static List<List<Object>> commands() {
        Path run = folder.resolve("run");
        Path bank = folder.resolve("bank");
        return List.of(
                List.of("model", model, "-c", "red fox,ketch"),
                List.of("embed", "-m", model, "--text", "ketch", "-o", folder.resolve("ketch.safetensors")),
                List.of("zero-shot", "-m", model, "-c", "red fox,ketch", picture),
                List.of("predict", "-p", run, "-c", "red fox,ketch", picture),
                List.of("eval", "-p", run, "-d", folder.resolve("others"), "--bank", bank),
                List.of("add-class -p % --name ketch -o % --bank %", run, folder.resolve("more.safetensors"), bank));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aWordThatTheModelNeverSawIsWarnedOf(List<Object> words) {
        CommandRun run = coop(words.toArray()).ok();
        assertThat(run.err()).containsOnlyOnce(WARNING);
    }

    @Test
    void classesThatWereLearnedAreWarnedOfInTrainingAlone() {
        CommandRun predicted =
                coop("predict", "-p", folder.resolve("run"), picture).ok();
        assertThat(predicted.err()).doesNotContain("does not know");
    }

    @Test
    void aModelsDescriptionListsThemAsJson() {
        CommandRun described =
                coop("model", model, "--json", "-c", "ketch,red fox,ibis").ok();
        assertThat(described.out()).contains("\"unknown_classes\" : [ \"ketch\", \"ibis\" ]");
        assertThat(coop("model", model, "--json").out()).doesNotContain("unknown_classes");
    }
}
