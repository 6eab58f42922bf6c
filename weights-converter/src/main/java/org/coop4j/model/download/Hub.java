package org.coop4j.model.download;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.model.ModelVocabulary;
import org.coop4j.model.convert.WeightsFile;
import org.coop4j.model.download.Fetch.RemoteFile;

/** The files of a CLIP model in a repository of the Hugging Face Hub. */
final class Hub {

    private static final Pattern REPOSITORY = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*");
    private static final Pattern SHARD = Pattern.compile("[A-Za-z0-9_]+-\\d{5}-of-\\d{5}\\.(safetensors|bin)");
    private static final int LARGEST_LISTING = 1 << 24;

    /** In the order of preference. */
    private static final List<String> CONFIGURATIONS = List.of("open_clip_config.json", "config.json");

    private static final List<String> OPTIONAL = List.of(
            "preprocessor_config.json", "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json");

    private final Http http;
    private final URI endpoint;
    private final String repository;

    /**
     * @param repository as {@code laion/CLIP-ViT-B-32-laion2B-s34B-b79K}
     */
    Hub(Http http, URI endpoint, String repository) throws InputException {
        require(
                REPOSITORY.matcher(repository).matches(),
                "hf:%s: expected a repository such as hf:openai/clip-vit-base-patch32",
                repository);
        this.http = http;
        this.endpoint = endpoint;
        this.repository = repository;
    }

    /** Returns the files to fetch: configurations, weights in one file or in shards, and the tokenizer's. */
    List<RemoteFile> files() throws IOException {
        Set<String> names = listing();
        List<String> wanted = new ArrayList<>();
        CONFIGURATIONS.stream().filter(names::contains).forEach(wanted::add);
        require(
                !wanted.isEmpty(),
                "hf:%s has neither %s: not a model that coop4j can convert",
                repository,
                String.join(" nor ", CONFIGURATIONS));
        wanted.addAll(weights(names));
        OPTIONAL.stream().filter(names::contains).forEach(wanted::add);
        ModelVocabulary.FILES.stream()
                .filter(file -> names.contains(file) && !names.contains("merges.txt"))
                .findFirst()
                .ifPresent(wanted::add);
        return wanted.stream()
                .map(name -> new RemoteFile(address(name), name, Optional.empty()))
                .toList();
    }

    private List<String> weights(Set<String> names) throws InputException {
        List<String> known = Stream.concat(WeightsFile.OPEN_CLIP.stream(), WeightsFile.HUGGING_FACE.stream())
                .toList();
        String first = known.stream()
                .filter(names::contains)
                .findFirst()
                .orElseThrow(() -> new InputException(
                        "hf:%s has no weights: expected one of %s".formatted(repository, String.join(", ", known))));
        List<String> wanted = new ArrayList<>(List.of(first));
        if (first.endsWith(".index.json")) {
            String stem = first.replaceFirst("\\.\\w+\\.index\\.json$", "-");
            names.stream()
                    .filter(n -> n.startsWith(stem) && SHARD.matcher(n).matches())
                    .forEach(wanted::add);
        }
        return wanted;
    }

    private Set<String> listing() throws IOException {
        URI address = endpoint.resolve("/api/models/" + repository);
        byte[] bytes;
        try (InputStream body =
                http.get(address, 0, Optional.empty()).connection().getInputStream()) {
            bytes = body.readNBytes(LARGEST_LISTING);
        }
        Set<String> names = new TreeSet<>();
        try {
            for (JsonNode file : new ObjectMapper().readTree(bytes).path("siblings")) {
                names.add(file.path("rfilename").asText());
            }
        } catch (JacksonException e) {
            throw new InputException(address + ": the answer is not JSON", e);
        }
        return names;
    }

    private URI address(String name) {
        return endpoint.resolve("/" + repository + "/resolve/main/" + name);
    }
}
