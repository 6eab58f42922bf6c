package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.coop4j.cli.console.Console;
import org.coop4j.cli.options.Converters;
import org.coop4j.cli.options.PromptOptions;
import org.coop4j.clip.Clip;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.ReferenceCheckpoint;
import org.coop4j.text.SafeText;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code coop export}: writes a learned prompt as the reference's Python code keeps it. */
@Command(
        name = "export",
        description = {
            "Write a learned prompt as a checkpoint for the reference's Python code"
                    + " (prompt_learner/model.pth.tar-N).",
            "",
            "The reference's load_model(directory, epoch) reads it. The optimizer's state is empty:"
                    + " training cannot resume from it.",
            ""
        },
        footer = {"", "Example:", "  coop export -p run -o output/"})
final class ExportCommand implements Callable<Integer> {

    private final Console console;

    @Mixin private PromptOptions promptOptions;

    @Option(
            names = "--epoch",
            paramLabel = "N",
            converter = Converters.Positive.class,
            description =
                    "The epoch in the file's name (default: the epochs of its training, or 50).")
    private Integer epoch;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "DIR",
            description = "The folder in which prompt_learner is created.")
    private Path out;

    ExportCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        ClassifierFile prompt = promptOptions.read();
        try (Clip clip = promptOptions.open(prompt)) {
            Path file = ReferenceCheckpoint.write(out, clip, prompt, epoch(prompt));
            console.out().println(SafeText.line(file.toString()));
        }
        return 0;
    }

    private int epoch(ClassifierFile prompt) {
        if (epoch != null) {
            return epoch;
        }
        String trained = prompt.training().getOrDefault("epochs", "");
        return trained.matches("[1-9]\\d{0,5}") ? Integer.parseInt(trained) : 50;
    }
}
