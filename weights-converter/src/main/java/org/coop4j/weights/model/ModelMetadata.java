package org.coop4j.weights.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.base.InputException;

/**
 * What a converted file says of its model: the strings of its {@code __metadata__}.
 *
 * @param architecture dimensions of both towers
 * @param activation of the MLPs
 * @param preprocessing of images
 * @param source where the weights came from
 */
public record ModelMetadata(
        ClipConfig architecture, MlpActivation activation, PreprocessConfig preprocessing, SourceInfo source) {
    private static final String FORMAT = "coop4j.format";
    private static final String FORMAT_VERSION = "1";
    private static final String ARCHITECTURE = "coop4j.architecture";
    private static final String ACTIVATION = "coop4j.activation";
    private static final String PREPROCESSING = "coop4j.preprocessing";
    private static final String SOURCE = "coop4j.source";

    /** Checks that nothing is missing and that the image sizes agree. */
    public ModelMetadata {
        Objects.requireNonNull(architecture, "architecture");
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(preprocessing, "preprocessing");
        Objects.requireNonNull(source, "source");
        if (preprocessing.size() != architecture.vision().imageSize()) {
            throw new IllegalArgumentException("expected preprocessing to the image tower's %d pixels, got %d"
                    .formatted(architecture.vision().imageSize(), preprocessing.size()));
        }
    }

    /** The strings to write. */
    public Map<String, String> toMap() {
        Map<String, String> map = new LinkedHashMap<>();
        map.put(FORMAT, FORMAT_VERSION);
        map.put(ARCHITECTURE, architecture.toJson());
        map.put(ACTIVATION, activation.id());
        map.put(PREPROCESSING, preprocessing.toJson());
        map.put(SOURCE, source.toJson());
        return map;
    }

    /** Whether a file's metadata is that of a converted model, of whatever version. */
    static boolean isPresent(Map<String, String> map) {
        return map.containsKey(FORMAT);
    }

    /**
     * Reads what {@link #toMap} wrote.
     *
     * @throws InputException when something is missing, malformed, or of a newer version
     */
    public static ModelMetadata fromMap(Map<String, String> map) throws InputException {
        String version = required(map, FORMAT);
        if (!version.equals(FORMAT_VERSION)) {
            throw new InputException("expected a model of format %s, got %s: convert the source again"
                    .formatted(FORMAT_VERSION, version));
        }
        try {
            return new ModelMetadata(
                    ClipConfig.fromJson(required(map, ARCHITECTURE)),
                    MlpActivation.named(required(map, ACTIVATION)),
                    PreprocessConfig.fromJson(required(map, PREPROCESSING)),
                    SourceInfo.fromJson(required(map, SOURCE)));
        } catch (IllegalArgumentException e) {
            throw new InputException("impossible metadata: " + e.getMessage(), e);
        }
    }

    private static String required(Map<String, String> map, String key) throws InputException {
        String value = map.get(key);
        if (value == null) {
            throw new InputException("the metadata lacks " + key);
        }
        return value;
    }

    /**
     * Where a model's weights came from.
     *
     * @param file name of the file or folder; no path
     * @param format its format, for people
     * @param sha256 of the weight file, in hexadecimal; for shards, of the list of their hashes and
     *     names that {@code sha256sum} would print; empty for weights made here
     * @param knownAs the published model that the file is, such as {@code OpenAI ViT-B/32}
     */
    public record SourceInfo(String file, String format, Optional<String> sha256, Optional<String> knownAs) {
        /** Checks that nothing is missing. */
        public SourceInfo {
            Objects.requireNonNull(file, "file");
            Objects.requireNonNull(format, "format");
            Objects.requireNonNull(sha256, "sha256");
            Objects.requireNonNull(knownAs, "knownAs");
        }

        /** Weights that were made here rather than read, such as random ones or trained ones. */
        public static SourceInfo madeHere(String how) {
            return new SourceInfo("", how, Optional.empty(), Optional.empty());
        }

        /** Weights read from a file with this hash. */
        public static SourceInfo ofFile(String file, String format, String sha256) {
            return new SourceInfo(file, format, Optional.of(sha256), PublishedModels.knownAs(sha256));
        }

        /** The source as a JSON object, which {@link #fromJson} reads. */
        public String toJson() {
            Map<String, String> json = new LinkedHashMap<>();
            json.put("file", file);
            json.put("format", format);
            sha256.ifPresent(value -> json.put("sha256", value));
            knownAs.ifPresent(value -> json.put("known_as", value));
            return MetadataJson.write(json);
        }

        /** Reads what {@link #toJson} wrote. */
        public static SourceInfo fromJson(String json) throws InputException {
            return MetadataJson.read(
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
