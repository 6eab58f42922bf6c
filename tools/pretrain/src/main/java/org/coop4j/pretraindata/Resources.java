package org.coop4j.pretraindata;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.base.Resource;

/** The lists that lie beside the classes: what words mean, and what was decided by eye. */
final class Resources {
    private Resources() {}

    /** Returns a JSON object of lists of texts. */
    static Map<String, List<String>> lists(String name) {
        return json(name, new TypeReference<>() {});
    }

    /** Returns a JSON object of texts. */
    static Map<String, String> texts(String name) {
        return json(name, new TypeReference<>() {});
    }

    /** Returns the value of a JSON file. */
    static <T> T json(String name, TypeReference<T> type) {
        try {
            return new ObjectMapper().readValue(Resource.bytes(Resources.class, name), type);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the value of a JSON file of the user's. */
    static <T> T json(Path file, TypeReference<T> type) throws IOException {
        return new ObjectMapper().readValue(file.toFile(), type);
    }

    /** Returns the lines of a text, without comments from "#" on. */
    static Set<String> lines(String name) {
        return Resource.text(Resources.class, name)
                .lines()
                .map(line -> line.replaceAll("#.*", "").trim())
                .filter(line -> !line.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }
}
