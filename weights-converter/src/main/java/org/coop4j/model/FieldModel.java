package org.coop4j.model;

import static org.coop4j.base.InputException.require;

import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Progress;

/**
 * A published model of one field, such as pathology, on the Hugging Face Hub. No file of any was seen here.
 *
 * @param file weights without a configuration, by their path in the repository; empty if the repository is one model
 * @param licence as far as it is known here
 * @param accept the licence that users must accept by name; empty if it is open, or none is stated
 * @param template the authors' prompt, with {@code {}} for the class name; empty for CLIP's
 * @param note what users should know before they fetch it: a gate, or doubt about its activation
 */
public record FieldModel(
        String name,
        String repository,
        Optional<String> file,
        String field,
        String maker,
        String licence,
        Optional<String> accept,
        Optional<String> template,
        Optional<String> note) {

    static FieldModel of(String name, JsonTree model) {
        return new FieldModel(
                name,
                model.text("repository"),
                model.anyText("file"),
                model.text("field"),
                model.text("maker"),
                model.text("licence"),
                model.anyText("accept"),
                model.anyText("template"),
                model.anyText("note"));
    }

    /** Returns the address of its page. */
    public String page() {
        return "https://huggingface.co/" + repository;
    }

    /**
     * Tells the user about its licence, terms and gate before it is fetched.
     *
     * @param activation given by the user
     * @param accepted the licence that the user accepts
     * @throws InputException if one of them is needed and missing
     */
    public void announce(Optional<MlpActivation> activation, Optional<String> accepted, Progress progress)
            throws InputException {
        progress.note("%s (%s) by %s; licence, as far as coop4j knows: %s; its page decides: %s; never run here"
                .formatted(name, field, maker, licence, page()));
        note.ifPresent(progress::note);
        String terms = accept.orElse("");
        require(
                terms.isEmpty() || terms.equalsIgnoreCase(accepted.orElse("")),
                "%s is not open source: read its terms and accept its licence: %s",
                name,
                terms);
        require(
                file.isEmpty() || activation.isPresent(),
                "%s has no configuration to name its activation: give gelu or quick_gelu",
                name);
    }
}
