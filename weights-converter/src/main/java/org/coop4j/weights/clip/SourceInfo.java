package org.coop4j.weights.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.weights.WeightsException;

/**
 * Where a model's weights came from.
 *
 * @param file name of the file or folder; no path
 * @param format its format, for people
 * @param sha256 of the weight file, in hexadecimal; for shards, of the list of their hashes and
 *     names that {@code sha256sum} would print; empty for weights made here
 * @param knownAs the published model that the file is, such as {@code OpenAI ViT-B/32}
 */
public record SourceInfo(
        String file, String format, Optional<String> sha256, Optional<String> knownAs) {
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

    /** The source as a JSON object, which {@link #fromJson} reads. */
    public String toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("file", file).put("format", format);
        sha256.ifPresent(value -> json.put("sha256", value));
        knownAs.ifPresent(value -> json.put("known_as", value));
        return json.toString();
    }

    /** Reads what {@link #toJson} wrote. */
    public static SourceInfo fromJson(String json) throws WeightsException {
        JsonNode node = MetadataJson.parse(json);
        return new SourceInfo(
                node.path("file").asText(),
                node.path("format").asText(),
                Optional.ofNullable(node.path("sha256").textValue()),
                Optional.ofNullable(node.path("known_as").textValue()));
    }
}
