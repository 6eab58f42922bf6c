package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;
import static org.coop4j.graph.host.Precision.FLOAT32;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.cli.Options.SafetensorsOut;
import org.coop4j.clip.Clip;
import org.coop4j.console.CommandFailure;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.method.PromptLayout;
import org.coop4j.method.ReferenceCheckpoint;
import org.coop4j.method.UnknownWords;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code coop import}: converts a prompt that the reference's Python code learned. */
@Command(name = "import")
final class ImportCommand extends ConsoleCommand {

    @Mixin
    ModelOptions.Needed clipOptions;

    @Mixin
    ClassOptions classOptions;

    @Option(
            names = "--method",
            defaultValue = Method.STANDARD,
            paramLabel = "NAME",
            completionCandidates = Importable.class)
    String method;

    @Option(names = "--set", paramLabel = "NAME=VALUE")
    Map<String, String> set = new LinkedHashMap<>();

    @Option(names = "--position", paramLabel = "WHERE")
    String position;

    @Mixin
    SafetensorsOut out;

    @Parameters(paramLabel = "CHECKPOINT")
    Path checkpoint;

    /** Methods whose references' checkpoints can be read. */
    static final class Importable implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return ReferenceCheckpoint.methods().iterator();
        }
    }

    @Override
    public Integer call() throws IOException {
        require(classOptions.areGiven(), "the checkpoint does not name its classes: give --classes or --classes-file");
        if (position != null) {
            set.put("position", position);
        }
        Method learnedBy = unless(() -> Method.of(method).with(set));
        List<String> classes = classOptions.read();
        try (Clip clip = clipOptions.open(Optional.of(FLOAT32))) {
            UnknownWords.warning(clip, classes).ifPresent(console::warn);
            ClassifierFile read =
                    CommandFailure.unless(() -> ReferenceCheckpoint.read(checkpoint, clip, learnedBy, classes));
            ClassifierFile prompt = read.withOrigin(read.origin()
                    .withModelFile(clip.model().path().toAbsolutePath().toString()));
            prompt.write(out.file);
            console.print("%s: %s, %s", out.file, describe(prompt), count(classes.size(), "class", "classes"));
        }
        return 0;
    }

    private static String describe(ClassifierFile prompt) {
        if (prompt.method().group() == Method.Group.TOWERS) {
            return prompt.method().title();
        }
        PromptLayout layout = PromptLayout.of(prompt);
        return "%s, %s"
                .formatted(
                        count(layout.length(), "context vector"),
                        layout.classSpecific() ? "class-specific" : "unified");
    }
}
