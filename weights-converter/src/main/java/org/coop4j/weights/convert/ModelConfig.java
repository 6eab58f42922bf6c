package org.coop4j.weights.convert;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.coop4j.base.InputException;
import org.coop4j.weights.JsonTree;
import org.coop4j.weights.model.ClipConfig;
import org.coop4j.weights.model.MlpActivation;
import org.coop4j.weights.model.PreprocessConfig;

/**
 * The contents of a configuration file that comes with the weights.
 *
 * @param file its name, for messages
 * @param architecture the dimensions
 * @param activation the activation, empty if the file contradicts itself
 * @param preprocessing of images
 */
record ModelConfig(
        String file, ClipConfig architecture, Optional<MlpActivation> activation, PreprocessConfig preprocessing) {

    /** Reads a configuration from the fields of a JSON file. */
    @FunctionalInterface
    interface Reader<T> {
        T read(JsonTree json) throws IOException;
    }

    /**
     * Reads a configuration file.
     *
     * @throws InputException for what the reader refuses, with the file's name
     */
    static <T> T read(Path file, Reader<T> reader) throws IOException {
        JsonTree json = JsonTree.read(file);
        try {
            return reader.read(json);
        } catch (IllegalArgumentException e) {
            throw new InputException(file + ": " + e.getMessage(), e);
        }
    }
}
