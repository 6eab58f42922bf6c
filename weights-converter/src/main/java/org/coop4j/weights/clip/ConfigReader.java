package org.coop4j.weights.clip;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Set;
import org.coop4j.weights.WeightsException;

/** Reads typed fields of a configuration file, with messages that name it. */
record ConfigReader(Path file) {
    /** A whole number, or {@code missing} when the field is absent or null. */
    int integer(JsonNode object, String field, int missing) throws WeightsException {
        JsonNode value = object.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return missing;
        }
        if (!value.isInt()) {
            throw problem(field + " is " + value + ", not a whole number");
        }
        return value.intValue();
    }

    /** A whole number that must be there. */
    int integer(JsonNode object, String field) throws WeightsException {
        if (!object.hasNonNull(field)) {
            throw problem(field + " is missing");
        }
        return integer(object, field, 0);
    }

    /** A number, or {@code missing} when the field is absent or null. */
    double number(JsonNode object, String field, double missing) throws WeightsException {
        JsonNode value = object.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return missing;
        }
        if (!value.isNumber()) {
            throw problem(field + " is " + value + ", not a number");
        }
        return value.doubleValue();
    }

    /** Refuses fields that may change what the model computes in ways not known here. */
    void requireKnown(String where, JsonNode object, Set<String> known) throws WeightsException {
        for (var field : object.properties()) {
            if (!known.contains(field.getKey()) && !isOff(field.getValue())) {
                throw problem(
                        "%s.%s = %s is not supported: only CLIP's own two towers are"
                                .formatted(where, field.getKey(), field.getValue()));
            }
        }
    }

    private static boolean isOff(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isContainerNode() && value.isEmpty());
    }

    /** A failure that names the file. */
    WeightsException problem(String what) {
        return WeightsException.in(file, what);
    }
}
