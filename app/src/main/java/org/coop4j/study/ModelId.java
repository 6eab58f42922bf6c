package org.coop4j.study;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The model of a run.
 *
 * @param sha256 SHA-256 of the model file; empty if the run does not say
 * @param name for people: the published model, or the file's name
 * @param backbone as the papers name it, such as {@code RN50}, if it is a published model
 */
public record ModelId(String sha256, String name, Optional<String> backbone) {

    private static final Pattern PUBLISHED = Pattern.compile("OpenAI (\\S+)");
    private static final int SHORT = 12;

    /** A model known by its file, and perhaps by what it was converted from. */
    static ModelId of(String sha256, String file, String knownAs) {
        var matcher = PUBLISHED.matcher(knownAs);
        if (matcher.matches()) {
            return new ModelId(sha256, matcher.group(1), Optional.of(matcher.group(1)));
        }
        String name = !knownAs.isBlank() ? knownAs : file.replaceFirst("\\.safetensors$", "");
        return new ModelId(sha256, name.isBlank() ? "unknown model" : name, Optional.empty());
    }

    /** The first digits of the SHA-256, enough to tell models apart. */
    public String shortSha256() {
        return sha256.substring(0, Math.min(SHORT, sha256.length()));
    }

    /** Name and SHA-256: "RN50 (SHA-256 afeb0e10f9e5…)". */
    public String describe() {
        return sha256.isEmpty()
                ? name + " (its SHA-256 is not recorded)"
                : name + " (SHA-256 " + shortSha256() + "…)";
    }
}
