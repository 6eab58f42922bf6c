package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;
import static org.coop4j.console.WrongUsage.unless;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.clip.FeatureSpace;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.DataSpec;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import picocli.CommandLine.Option;

/** The prompts that describe the classes. */
final class TemplateOptions {

    /** Pictures of no dataset. */
    static final DataSpec PICTURES = DataSpec.of(Path.of("pictures"));

    @Option(
            names = {"-t", "--template"},
            paramLabel = "TEXT")
    List<String> templates = List.of();

    @Option(names = "--ensemble", paramLabel = "7|80")
    String ensemble;

    @Option(names = "--descriptions", paramLabel = "FILE", converter = FileName.class)
    Path descriptions;

    /** Returns the prompts for pictures of no dataset, checked. */
    PromptEnsemble prompts(FeatureSpace space) throws IOException {
        return prompts(space, PICTURES);
    }

    /** Returns the prompts, checked; features of the classes' texts have none. */
    PromptEnsemble prompts(FeatureSpace space, DataSpec data) throws IOException {
        if (space.towers().isEmpty()) {
            return PromptEnsemble.of("{}");
        }
        PromptEnsemble prompts = checked(data.promptedBy(space));
        return descriptions == null ? prompts : prompts.with(ClassDescriptions.read(descriptions));
    }

    /** Refuses wrong options before there is a model. */
    void check() {
        checked(PICTURES);
    }

    private PromptEnsemble checked(DataSpec data) {
        return unless(() -> new PromptEnsemble(chosen(data)));
    }

    private List<String> chosen(DataSpec data) {
        if (ensemble == null) {
            return templates.isEmpty() ? List.of(PromptTemplates.own(data)) : templates;
        }
        require(templates.isEmpty(), "--ensemble has its own prompts: omit --template");
        return switch (ensemble) {
            case "7" -> PromptTemplates.ensemble(data);
            case "80" -> PromptTemplates.imageNet();
            default -> throw new WrongUsage("--ensemble: expected 7 or 80, got \"" + ensemble + '"');
        };
    }
}
