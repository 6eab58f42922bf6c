package org.coop4j.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.JsonTree;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Require;

/**
 * The vocabulary that a converted model holds, as the bytes of a file of SentencePiece or of Hugging Face's tokenizers,
 * and its use.
 *
 * @param file name of the file, one of {@link #FILES}
 * @param cleaning of texts before they are cut into tokens
 * @param endToken piece that follows every text; empty for none, in TIPS
 * @param padToken piece that fills up the context; empty for none
 */
public record ModelVocabulary(String file, Cleaning cleaning, String endToken, String padToken) {
    /** Name of the tensor of bytes that holds the file. */
    public static final String TENSOR = "vocabulary";

    /** Names of vocabularies in a folder; the first that is there is taken. */
    public static final List<String> FILES = List.of("spiece.model", "tokenizer.model", "tokenizer.json");

    /** The vocabulary of TIPS, which puts nothing around a text. */
    public static final ModelVocabulary TIPS = new ModelVocabulary("tokenizer.model", Cleaning.LOWER, "", "");

    /** Limit of the file's size in bytes; the largest published one, of SigLIP 2 in JSON, has 34 MB. */
    static final long LARGEST = 64 << 20;

    /** Changes of a text before it is cut into tokens. */
    public enum Cleaning {
        /** Each character in lower case by itself: SigLIP 2 and TIPS. */
        LOWER,
        /** Lower case, no ASCII punctuation, single spaces: Hugging Face's SigLIP. */
        PUNCTUATION,
        /** open_clip's {@code canonicalize}: entities resolved, then as {@link #PUNCTUATION}, with spaces for underscores. */
        CANONICALIZE,
        /** Entities resolved, single spaces: open_clip's default. */
        WHITESPACE
    }

    /** Checks that all is there. */
    public ModelVocabulary {
        Require.that(
                !file.isEmpty() && cleaning != null && endToken != null && padToken != null,
                "a vocabulary: expected file, cleaning, end_token and pad_token");
    }

    /** Reads the file in its folder. It is checked where it is used. */
    public byte[] read(Path folder) throws IOException {
        return OpenFile.read(folder.resolve(file), LARGEST);
    }

    /** Returns the cleaning that the {@code text_cfg} of open_clip names. */
    public static Cleaning cleaning(JsonTree text) {
        return Cleaning.valueOf(text.objectOrNone("tokenizer_kwargs")
                .choice("clean", "whitespace", "canonicalize")
                .toUpperCase(Locale.ROOT));
    }

    /** Returns the vocabulary of a folder of either form; empty if it has none of the files. */
    public static Optional<ModelVocabulary> of(Path folder) throws IOException {
        Path openClip = folder.resolve("open_clip_config.json");
        JsonTree config = settings(openClip);
        JsonTree model = config.has("model_cfg") ? config.object("model_cfg") : config;
        return of(
                folder,
                Files.isRegularFile(openClip)
                        ? Optional.of(cleaning(model.objectOrNone("text_cfg")))
                        : Optional.empty());
    }

    /**
     * Returns the vocabulary of a folder; empty if it has none of the files.
     *
     * @param cleaning given by the model's configuration; empty for that of Hugging Face's classes
     */
    public static Optional<ModelVocabulary> of(Path folder, Optional<Cleaning> cleaning) throws IOException {
        if (settings(folder.resolve("config.json")).anyText("model_type").equals(Optional.of("tipsv2"))) {
            return Optional.of(TIPS).filter(tips -> Files.isRegularFile(folder.resolve(tips.file)));
        }
        for (String file : FILES) {
            if (Files.isRegularFile(folder.resolve(file))) {
                JsonTree config = settings(folder.resolve("tokenizer_config.json"));
                JsonTree special = settings(folder.resolve("special_tokens_map.json"));
                boolean first = config.anyText("tokenizer_class")
                        .map("SiglipTokenizer"::equals)
                        .orElse(file.equals(FILES.get(0)));
                return Optional.of(new ModelVocabulary(
                        file,
                        cleaning.orElse(first ? Cleaning.PUNCTUATION : Cleaning.LOWER),
                        piece("eos_token", config, special).orElse(first ? "</s>" : "<eos>"),
                        piece("pad_token", config, special).orElse(first ? "</s>" : "<pad>")));
            }
        }
        return Optional.empty();
    }

    private static JsonTree settings(Path file) throws IOException {
        return Files.isRegularFile(file) ? JsonTree.read(file, json -> json) : new JsonTree("", Map.of());
    }

    private static Optional<String> piece(String name, JsonTree config, JsonTree special) {
        return config.anyText(name)
                .or(() -> config.objectOrNone(name).anyText("content"))
                .or(() -> special.anyText(name))
                .or(() -> special.objectOrNone(name).anyText("content"));
    }

    static ModelVocabulary fromJson(String json) throws IOException {
        return JsonTree.read(
                "vocabulary",
                json,
                fields -> new ModelVocabulary(
                        fields.text("file"),
                        Cleaning.valueOf(fields.text("cleaning")),
                        fields.anyText("end_token").orElse(""),
                        fields.anyText("pad_token").orElse("")));
    }
}
