package org.coop4j.weights.clip;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.coop4j.weights.WeightsException;

/**
 * What a converted file says of its model: the strings of its {@code __metadata__}.
 *
 * @param architecture dimensions of both towers
 * @param activation of the MLPs
 * @param preprocessing of images
 * @param source where the weights came from
 */
public record ModelMetadata(
        ClipArchitecture architecture,
        Activation activation,
        Preprocessing preprocessing,
        SourceInfo source) {
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
            throw new IllegalArgumentException(
                    "preprocessing to %d pixels for an image tower of %d"
                            .formatted(preprocessing.size(), architecture.vision().imageSize()));
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
     * @throws WeightsException when something is missing, malformed, or of a newer version
     */
    public static ModelMetadata fromMap(Map<String, String> map) throws WeightsException {
        String version = required(map, FORMAT);
        if (!version.equals(FORMAT_VERSION)) {
            throw new WeightsException(
                    "converted to format "
                            + version
                            + "; this version reads "
                            + FORMAT_VERSION
                            + ": convert the source again");
        }
        try {
            return new ModelMetadata(
                    ClipArchitecture.fromJson(required(map, ARCHITECTURE)),
                    Activation.named(required(map, ACTIVATION)),
                    Preprocessing.fromJson(required(map, PREPROCESSING)),
                    SourceInfo.fromJson(required(map, SOURCE)));
        } catch (IllegalArgumentException e) {
            throw new WeightsException("impossible metadata: " + e.getMessage(), e);
        }
    }

    private static String required(Map<String, String> map, String key) throws WeightsException {
        String value = map.get(key);
        if (value == null) {
            throw new WeightsException("the metadata lacks " + key);
        }
        return value;
    }
}
