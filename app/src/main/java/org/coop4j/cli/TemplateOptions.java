package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.DataSpec;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.PromptEnsemble.ClassDescriptions;
import org.coop4j.method.PromptEnsemble.PromptTemplates;
import picocli.CommandLine.Option;

/** The prompts that describe the classes. */
final class TemplateOptions {

    @Option(
            names = {"-t", "--template"},
            paramLabel = "TEXT")
    List<String> templates = List.of();

    @Option(names = "--ensemble", paramLabel = "7|80")
    String ensemble;

    @Option(names = "--descriptions", paramLabel = "FILE", converter = FileName.class)
    Path descriptions;

    /**
     * Returns the prompts, checked.
     *
     * @param data the dataset, if the images come from one
     * @param authors the prompt of the model's authors, if they have one
     */
    PromptEnsemble prompts(Optional<DataSpec> data, Optional<String> authors) throws IOException {
        PromptEnsemble prompts = WrongUsage.unless(() -> new PromptEnsemble(
                chosen(data.map(spec -> spec.promptedBy(authors)), authors.orElse(PromptTemplates.PHOTO))));
        return descriptions == null ? prompts : prompts.with(ClassDescriptions.read(descriptions));
    }

    private List<String> chosen(Optional<DataSpec> data, String otherwise) {
        if (ensemble == null) {
            return templates.isEmpty() ? List.of(data.map(PromptTemplates::own).orElse(otherwise)) : templates;
        }
        require(templates.isEmpty(), "--ensemble has its own prompts: omit --template");
        return switch (ensemble) {
            case "7" -> data.map(PromptTemplates::ensemble).orElseGet(() -> PromptTemplates.ensemble(otherwise));
            case "80" -> PromptTemplates.imageNet();
            default -> throw new WrongUsage("--ensemble: expected 7 or 80, got \"" + ensemble + '"');
        };
    }
}
