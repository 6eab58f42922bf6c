package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;
import static org.coop4j.cli.TinyModel.MODEL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.clip.Clip;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.LearnedPrompts;
import org.coop4j.method.PromptLayout;
import org.coop4j.method.PromptLayout.ClassPosition;
import org.coop4j.run.RunFolder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InterpretCommandTest {

    private static final int WIDTH = 64;

    @TempDir
    private static Path folder;

    private static Path run;
    private static Path classSpecific;

    /** Contexts of the words' own embeddings. */
    @BeforeAll
    static void writeFiles() throws IOException {
        run = Files.createDirectory(folder.resolve("run"));
        classSpecific = folder.resolve("csc.safetensors");
        try (Clip clip = Clip.open(MODEL)) {
            int[] words = clip.tokenizer().encode("photo sky");
            float[] context = new float[2 * WIDTH];
            System.arraycopy(clip.tokenEmbedding(words[0]), 0, context, 0, WIDTH);
            System.arraycopy(clip.tokenEmbedding(words[1]), 0, context, WIDTH, WIDTH);
            String sha256 = clip.model().sha256();
            prompt(context, 2, false, sha256).write(run.resolve(RunFolder.CLASSIFIER));
            prompt(context, 1, true, sha256).write(classSpecific);
        }
    }

    private static ClassifierFile prompt(float[] context, int length, boolean classSpecific, String sha256) {
        return LearnedPrompts.file(
                context,
                WIDTH,
                new PromptLayout(length, ClassPosition.END, classSpecific),
                List.of("cat, tabby", "dog"),
                sha256);
    }

    @Test
    void theTableNamesTheWordsAndTheWarningGoesToStandardError() {
        CommandRun found = coop("interpret", "-p", run, "-m", MODEL, "-k", 2).ok();
        assertThat(found.out().lines()).hasSize(5);
        assertThat(found.out()).startsWith("VECTOR  NEAREST");
        assertThat(found.out().lines().toList().get(1)).contains("1  photo").contains("0.0000");
        assertThat(found.out().lines().toList().get(3)).contains("2  sky");
        assertThat(found.err()).contains("not the meaning");
        assertThat(coop("interpret", "-q", "-p", run, "-m", MODEL).err()).isEmpty();
    }

    @Test
    void jsonHasTokensAndDistances() throws IOException {
        CommandRun found = coop("interpret", "-p", run, "-m", MODEL, "--json", "--words");

        JsonNode json = json(found);
        assertThat(json.path("compared_tokens").asInt()).isGreaterThan(20_000).isLessThan(49_408);
        JsonNode word = json.path("nearest").path(3);
        assertThat(word.path("vector").asInt()).isEqualTo(2);
        assertThat(word.path("nearest").asText()).isEqualTo("sky");
        assertThat(word.path("symbol").asText()).isEqualTo("sky</w>");
        assertThat(word.path("distance").asDouble()).isZero();
        assertThat(json.path("nearest")).hasSize(2 * 3);
    }

    @Test
    void csvOfAClassSpecificContextNamesTheClasses() {
        CommandRun found = coop("interpret", "-p", classSpecific, "-m", MODEL, "-k", 1, "--csv");

        assertThat(found.out().lines())
                .containsExactly(
                        "class,vector,rank,token,symbol,nearest,distance",
                        "\"cat, tabby\",1,1,1125,photo</w>,photo,0.0",
                        "dog,1,1,2390,sky</w>,sky,0.0");
        assertThat(coop("interpret", "-p", classSpecific, "-m", MODEL).out()).startsWith("CLASS ");
    }

    @Test
    void anotherModelIsRefused() throws IOException {
        Path other = folder.resolve("other.safetensors");
        Files.copy(MODEL, other);
        Path narrow = TinyModel.write(folder.resolve("narrow.safetensors"), 600);

        CommandRun found = coop("interpret", "-p", run, "-m", narrow);

        found.failed(1);
        assertThat(found.out()).isEmpty();
        assertThat(found.err()).contains("learned with");
        coop("interpret", "-p", run, "-m", other).ok();
    }
}
