package org.coop4j.cli;

import static org.coop4j.console.WrongUsage.require;

import java.util.List;
import java.util.Optional;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.DataSpec;
import org.coop4j.method.PromptEnsemble;
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

    /**
     * Returns the prompts, checked.
     *
     * @param data the dataset, if the images are those of one
     */
    PromptEnsemble prompts(Optional<DataSpec> data) {
        return WrongUsage.unless(() -> new PromptEnsemble(chosen(data)));
    }

    private List<String> chosen(Optional<DataSpec> data) {
        if (ensemble == null) {
            return templates.isEmpty()
                    ? List.of(data.map(PromptTemplates::own).orElse(PromptTemplates.PHOTO))
                    : templates;
        }
        require(templates.isEmpty(), "--ensemble has its own prompts: omit --template");
        return switch (ensemble) {
            case "7" ->
                data.map(PromptTemplates::ensemble).orElseGet(() -> PromptTemplates.ensemble(PromptTemplates.PHOTO));
            case "80" -> PromptTemplates.imageNet();
            default -> throw new WrongUsage("--ensemble: expected 7 or 80, got \"" + ensemble + '"');
        };
    }
}
