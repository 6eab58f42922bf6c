package org.coop4j.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.content.Media;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.DocumentEmbeddingModel;
import org.springframework.ai.embedding.DocumentEmbeddingRequest;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResultMetadata.ModalityType;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.io.FileSystemResource;
import org.springframework.util.MimeTypeUtils;

/** Run with each supported Spring AI. */
class ClipEmbeddingModelTest {

    private static final Path PICTURES = Path.of("../../src/test/resources/pictures/test");

    @TempDir
    private static Path folder;

    private static Path file;
    private static Clip clip;

    @BeforeAll
    static void open() throws IOException {
        file = ShippedModel.file(folder);
        clip = Clip.open(file);
    }

    @AfterAll
    static void close() throws IOException {
        clip.close();
    }

    private static List<Path> pictures() throws IOException {
        try (Stream<Path> files = Files.walk(PICTURES)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static Document document(Path picture) {
        return new Document(
                new Media(MimeTypeUtils.IMAGE_PNG, new FileSystemResource(picture)),
                Map.of("file", picture.toString()));
    }

    @Test
    void theCodeOfItsPageCompiles(@TempDir Path folder) throws Exception {
        String page = Files.readString(Path.of("../../docs/integrations.md"));
        String section = page.substring(page.indexOf("\n## Spring AI"), page.indexOf("\n## Spring Boot"));
        String fence = "```";
        String code = section.split(fence + "java", 2)[1].split(fence, 2)[0];
        Path file = Files.writeString(
                folder.resolve("Page.java"),
                """
                import java.nio.file.Path;
                import java.util.*;
                import org.coop4j.clip.InputImage;
                import org.coop4j.springai.ClipEmbeddingModel;
                import org.springframework.ai.embedding.EmbeddingModel;
                import org.springframework.ai.vectorstore.*;
                abstract class Page {
                    EmbeddingModel model; Path file;
                    void run() throws Exception { %s }
                }
                """
                        .formatted(code));
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        String[] options = {"-proc:none", "-cp", classPath, "-d", folder.toString(), file.toString()};
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, options))
                .isZero();
    }

    @Test
    void aSentenceFindsPicturesInAStore() throws IOException {
        SimpleVectorStore store =
                SimpleVectorStore.builder(new ClipEmbeddingModel(clip)).build();
        store.add(pictures().stream()
                .map(picture -> ClipEmbeddingModel.document(picture.toString(), InputImage.of(picture), Map.of()))
                .toList());
        List<Document> found = store.similaritySearch(
                SearchRequest.builder().query("a green lawn").topK(1).build());

        assertThat(found)
                .singleElement()
                .extracting(Document::getText)
                .isEqualTo(nearest("a green lawn").toString());
    }

    /** Returns the picture with the largest cosine, by the library alone. */
    private static Path nearest(String sentence) throws IOException {
        List<Path> pictures = pictures();
        float[] cosines = clip.embedTexts(List.of(sentence))
                .products(clip.embedImages(pictures.stream().map(InputImage::of).toList()))
                .row(0);
        return pictures.get(IntStream.range(0, cosines.length).reduce(0, (a, b) -> cosines[b] > cosines[a] ? b : a));
    }

    @Test
    void textsAndPicturesOfOneRequestKeepTheirOrder() throws IOException {
        Path picture = pictures().get(0);
        DocumentEmbeddingModel model = new ClipEmbeddingModel(clip).ofDocuments();
        EmbeddingResponse response = model.call(
                new DocumentEmbeddingRequest(new Document("a lawn"), document(picture), new Document("the sky")));

        assertThat(response.getResults()).hasSize(3);
        assertThat(response.getResults().stream().map(Embedding::getIndex)).containsExactly(0, 1, 2);
        assertThat(response.getResults().stream().map(one -> one.getMetadata().getModalityType()))
                .containsExactly(ModalityType.TEXT, ModalityType.IMAGE, ModalityType.TEXT);
        assertThat(response.getResults().get(1).getOutput()).containsExactly(clip.embed(InputImage.of(picture)));
        assertThat(response.getMetadata().getModel())
                .isEqualTo(file.getFileName().toString());
        assertThat(model.dimensions()).isEqualTo(clip.embedDim());
    }

    @Test
    void requestsThatItCannotServeAreRefused() {
        ClipEmbeddingModel model = new ClipEmbeddingModel(clip);
        Document remote =
                new Document(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.org/a.png")), Map.of());
        assertThatThrownBy(() -> model.embed(remote)).hasMessageContaining("https://example.org/a.png");
        EmbeddingOptions narrow = EmbeddingOptions.builder().dimensions(3).build();
        assertThatThrownBy(() -> model.call(new EmbeddingRequest(List.of("a"), narrow)))
                .hasMessageContaining("3 dimensions")
                .hasMessageContaining(String.valueOf(clip.embedDim()));
        EmbeddingOptions other = EmbeddingOptions.builder().model("other").build();
        assertThatThrownBy(() -> model.call(new EmbeddingRequest(List.of("a"), other)))
                .hasMessageContaining("other");
    }

    @SpringBootConfiguration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        private final List<String> observed = new ArrayList<>();

        @Bean
        ObservationRegistry observations() {
            ObservationRegistry registry = ObservationRegistry.create();
            registry.observationConfig().observationHandler(new ObservationHandler<>() {
                @Override
                public void onStop(Observation.Context context) {
                    observed.add(context.getName() + " "
                            + context.getLowCardinalityKeyValue("gen_ai.system").getValue());
                }

                @Override
                public boolean supportsContext(Observation.Context context) {
                    return true;
                }
            });
            return registry;
        }
    }

    private static ConfigurableApplicationContext start(String... properties) {
        SpringApplication application = new SpringApplication(Application.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        return application.run(Stream.concat(
                        Stream.of("--spring.main.banner-mode=off", "--logging.level.root=off"), Stream.of(properties))
                .toArray(String[]::new));
    }

    @Test
    void aPropertyMakesObservedModels() {
        try (ConfigurableApplicationContext context = start("--coop4j.model=" + file)) {
            EmbeddingModel model = context.getBean(EmbeddingModel.class);
            assertThat(model.embed("a lawn"))
                    .hasSize(context.getBean(DocumentEmbeddingModel.class).dimensions());
            assertThat(context.getBean(Application.class).observed)
                    .singleElement()
                    .asString()
                    .contains("coop4j");
        }
        try (ConfigurableApplicationContext context =
                start("--coop4j.model=" + file, "--spring.ai.model.embedding=other")) {
            assertThat(context.getBeanNamesForType(EmbeddingModel.class)).isEmpty();
        }
        try (ConfigurableApplicationContext context = start()) {
            assertThat(context.getBeanNamesForType(EmbeddingModel.class)).isEmpty();
        }
    }
}
