package org.coop4j.cli.options;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.cli.console.CommandFailure;
import org.coop4j.clip.Clip;
import org.coop4j.graph.host.Workers;
import org.coop4j.method.LearnedPrompt;
import org.coop4j.run.RunFolder;
import org.coop4j.run.TrainRun;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which learned prompt a command uses, and which model with it. */
public final class PromptOptions {

    @Option(
            names = {"-p", "--prompt"},
            required = true,
            paramLabel = "RUN|FILE",
            description = "A learned prompt, or the folder of the run that learned it.")
    private Path prompt;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "FILE",
            description =
                    "The model it was learned with (default: where it was then, or beside the"
                            + " prompt).")
    private Path model;

    @Mixin private VocabularyOption vocabulary;

    public LearnedPrompt read() throws IOException {
        return LearnedPrompt.read(file());
    }

    private Path file() throws IOException {
        if (!Files.isDirectory(prompt)) {
            return prompt;
        }
        Path inside = prompt.resolve(RunFolder.PROMPT);
        if (!Files.exists(inside)) {
            throw new CommandFailure(
                    prompt + " holds no " + RunFolder.PROMPT + ": the run has not finished");
        }
        return inside;
    }

    public Clip open(LearnedPrompt learned) throws IOException {
        Path file = model(learned);
        Clip clip = Clip.open(file, vocabulary.tokenizer(), Workers.standard());
        if (!clip.model().sha256().equals(learned.modelSha256())) {
            String other = clip.model().sha256();
            clip.close();
            throw new CommandFailure(
                    ("%s is not the model that the prompt was learned with (SHA-256 %.12s…,"
                         + " expected %.12s…): context vectors mean nothing to another model")
                            .formatted(file, other, learned.modelSha256()));
        }
        return clip;
    }

    private Path model(LearnedPrompt learned) throws IOException {
        if (model != null) {
            return ModelFile.of(model);
        }
        String recorded = learned.training().getOrDefault(TrainRun.MODEL_FILE, "");
        if (!recorded.isEmpty()) {
            Path then = Path.of(recorded);
            if (Files.exists(then)) {
                return then;
            }
            Path beside = file().toAbsolutePath().resolveSibling(then.getFileName());
            if (Files.exists(beside)) {
                return beside;
            }
        }
        throw new CommandFailure(
                "the model of this prompt is not at "
                        + (recorded.isEmpty() ? "a known place" : recorded)
                        + ": give it with --model (SHA-256 "
                        + learned.modelSha256()
                        + ")");
    }
}
