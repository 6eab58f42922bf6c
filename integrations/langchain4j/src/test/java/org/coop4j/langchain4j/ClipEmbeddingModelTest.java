package org.coop4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.ShippedModel;
import org.coop4j.http.ServiceOptions;
import org.coop4j.method.ZeroShot;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.serve.ClassifierInfo;
import org.coop4j.serve.PredictionService;
import org.coop4j.serve.ServedClassifier;
import org.coop4j.text.Tokenizer.TextTooLongException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedding model with LangChain4j's own store, and LangChain4j's client of OpenAI with the service. */
class ClipEmbeddingModelTest {

    private static final Path PICTURES = Path.of("../../src/test/resources/golden/text_image");
    private static final List<String> NAMES =
            List.of("accordion-image_0001", "airplanes-image_0010", "butterfly-image_0007", "chair-image_0013");

    @TempDir
    private static Path folder;

    private static Clip clip;
    private static EmbeddingModel model;

    @Test
    void theCodeOfItsPageCompiles() throws Exception {
        String all = Files.readString(Path.of("../../docs/integrations.md"));
        String page = all.substring(all.indexOf("\n## LangChain4j"), all.indexOf("\n## Spring AI"));
        StringBuilder source = new StringBuilder(
                """
                import dev.langchain4j.data.segment.TextSegment;
                import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
                import dev.langchain4j.store.embedding.*;
                import java.util.List;
                import org.coop4j.clip.*;
                import org.coop4j.langchain4j.ClipEmbeddingModel;
                abstract class Page {
                    EmbeddingStore<TextSegment> store; List<InputImage> pictures; List<TextSegment> segments;
                """);
        List<String> blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(page)
                .results()
                .map(block -> block.group(1))
                .toList();
        assertThat(blocks).hasSize(2);
        for (String block : blocks) {
            source.append("void block%d() throws Exception { %s }\n".formatted(source.length(), block));
        }
        Path file = Files.writeString(folder.resolve("Page.java"), source.append("}\n"));
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        assertThat(ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-proc:none",
                                "-cp",
                                classPath,
                                "-d",
                                folder.toString(),
                                file.toString()))
                .isZero();
    }

    @BeforeAll
    static void open() throws Exception {
        clip = Clip.open(ShippedModel.file(folder));
        model = ClipEmbeddingModel.of(clip);
    }

    @AfterAll
    static void close() throws Exception {
        clip.close();
    }

    private static Path picture(String name) {
        return PICTURES.resolve(name + ".png");
    }

    private static List<Embedding> embed(Content... inputs) {
        return model.embed(EmbeddingRequest.builder()
                        .inputs(Stream.of(inputs).map(EmbeddingInput::from).toList())
                        .build())
                .embeddings();
    }

    private static void assertVector(Embedding actual, float[] expected) {
        assertThat(actual.vector()).hasSize(clip.embedDim()).containsExactly(expected, within(1e-5f));
        double square = 0;
        for (float value : actual.vector()) {
            square += value * value;
        }
        assertThat(square).isCloseTo(1, within(1e-5));
    }

    @Test
    void theStoreFindsPicturesByASentence() throws Exception {
        InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
        List<InputImage> pictures =
                NAMES.stream().map(name -> InputImage.of(picture(name))).toList();
        store.addAll(
                ((ClipEmbeddingModel) model).embedImages(pictures),
                NAMES.stream().map(TextSegment::from).toList());
        FeatureMatrix images = clip.encodeImages(
                        NAMES.stream().map(ClipEmbeddingModelTest::picture).toList())
                .normalized();
        for (String sentence : List.of("a photo of a butterfly.", "a photo of a chair.", "a blurry drawing")) {
            FeatureMatrix text = clip.encodeTexts(List.of(sentence)).normalized();
            int nearest = IntStream.range(0, NAMES.size())
                    .boxed()
                    .max(Comparator.comparingDouble(i -> images.dot(i, text, 0)))
                    .orElseThrow();
            EmbeddingSearchRequest search = EmbeddingSearchRequest.builder()
                    .queryEmbedding(model.embed(sentence).content())
                    .maxResults(1)
                    .build();
            String found = store.search(search).matches().get(0).embedded().text();
            assertThat(found).isEqualTo(NAMES.get(nearest));
        }
    }

    @Test
    void textsAndPicturesOfARequestKeepTheirOrder() throws Exception {
        Path chair = picture(NAMES.get(3));
        Path butterfly = picture(NAMES.get(2));
        List<Embedding> vectors = embed(
                ImageContent.from(chair, "image/png"),
                TextContent.from("a dog"),
                ImageContent.from(butterfly, "image/png"),
                TextContent.from("ein Fluß"));
        assertThat(vectors).hasSize(4);
        assertVector(vectors.get(0), clip.embed(InputImage.of(chair)));
        assertVector(vectors.get(1), clip.embed("a dog"));
        assertVector(vectors.get(2), clip.embed(InputImage.of(butterfly)));
        assertVector(vectors.get(3), clip.embed("ein Fluß"));
        assertThat(model.dimension()).isEqualTo(clip.embedDim());
        assertThat(model.modelName()).startsWith("coop4j-small");
    }

    @Test
    void inputsThatItCannotEmbedAreRefused() {
        EmbeddingInput both = EmbeddingInput.from(TextContent.from("a"), TextContent.from("b"));
        assertThatThrownBy(() -> model.embed(
                        EmbeddingRequest.builder().inputs(List.of(both)).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2");
        assertThatThrownBy(() -> embed(ImageContent.from("file:///etc/hostname")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("file:///etc/hostname");
        assertThatThrownBy(() -> embed(ImageContent.from("bm90IGEgcGljdHVyZQ==", "image/png")))
                .isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> embed(AudioContent.from("AAAA", "audio/wav")))
                .isInstanceOf(UnsupportedFeatureException.class);
        assertThatThrownBy(() -> model.embed("word ".repeat(99))).isInstanceOf(TextTooLongException.class);
        assertThat(model.embedAll(List.of()).content()).isEmpty();
    }

    @Test
    void theClientOfOpenAiUnderstandsTheService() throws Exception {
        var limits = ServiceOptions.Limits.of(1 << 20, Duration.ofSeconds(30), 16);
        var options = new ServiceOptions("127.0.0.1", 0, Optional.empty(), Optional.empty(), limits);
        try (var classifier = ZeroShot.classifier(clip, List.of("dog", "car"));
                ImageClassifier images = ImageClassifier.of(clip, classifier)) {
            var info = ClassifierInfo.of("things", classifier.save(), clip, Optional.empty(), null);
            try (PredictionService service =
                    PredictionService.start(options, List.of(new ServedClassifier(info, images)), Optional.empty())) {
                EmbeddingModel client = OpenAiEmbeddingModel.builder()
                        .baseUrl("http://127.0.0.1:" + service.port() + "/v1")
                        .apiKey("any")
                        .modelName("things")
                        .maxRetries(0)
                        .build();
                var one = client.embed("a dog");
                assertVector(one.content(), clip.embed("a dog"));
                assertThat(one.tokenUsage().inputTokenCount()).isEqualTo(4);
                List<Embedding> all = client.embedAll(List.of(TextSegment.from("a car"), TextSegment.from("ein Fluß")))
                        .content();
                assertVector(all.get(0), clip.embed("a car"));
                assertVector(all.get(1), clip.embed("ein Fluß"));
            }
        }
    }
}
