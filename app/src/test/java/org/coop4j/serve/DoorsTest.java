package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.serve.TestService.EMBED;
import static org.coop4j.serve.TestService.LABELS;
import static org.coop4j.serve.TestService.utf8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.StreamSupport;
import org.coop4j.base.Resource;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.ShippedModel;
import org.coop4j.method.Classifier;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.Prediction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests of other programs, as they send them, and what these programs read in the answers. */
@Timeout(600)
class DoorsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path EXAMPLES = Path.of("../examples");

    @TempDir
    private static Path folder;

    private static ApiDescription description;
    private static Clip clip;
    private static Clip other;
    private static ImageClassifier pets;
    private static ImageClassifier things;
    private static ImageClassifier strangers;

    @BeforeAll
    static void open() throws IOException {
        description = ApiDescription.of(Resource.text(PredictionService.class, "openapi.yaml"));
        clip = Clip.open(ShippedModel.file(folder));
        other = Clip.open(ShippedModel.file(folder));
        pets = ImageClassifier.of(clip, classifier(clip, "chair", "butterfly", "dog"));
        things = ImageClassifier.of(clip, classifier(clip, "car", "house"));
        strangers = ImageClassifier.of(other, classifier(other, "car", "house"));
    }

    @AfterAll
    static void close() throws IOException {
        for (ImageClassifier one : List.of(pets, things, strangers)) {
            one.close();
            one.classifier().close();
        }
        clip.close();
        other.close();
    }

    private static Classifier classifier(Clip model, String... classes) throws IOException {
        return PromptEnsemble.of("a drawing of a {}.").classifier(model, List.of(classes));
    }

    private static ServedClassifier served(String name, ImageClassifier classifier, Double threshold) {
        var info =
                ClassifierInfo.of(name, classifier.classifier().save(), classifier.clip(), Optional.empty(), threshold);
        return new ServedClassifier(info, classifier);
    }

    private static PredictionService start(ServedClassifier... served) throws IOException {
        return PredictionService.start(TestService.onLoopback(), List.of(served), Optional.empty());
    }

    private static Answer post(PredictionService service, String path, String body, String... headers)
            throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + service.port() + path);
        Answer answer = Answer.of("POST", uri, utf8(body), headers);
        description.check("POST", path, answer);
        return answer;
    }

    private static String request(String name) {
        return Resource.text(DoorsTest.class, name);
    }

    /** Returns the picture of a request's data URL. */
    private static byte[] picture(JsonNode url) {
        return Base64.getDecoder().decode(url.asText().replaceFirst(".*,", ""));
    }

    private static void assertVector(JsonNode numbers, float[] expected) {
        assertThat(numbers).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat(numbers.get(i).isNumber()).isTrue();
            assertThat(numbers.get(i).floatValue()).isCloseTo(expected[i], within(1e-5f));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tika.json", "tika-model.json"})
    void tikaReadsTheVectorOfItsPicture(String name) throws Exception {
        String request = request(name);
        byte[] picture = picture(JSON.readTree(request).at("/input/0/image"));
        try (PredictionService service = start(served("pets", pets, null), served("things", things, null))) {
            Answer answer = post(service, EMBED, request, "Content-Type", "application/json");
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
            assertThat(answer.json().path("model").asText()).isEqualTo("coop4j-small");
            assertVector(answer.json().at("/data/0/embedding"), clip.embed(InputImage.of(picture)));
        }
    }

    @Test
    void withoutAModelSeveralClipsAreRefusedByTheirNames() throws Exception {
        try (PredictionService service = start(served("pets", pets, null), served("strangers", strangers, null))) {
            Answer answer = post(service, EMBED, request("tika.json"));
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.error()).isEqualTo("model: expected one of [pets, strangers, coop4j-small]");
        }
    }

    @Test
    void photoPrismReadsOneLabelByTheMeanOfItsThumbnails() throws Exception {
        JsonNode request = JSON.readTree(request("photoprism.json"));
        List<List<Prediction>> each = new ArrayList<>();
        for (JsonNode image : request.path("images")) {
            each.add(pets.classify(picture(image)));
        }
        List<Double> means = pets.classNames().stream()
                .map(label -> each.stream()
                        .flatMap(List::stream)
                        .filter(one -> one.label().equals(label))
                        .mapToDouble(Prediction::probability)
                        .average()
                        .orElseThrow())
                .toList();
        double best = means.stream().max(Double::compare).orElseThrow();
        try (PredictionService service = start(served("things", things, null), served("pets", pets, best - 1e-3))) {
            Answer answer = post(service, LABELS, request.toString(), "Content-Type", "application/json");
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
            assertThat(answer.json().path("id")).isEqualTo(request.path("id"));
            assertThat(answer.json().path("code").asInt()).isEqualTo(200);
            assertThat(answer.json().path("model").toString())
                    .isEqualTo("{\"type\":\"labels\",\"name\":\"pets\",\"version\":\"latest\"}");
            JsonNode labels = answer.json().at("/result/labels");
            assertThat(labels).hasSize(1);
            assertThat(labels.at("/0/name").asText())
                    .isEqualTo(pets.classNames().get(means.indexOf(best)));
            assertThat(labels.at("/0/source").asText()).isEqualTo("image");
            assertThat(labels.at("/0/confidence").doubleValue()).isCloseTo(best, within(1e-4));
            assertThat(labels.at("/0/topicality")).isEqualTo(labels.at("/0/confidence"));
        }
        ClassifierFile file = pets.classifier().save();
        ClassifierFile calibrated = file.withOrigin(file.origin().withCalibration("", OptionalDouble.of(best + 2e-3)));
        var info = ClassifierInfo.of("pets", calibrated, clip, Optional.empty(), null);
        try (PredictionService service = start(new ServedClassifier(info, pets))) { // what the run suggests
            assertThat(post(service, LABELS, request.toString()).json().at("/result/labels"))
                    .isEmpty();
        }
        try (PredictionService service = start(served("pets", pets, best + 1e-3))) {
            assertThat(post(service, LABELS, request.toString()).json().at("/result/labels"))
                    .isEmpty();
        }
    }

    @Test
    void photoPrismNeedNotNameTheOnlyClassifierAndIsToldTheNamesOfSeveral() throws Exception {
        String request = request("photoprism.json").replace("pets:latest", "nasnet");
        try (PredictionService service = start(served("pets", pets, null))) {
            JsonNode answer = post(service, LABELS, request).json();
            assertThat(answer.at("/model/name").asText()).isEqualTo("pets");
            assertThat(answer.at("/result/labels")).hasSize(1);
        }
        try (PredictionService service = start(served("pets", pets, null), served("things", things, null))) {
            JsonNode refused = post(service, LABELS, request).json();
            assertThat(refused.path("code").asInt()).isEqualTo(404);
            assertThat(refused.path("id").asText()).startsWith("b5a0a5a2");
            assertThat(refused.path("error").asText())
                    .isEqualTo("no classifier is called \"nasnet\": expected one of [pets, things]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"photoprism-address.json", "photoprism-url.json"})
    void photoPrismsAddressesAreRefusedAndNeverOpened(String name) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                PredictionService service = start(served("pets", pets, null))) {
            String request = request(name).replace("PORT", Integer.toString(listener.getLocalPort()));
            Answer answer = post(service, LABELS, request);
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.json().path("code").asInt()).isEqualTo(400);
            assertThat(answer.error()).contains("never opened", "FileScheme: data");
            listener.setSoTimeout(50);
            assertThat(catchThrowable(listener::accept)).isInstanceOf(SocketTimeoutException.class);
        }
    }

    private static JsonNode example(String name) throws IOException {
        return JSON.readTree(Files.readString(EXAMPLES.resolve(name)));
    }

    /** Puts values in place of the names in braces. */
    private static String substituted(String template, Map<String, String> values) {
        String text = template;
        for (Map.Entry<String, String> value : values.entrySet()) {
            text = text.replace("${" + value.getKey() + "}", value.getValue());
        }
        assertThat(text).doesNotContain("${");
        return text;
    }

    /** Posts a body to the address of an example, with its headers, as the example's service. */
    private static JsonNode answer(PredictionService service, JsonNode call, String body, Map<String, String> values)
            throws Exception {
        URI uri = URI.create(call.path("url").asText());
        List<String> headers = new ArrayList<>();
        call.path("headers").properties().forEach(header -> {
            headers.add(header.getKey());
            headers.add(substituted(header.getValue().asText(), values));
        });
        assertThat(headers).contains("Authorization", "Bearer correct-horse");
        Answer answer = post(service, uri.getPath(), body, headers.toArray(String[]::new));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.json();
    }

    private static PredictionService locked() throws IOException {
        return PredictionService.start(
                TestService.locked(Optional.empty(), TestService.limits()),
                List.of(served("pets", pets, null)),
                Optional.empty());
    }

    private static List<JsonNode> list(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).toList();
    }

    @Test
    void openSearchReadsTheVectorsOfTexts() throws Exception {
        JsonNode connector = example("opensearch/connector-texts.json");
        JsonNode action = connector.at("/actions/0");
        assertThat(action.path("pre_process_function").asText()).isEqualTo("connector.pre_process.openai.embedding");
        assertThat(action.path("post_process_function").asText()).isEqualTo("connector.post_process.openai.embedding");
        Map<String, String> values = Map.of(
                "parameters.model", connector.at("/parameters/model").asText(),
                "parameters.input", "[\"a chair\",\"ein \\\"Fluß\\\"\"]", // as the first function makes it
                "credential.key", "correct-horse");
        try (PredictionService service = locked()) {
            String body = substituted(action.path("request_body").asText(), values);
            JsonNode data = answer(service, action, body, values).path("data"); // as the second function reads it
            assertThat(data).hasSize(2);
            assertVector(data.at("/0/embedding"), clip.embed("a chair"));
            assertVector(data.at("/1/embedding"), clip.embed("ein \"Fluß\""));
        }
    }

    @Test
    void openSearchsPipelineReadsTheVectorOfAPicture() throws Exception {
        JsonNode connector = example("opensearch/connector-pictures.json");
        JsonNode action = connector.at("/actions/0");
        JsonNode inference = example("opensearch/pipeline.json").at("/processors/0/ml_inference");
        byte[] picture = TestService.picture("chair-image_0013.png");
        Map<String, String> document = Map.of("picture", Base64.getEncoder().encodeToString(picture));
        Map<String, String> values = Map.of(
                "parameters.model", connector.at("/parameters/model").asText(),
                "parameters.image",
                        document.get(inference.at("/input_map/0/image").asText()),
                "credential.key", "correct-horse");
        try (PredictionService service = locked()) {
            String body = substituted(action.path("request_body").asText(), values);
            String path = inference.at("/output_map/0/vector").asText();
            assertThat(path).isEqualTo("data[0].embedding");
            assertVector(
                    answer(service, action, body, values).at("/data/0/embedding"), clip.embed(InputImage.of(picture)));
        }
    }

    @Test
    void elasticsearchReadsTheVectorsOfTexts() throws Exception {
        JsonNode settings = example("elasticsearch/endpoint.json").path("service_settings");
        Map<String, String> values = Map.of("input", "[\"a chair\",\"a dog\"]", "key", "correct-horse");
        try (PredictionService service = locked()) {
            String body = substituted(settings.path("request").asText(), values);
            assertThat(settings.at("/response/json_parser/text_embeddings").asText())
                    .isEqualTo("$.data[*].embedding[*]");
            List<JsonNode> data = list(answer(service, settings, body, values).path("data"));
            assertThat(data).hasSize(2);
            assertVector(data.get(0).path("embedding"), clip.embed("a chair"));
            assertVector(data.get(1).path("embedding"), clip.embed("a dog"));
        }
    }
}
