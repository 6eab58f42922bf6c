package org.coop4j.model.download;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.clip.GoldenModels;
import org.coop4j.model.ConvertedModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Published names of SigLIP and TIPSv2, whose files are in repositories of the Hub. */
class SiglipDownloadTest {

    @TempDir
    private Path folder;

    /** The smaller vocabulary is fetched where a repository has two. */
    @ParameterizedTest
    @CsvSource({
        "siglip2-base-patch16-224, google/siglip2-base-patch16-224, siglip2/huggingface, tokenizer.model",
        "siglip-base-patch16-224, google/siglip-base-patch16-224, siglip1/huggingface, spiece.model",
        "ViT-B-16-SigLIP2, timm/ViT-B-16-SigLIP2, siglip2/open_clip, tokenizer.json",
        "tipsv2-b14, google/tipsv2-b14, tips/b/huggingface, tokenizer.model",
        "tipsv2-g14, google/tipsv2-g14, tips/g/huggingface, tokenizer.model"
    })
    void aPublishedNameIsARepository(String name, String repository, String model, String vocabulary)
            throws IOException {
        try (FileServer server = new FileServer();
                Stream<Path> listed = Files.list(GoldenModels.file(model))) {
            List<Path> files = listed.toList();
            for (Path file : files) {
                server.put("/" + repository + "/resolve/main/" + file.getFileName(), Files.readAllBytes(file));
            }
            server.put(
                    "/api/models/" + repository,
                    files.stream()
                            .map(file -> "{\"rfilename\": \"" + file.getFileName() + "\"}")
                            .collect(Collectors.joining(",", "{\"siblings\": [", "]}"))
                            .getBytes(UTF_8));
            List<String> notes = new ArrayList<>();
            Progress progress = new Progress() {
                @Override
                public void note(String message) {
                    notes.add(message + (server.requests().isEmpty() ? " before" : ""));
                }
            };
            Path fetched = new ModelDownload(name, folder, Map.of("HF_ENDPOINT", server.address()))
                    .fetch(Optional.empty(), Optional.empty(), Optional.empty(), progress);
            assertThat(notes.get(0).matches("licence of " + name + ": Apache 2.0 .* CC-BY 4.0 before"))
                    .isEqualTo(name.startsWith("tips"));
            assertThat(fetched).hasFileName(name + ".safetensors");
            try (ConvertedModel converted = ConvertedModel.open(fetched)) {
                assertThat(converted.metadata().vocabulary().orElseThrow().file())
                        .isEqualTo(vocabulary);
            }
            assertThat(server.requests().stream().anyMatch(request -> request.contains("tokenizer.json")))
                    .isEqualTo(vocabulary.equals("tokenizer.json"));
        }
    }

    @Test
    void namesThatWereNeverPublishedAreNoNames() {
        assertThat(ModelDownload.isName("siglip2-base-patch16-225")).isFalse();
        assertThat(ModelDownload.isName("ViT-B-16-SigLIP3")).isFalse();
        assertThat(ModelDownload.isName("tipsv2-s14")).isFalse();
    }
}
