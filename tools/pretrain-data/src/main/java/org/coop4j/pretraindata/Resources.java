package org.coop4j.pretraindata;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The lists that lie beside the classes: what words mean, and what was decided by eye. */
final class Resources {
    private Resources() {}

    /** A JSON object of lists of texts. */
    static Map<String, List<String>> lists(String name) {
        return json(name, new TypeReference<>() {});
    }

    /** A JSON object of texts. */
    static Map<String, String> texts(String name) {
        return json(name, new TypeReference<>() {});
    }

    /** The value of a JSON file. */
    static <T> T json(String name, TypeReference<T> type) {
        try (InputStream in = open(name)) {
            return new ObjectMapper().readValue(in, type);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The lines of a text, without comments from "#" on. */
    static Set<String> lines(String name) {
        try (InputStream in = open(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceAll("#.*", "").trim())
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(String name) {
        return Resources.class.getResourceAsStream(name);
    }
}
