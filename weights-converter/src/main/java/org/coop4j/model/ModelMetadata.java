package org.coop4j.model;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.base.JsonTree;
import org.coop4j.base.Require;

/**
 * The description of a model in a converted file: the strings of its {@code __metadata__}.
 *
 * @param architecture dimensions of both towers
 * @param activation of the image tower's MLPs
 * @param textActivation of the text tower's MLPs, the same but in some files of SigLIP
 * @param preprocessing of images
 * @param vocabulary the vocabulary that the file holds; empty for CLIP's own, or a SigLIP without one
 * @param source origin of the weights
 * @param publication the download that the weights came by; empty for files of the user, and of OpenAI and Meta
 */
public record ModelMetadata(
        ClipConfig architecture,
        MlpActivation activation,
        MlpActivation textActivation,
        PreprocessConfig preprocessing,
        Optional<ModelVocabulary> vocabulary,
        SourceInfo source,
        Optional<Publication> publication) {
    private static final String FORMAT = "coop4j.format";
    private static final String FORMAT_VERSION = "1";
    private static final String ARCHITECTURE = "coop4j.architecture";
    private static final String ACTIVATION = "coop4j.activation";
    private static final String TEXT_ACTIVATION = "coop4j.text_activation";
    private static final String VOCABULARY = "coop4j.vocabulary";
    private static final String PREPROCESSING = "coop4j.preprocessing";
    private static final String SOURCE = "coop4j.source";
    private static final String PUBLICATION = "coop4j.publication";

    /** A model with CLIP's vocabulary or none, and one activation, but for TIPS's text tower. */
    public ModelMetadata(
            ClipConfig architecture, MlpActivation activation, PreprocessConfig preprocessing, SourceInfo source) {
        this(
                architecture,
                activation,
                architecture.family() == ClipConfig.Family.TIPS ? MlpActivation.RELU : activation,
                preprocessing,
                Optional.empty(),
                source,
                Optional.empty());
    }

    /** Checks that the image sizes agree, and that the activations are those of the family. */
    public ModelMetadata {
        int imageSize = architecture.vision().imageSize();
        Require.that(
                preprocessing.size() == imageSize,
                "expected preprocessing to the image tower's %d pixels, got %d",
                imageSize,
                preprocessing.size());
        ClipConfig.Family family = architecture.family();
        Require.that(
                family != ClipConfig.Family.PE_CORE || activation == MlpActivation.GELU,
                "expected activation gelu of a Perception Encoder, got %s",
                activation.id());
        List<MlpActivation> of = List.of(activation, textActivation);
        boolean right =
                switch (family) {
                    case SIGLIP ->
                        List.of(MlpActivation.GELU, MlpActivation.GELU_TANH).containsAll(of);
                    case TIPS -> of.equals(List.of(MlpActivation.published(architecture), MlpActivation.RELU));
                    default ->
                        textActivation == activation
                                && List.of(MlpActivation.QUICK_GELU, MlpActivation.GELU)
                                        .contains(activation);
                };
        Require.that(
                right,
                "expected %s, got activations %s and %s",
                switch (family) {
                    case SIGLIP -> "activations gelu_tanh or gelu of SigLIP";
                    case TIPS ->
                        "activations %s and relu of TIPS"
                                .formatted(MlpActivation.published(architecture).id());
                    default -> "one activation of both towers, quick_gelu or gelu";
                },
                activation.id(),
                textActivation.id());
        Require.that(
                vocabulary.isEmpty() || vocabulary.get().endToken().isEmpty() == (family == ClipConfig.Family.TIPS),
                "a vocabulary: expected an end token, but none in TIPS");
    }

    /** Returns the same model with another activation of both towers, as if its source had named that. */
    public ModelMetadata with(MlpActivation other) {
        return new ModelMetadata(architecture, other, other, preprocessing, vocabulary, source, publication);
    }

    /** Returns the prompt that the model's authors use, with {@code {}} for the class name; empty for CLIP's. */
    public Optional<String> template() {
        return publication.map(Publication::template).filter(text -> !text.isEmpty());
    }

    /** Returns the strings to write. */
    public Map<String, String> toMap() {
        Map<String, String> map = new LinkedHashMap<>();
        map.put(FORMAT, FORMAT_VERSION);
        map.put(ARCHITECTURE, architecture.toJson());
        map.put(ACTIVATION, activation.id());
        if (textActivation != activation) {
            map.put(TEXT_ACTIVATION, textActivation.id());
        }
        vocabulary.ifPresent(own -> map.put(VOCABULARY, json(own)));
        map.put(PREPROCESSING, preprocessing.toJson());
        map.put(SOURCE, source.toJson());
        publication.ifPresent(known -> map.put(PUBLICATION, json(known)));
        return map;
    }

    /** Returns true if this is the metadata of a converted model, of any version. */
    public static boolean isPresent(Map<String, String> map) {
        return map.containsKey(FORMAT);
    }

    /**
     * Reads what {@link #toMap} returned.
     *
     * @throws InputException if something is missing, malformed, or of another version
     */
    public static ModelMetadata fromMap(Map<String, String> map) throws IOException {
        String version = required(map, FORMAT);
        require(
                version.equals(FORMAT_VERSION),
                "expected a model of format %s, got %s: convert the source again",
                FORMAT_VERSION,
                version);
        try {
            MlpActivation activation = MlpActivation.named(required(map, ACTIVATION));
            String text = map.get(TEXT_ACTIVATION);
            String vocabulary = map.get(VOCABULARY);
            String publication = map.get(PUBLICATION);
            return new ModelMetadata(
                    ClipConfig.fromJson(required(map, ARCHITECTURE)),
                    activation,
                    text == null ? activation : MlpActivation.named(text),
                    PreprocessConfig.fromJson(required(map, PREPROCESSING)),
                    vocabulary == null ? Optional.empty() : Optional.of(ModelVocabulary.fromJson(vocabulary)),
                    SourceInfo.fromJson(required(map, SOURCE)),
                    publication == null
                            ? Optional.empty()
                            : Optional.of(JsonTree.read(PUBLICATION, publication, Publication::of)));
        } catch (IllegalArgumentException e) {
            throw new InputException("impossible metadata: " + e.getMessage(), e);
        }
    }

    private static String required(Map<String, String> map, String key) throws InputException {
        String value = map.get(key);
        require(value != null, "the metadata lacks %s", key);
        return value;
    }

    /** Returns a record as JSON, fields in snake case. Readers ignore unknown fields: a later version may add some. */
    static String json(Object value) {
        return JsonMapper.builder()
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .build()
                .valueToTree(value)
                .toString();
    }

    /**
     * The download of a model.
     *
     * @param from address of its page
     * @param licence as far as it was known; may be empty
     * @param template the authors' prompt, with {@code {}} for the class name; empty for CLIP's
     * @param files what was received, by name
     */
    public record Publication(String from, String licence, String template, Map<String, Received> files) {
        /**
         * A file as it was received.
         *
         * @param etag the server's; empty if it sent none that identifies the bytes
         * @param sha256 of its bytes, in hexadecimal
         */
        public record Received(String etag, String sha256) {}

        /** Checks that a prompt has a place for the name. */
        public Publication {
            Require.that(
                    template.isEmpty() || template.contains("{}"),
                    "template: expected {} for the class name, got \"%s\"",
                    template);
        }

        private static Publication of(JsonTree known) {
            Map<String, Received> files = new LinkedHashMap<>();
            JsonTree all = known.object("files");
            for (Object name : all.fields().keySet()) {
                JsonTree file = all.object((String) name);
                files.put((String) name, new Received(file.text("etag"), file.text("sha256")));
            }
            return new Publication(known.text("from"), known.text("licence"), known.text("template"), files);
        }
    }

    /**
     * Origin of a model's weights.
     *
     * @param file name of the file or folder, without its path
     * @param format its format, for reports
     * @param sha256 of the weight file, in hexadecimal; for shards, of the list of their hashes and names that {@code
     *     sha256sum} prints; empty for weights made by this program
     * @param knownAs the published model that the file is, such as {@code OpenAI ViT-B/32}
     */
    public record SourceInfo(String file, String format, Optional<String> sha256, Optional<String> knownAs) {

        /** Returns the origin of weights made by this program, such as random or trained ones. */
        public static SourceInfo madeHere(String how) {
            return new SourceInfo("", how, Optional.empty(), Optional.empty());
        }

        /** Returns the origin of weights from a file with this hash. */
        public static SourceInfo ofFile(String file, String format, String sha256) {
            return new SourceInfo(file, format, Optional.of(sha256), PublishedModels.knownAs(sha256));
        }

        /** Returns the origin as a JSON object, which {@link #fromJson} reads. */
        public String toJson() {
            Map<String, String> json = new LinkedHashMap<>();
            json.put("file", file);
            json.put("format", format);
            sha256.ifPresent(value -> json.put("sha256", value));
            knownAs.ifPresent(value -> json.put("known_as", value));
            return json(json);
        }

        /** Reads what {@link #toJson} returned. */
        public static SourceInfo fromJson(String json) throws IOException {
            return JsonTree.read(
                    "source",
                    json,
                    fields -> new SourceInfo(
                            fields.anyText("file").orElse(""),
                            fields.anyText("format").orElse(""),
                            fields.anyText("sha256"),
                            fields.anyText("known_as")));
        }
    }
}
