package org.coop4j.model.download;

import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.base.RefusedException;
import org.coop4j.model.FieldModel;
import org.coop4j.model.MlpActivation;
import org.coop4j.model.ModelMetadata.Publication;
import org.coop4j.model.ModelMetadata.Publication.Received;
import org.coop4j.model.PublishedModels;
import org.coop4j.model.convert.Converter;
import org.coop4j.model.download.Fetch.RemoteFile;

/**
 * Fetches a model by its name, converts it, and keeps the converted file.
 *
 * <p>A name is one of OpenAI's ({@code ViT-B/32}), Meta's ({@code PE-Core-B16-224}) or Google's ({@code
 * siglip2-base-patch16-224}, or open_clip's {@code ViT-B-16-SigLIP2}), that of a model of one field ({@code
 * bioclip}), a repository of the Hugging Face Hub ({@code hf:OWNER/NAME}), or the address of a checkpoint.
 *
 * @param name of the model
 * @param models the folder of converted models
 * @param environment with the variables HF_ENDPOINT, HF_TOKEN, HTTPS_PROXY, HTTP_PROXY and NO_PROXY
 * @param patience longest wait for the next byte
 * @param mostBytes largest file whose length the server does not declare
 */
public record ModelDownload(
        String name, Path models, Map<String, String> environment, Duration patience, long mostBytes) {

    private static final String HUB = "hf:";
    private static final URI HUGGING_FACE = URI.create("https://huggingface.co");
    private static final String OPENAI = "https://openaipublic.azureedge.net/clip/models/";

    /** A download with 30 seconds of patience, of files up to 64 GiB. */
    public ModelDownload(String name, Path models, Map<String, String> environment) {
        this(name, models, environment, Duration.ofSeconds(30), 64L << 30);
    }

    /**
     * Returns true if this is the name of a model to download rather than of a file.
     *
     * @throws RefusedException if it means several models, or one that cannot be used
     */
    public static boolean isName(String name) {
        return PublishedModels.ofField(name).isPresent()
                || PublishedModels.sha256(name).isPresent()
                || PublishedModels.repository(name).isPresent()
                || name.startsWith(HUB)
                || isUrl(name);
    }

    /** Returns the repository of the Hub that the name means, if it means one. */
    private Optional<String> repository() {
        return name.startsWith(HUB) ? Optional.of(name.substring(HUB.length())) : PublishedModels.repository(name);
    }

    private static boolean isUrl(String name) {
        return name.startsWith("https://") || name.startsWith("http://");
    }

    /** Returns the path of the converted model, which need not exist. */
    public Path converted() {
        return models.resolve(fileName() + ".safetensors");
    }

    private String fileName() {
        String plain = isUrl(name)
                ? name.substring(name.indexOf("//") + 2)
                : name.startsWith(HUB)
                        ? name.replace("/", "--")
                        : name; // as the Hub's own cache; no name there has "--"
        return plain.replaceAll("[^A-Za-z0-9._-]+", "-");
    }

    /**
     * Fetches and converts the model. The fetched files are removed after the conversion.
     *
     * @param mirror an address of OpenAI's or Meta's file to use instead of their own
     * @param activation the model's activation if its source does not name it, or names it wrongly
     * @param accepted the licence that the user accepts, which some models need
     * @throws InputException if it is unavailable, or a licence or activation is missing
     */
    public Path fetch(
            Optional<URI> mirror, Optional<MlpActivation> activation, Optional<String> accepted, Progress progress)
            throws IOException {
        Optional<FieldModel> field = PublishedModels.ofField(name);
        if (field.isPresent()) {
            field.get().announce(activation, accepted, progress);
        } else {
            PublishedModels.licence(name).ifPresent(licence -> progress.note("licence of " + name + ": " + licence));
        }
        Path folder = models.resolve("downloads").resolve(fileName());
        URI endpoint = endpoint();
        Http http = new Http(endpoint, environment, patience);
        List<RemoteFile> files = files(http, endpoint, mirror, field);
        Files.createDirectories(folder);
        Fetch fetch = new Fetch(http, folder, mostBytes, progress);
        Map<String, Received> received = new LinkedHashMap<>();
        for (RemoteFile file : files) {
            fetch.fetch(file);
            if (field.isPresent()) {
                received.put(file.name(), fetch.received(file));
            }
        }
        Path source = files.size() > 1 ? folder : folder.resolve(files.get(0).name());
        Optional<Publication> publication = field.map(known ->
                new Publication(known.page(), known.licence(), known.template().orElse(""), received));
        Converter.convert(source, converted(), activation, OptionalInt.empty(), publication, progress);
        removeOurs(fetch, files);
        return converted();
    }

    private List<RemoteFile> files(Http http, URI endpoint, Optional<URI> mirror, Optional<FieldModel> field)
            throws IOException {
        Optional<String> checkpoint = field.flatMap(FieldModel::file);
        if (checkpoint.isPresent()) {
            URI address = endpoint.resolve("/" + field.get().repository() + "/resolve/main/" + checkpoint.get());
            return List.of(new RemoteFile(address, checkpoint.get().replaceFirst(".*/", ""), Optional.empty()));
        }
        Optional<String> repository = field.map(FieldModel::repository).or(this::repository);
        if (repository.isPresent()) {
            return new Hub(http, endpoint, repository.get()).files();
        }
        Optional<String> sha256 = PublishedModels.sha256(name);
        if (sha256.isPresent()) {
            String file = name.replaceAll("[/@]", "-") + ".pt";
            URI published = PublishedModels.revision(name)
                    .map(revision -> endpoint.resolve("/facebook/" + name + "/resolve/" + revision + "/" + file))
                    .orElse(URI.create(OPENAI + sha256.get() + "/" + file));
            return List.of(new RemoteFile(mirror.orElse(published), file, sha256));
        }
        InputException.require(
                isUrl(name),
                "model: expected one of %s, hf:OWNER/NAME or an address, got \"%s\"",
                String.join(", ", PublishedModels.downloads()),
                name);
        return List.of(new RemoteFile(address(name), fileName(), Optional.empty()));
    }

    private URI endpoint() throws InputException {
        String own = environment.getOrDefault("HF_ENDPOINT", "");
        return own.isBlank() ? HUGGING_FACE : address(own);
    }

    private static URI address(String text) throws InputException {
        try {
            return URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new InputException("expected an address, got " + text, e);
        }
    }

    private static void removeOurs(Fetch fetch, List<RemoteFile> files) throws IOException {
        for (RemoteFile file : files) {
            Files.deleteIfExists(fetch.folder().resolve(file.name()));
            Files.deleteIfExists(fetch.etagOf(file));
        }
        try {
            Files.delete(fetch.folder());
        } catch (DirectoryNotEmptyException e) {
            // The other files are not ours.
        }
    }
}
