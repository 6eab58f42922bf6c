package org.coop4j.serve;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.serve.TestService.EMBED;
import static org.coop4j.serve.TestService.INFER;
import static org.coop4j.serve.TestService.LABELS;
import static org.coop4j.serve.TestService.PREDICT;
import static org.coop4j.serve.TestService.SEARCH;
import static org.coop4j.serve.TestService.utf8;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.assertj.core.util.DoubleComparator;
import org.coop4j.base.RefusedException;
import org.coop4j.base.Resource;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.InputImage;
import org.coop4j.predict.HeatMap;
import org.coop4j.predict.Prediction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every endpoint and every error of the API; each answer is checked against its description. */
@Timeout(600)
class PredictionServiceTest {

    private static final int MOST_PIXELS = 1_000_000;

    @TempDir
    private static Path folder;

    private static ApiDescription description;
    private static TestService things;
    private static final ByteArrayOutputStream LOG = new ByteArrayOutputStream();
    private static byte[] picture;
    private static byte[] other;

    @BeforeAll
    static void start() throws IOException {
        picture = TestService.picture("butterfly-image_0007.png");
        other = TestService.picture("chair-image_0013.png");
        description = ApiDescription.of(Resource.text(PredictionService.class, "openapi.yaml"));
        EncodingLimits standard = EncodingLimits.standard();
        things = TestService.withPool(
                folder,
                new EncodingLimits(
                        standard.maxBatch(),
                        standard.maxDelay(),
                        standard.queueCapacity(),
                        MOST_PIXELS,
                        standard.maxTime()),
                Optional.of(LOG));
    }

    @AfterAll
    static void everyDescribedAnswerWasGivenButThoseOfOtherTests() throws IOException {
        things.close();
        assertThat(description.unseen())
                .as("ServiceLimitsTest and DoorsTest give the others")
                .allMatch(
                        answer -> answer.matches(
                                ".* (401|408|429)|post (/v1/embeddings|/pool/search) 500|post /api/v1/vision/labels (200|404)"));
    }

    private static Answer send(String method, String path, byte[] body, String... headers) throws Exception {
        Answer answer = Answer.of(method, things.uri(path), body, headers);
        description.check(method, path, answer);
        return answer;
    }

    private static Answer get(String path) throws Exception {
        return send("GET", path, null);
    }

    private static Answer post(String path, byte[] body, String... headers) throws Exception {
        return send("POST", path, body, headers);
    }

    @ParameterizedTest
    @CsvSource({
        "/ping, '{\"status\":\"Healthy\"}'",
        "/v2/health/live, '{\"live\":true}'",
        "/v2/health/ready, '{\"ready\":true}'",
        "/v2/models/things/ready, '{\"name\":\"things\",\"ready\":true}'"
    })
    void signsOfLifeAreAnswered(String path, String expected) throws Exception {
        Answer answer = get(path);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json()).isEqualTo(new ObjectMapper().readTree(expected));
    }

    @Test
    void theServiceSaysWhatItIs() throws Exception {
        assertThat(get("/v2").json().path("name").asText()).isEqualTo("coop4j");
        JsonNode model = get("/v2/models/things").json();
        assertThat(model.path("inputs").toString())
                .isEqualTo("[{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[-1]}]");
        assertThat(model.path("outputs").findValuesAsText("name")).containsExactly("labels", "probabilities");
        JsonNode classifier = get("/models").json().path(0);
        assertThat(classifier.path("name").asText()).isEqualTo("things");
        assertThat(classifier.path("method").asText())
                .isEqualTo(things.classifier.save().method().title());
        assertThat(classifier.path("classNames")).hasSize(TestService.CLASSES.size());
        assertThat(classifier.has("test")).isFalse();
    }

    /** Returns the expected answer for a picture. */
    private static JsonNode expected(byte[] content, int top) throws IOException {
        List<Prediction> ranked = things.images().classify(content);
        var array = new ObjectMapper().createArrayNode();
        for (Prediction one : ranked.subList(0, Math.min(top, ranked.size()))) {
            array.addObject().put("className", one.label()).put("probability", (float) one.probability());
        }
        return new ObjectMapper().readTree(array.toString());
    }

    @Test
    void aPictureIsTheBody() throws Exception {
        for (String type : List.of("image/png", "application/x-www-form-urlencoded", "application/json")) {
            Answer answer = post(PREDICT, picture, "Content-Type", type);
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
            assertThat(answer.json()).isEqualTo(expected(picture, 99));
        }
    }

    private static byte[] form(String part, byte[] content) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.write(utf8("--edge\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na word\r\n"
                + "--edge\r\nContent-Disposition: form-data; name=\""
                + part
                + "\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\n"));
        body.write(content);
        body.write(utf8("\r\n--edge--\r\n"));
        return body.toByteArray();
    }

    @Test
    void aPictureIsAPartOfAForm() throws Exception {
        String type = "multipart/form-data; boundary=edge";
        Answer answer = post(PREDICT + "?top_k=2", form("data", picture), "Content-Type", type);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        assertThat(answer.json()).isEqualTo(expected(picture, 2));
    }

    static Stream<byte[]> brokenForms() throws IOException {
        byte[] whole = form("data", picture);
        return Stream.of(
                form("other", picture),
                new byte[0],
                utf8("--edge--\r\n"),
                utf8("no form"),
                utf8("--edge\r\nContent-Disposition\r\n\r\n\r\n--edge--\r\n"),
                Arrays.copyOf(whole, whole.length / 2));
    }

    @ParameterizedTest
    @MethodSource("brokenForms")
    void aFormThatCannotBeReadIsRefused(byte[] form) throws Exception {
        Answer answer = post(PREDICT, form, "Content-Type", "multipart/form-data; boundary=edge");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error()).contains("form").contains("data");
        assertThat(post(PREDICT, form, "Content-Type", "multipart/form-data").error())
                .contains("boundary");
    }

    static Stream<Arguments> refusedRequests() {
        byte[] bomb = picture.clone();
        bomb[16] = 0x7F; // the width's first byte: a small PNG that declares a huge number of pixels
        byte[] damaged = Arrays.copyOf(picture, picture.length / 2);
        byte[] huge = new byte[30_000_000];
        Stream<Arguments> numbers = Stream.of("0", "-1", "x", "1.5", "9999999999")
                .map(top -> arguments(PREDICT + "?top_k=" + top, picture, 400, "top_k " + top));
        Stream<Arguments> unknown = Stream.of("/predictions/other", "/v2/models/other/infer")
                .map(path -> arguments(path, picture, 404, "\"other\" [things]"));
        Stream<Arguments> others = Stream.of(
                arguments("/v2/models/other", null, 404, "\"other\" [things]"),
                arguments("/v2/models/other/ready", null, 404, "\"other\" [things]"),
                arguments(PREDICT, new byte[0], 400, "no picture"),
                arguments(PREDICT + "?why=1", picture, 400, "why: true or false"),
                arguments(PREDICT + "?why=true", damaged, 422, "image of the request"),
                arguments(
                        INFER,
                        utf8(inference("\"parameters\": {\"why\": true},", new byte[65][1])),
                        400,
                        "at most 64 pictures"),
                arguments(PREDICT, utf8("hello, is this a picture?"), 400, "JPEG TIFF"),
                arguments(PREDICT, damaged, 422, "image of the request"),
                arguments(PREDICT, bomb, 422, "pixels 1000000"),
                arguments(PREDICT, huge, 413, "16,777,216"),
                arguments(INFER, huge, 413, "16,777,216"),
                arguments(SEARCH, huge, 413, "16,777,216"),
                arguments(LABELS, huge, 413, "16,777,216"),
                arguments(LABELS, utf8("null"), 400, "images: thumbnails"),
                arguments(LABELS, utf8("{\"images\": []}"), 400, "images: thumbnails"),
                arguments(LABELS, utf8("{\"images\": [null]}"), 400, "images: thumbnails"),
                arguments(LABELS, utf8("{\"images\": [\"\"]}"), 400, "images: thumbnails"),
                arguments(LABELS, utf8("{\"images\": [{}]}"), 400, "image: string"),
                arguments(LABELS, utf8("{\"images\": \"eA==\"}"), 400, "images"),
                arguments(LABELS, utf8(labels(utf8("a text"))), 400, "JPEG TIFF"),
                arguments(LABELS, utf8(labels(picture, damaged)), 422, "image 1"),
                arguments(INFER, utf8(inference("", picture, utf8("a text"))), 400, "image 1"),
                arguments(INFER, utf8(inference("", damaged, picture)), 422, "image 0"),
                arguments(SEARCH, utf8("{}"), 400, "either words or like"),
                arguments(SEARCH, utf8("null"), 400, "expected"),
                arguments(SEARCH, utf8("[1"), 400, ""),
                arguments(SEARCH, utf8("{\"words\": \"a\", \"like\": \"b\"}"), 400, "either words or like"),
                arguments(SEARCH, utf8("{\"words\": \"a\", \"top\": 0}"), 400, "top: expected 1 to 1000, got 0"),
                arguments(SEARCH, utf8("{\"words\": \"a\", \"pool\": \"b\"}"), 404, "no pool is called \"b\""),
                arguments(SEARCH, utf8("{\"like\": \"../../etc/passwd\"}"), 400, "the pool has no picture"),
                arguments(SEARCH, utf8("{\"like\": [null]}"), 400, "got null"),
                arguments(SEARCH, utf8("{\"words\": " + TOO_LONG + "}"), 400, ""),
                arguments(SEARCH, utf8("{\"like\": {\"image\": \"" + base64(damaged) + "\"}}"), 422, ""),
                arguments(EMBED, utf8("{\"input\": \"a\", \"model\": \"\"}"), 404, "\"\" [things, "),
                arguments(EMBED, embedding("{\"image\":\"eA==\"}").getBytes(UTF_16BE), 400, "UTF-8"),
                arguments(EMBED, utf8("{\"model\":\"things\",\"input\":{\"image\":\"eA\\"), 400, ""),
                arguments(EMBED, utf8("{\"input\": \"a\", \"model\": \"other\"}"), 404, "\"other\" [things, "),
                // They are counted before they are read, or one would be too long.
                arguments(
                        EMBED,
                        utf8(embedding(
                                "[" + "\"a\",".repeat(EncodingLimits.standard().queueCapacity()) + TOO_LONG + "]")),
                        413,
                        ""),
                arguments(EMBED, utf8(embedding(TOO_LONG)), 400, ""),
                arguments(EMBED, utf8(embedding('"' + "w".repeat(1 << 14) + '"')), 400, ""),
                arguments(EMBED, utf8(embedding("[\"a\", {\"image\": \"" + base64(damaged) + "\"}]")), 422, "image 1"));
        return Stream.of(numbers, unknown, others).flatMap(all -> all);
    }

    /** The reason has each of some words. */
    @ParameterizedTest
    @MethodSource("refusedRequests")
    void aRequestThatCannotBeServedIsRefusedWithTheReason(String path, byte[] body, int status, String words)
            throws Exception {
        Answer answer = send(body == null ? "GET" : "POST", path, body);
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.error()).isNotEmpty().doesNotContain("\n").contains(words.split(" "));
    }

    @Test
    void anUnknownPathAndAWrongMethodAreSaid() throws Exception {
        Answer unknown = things.get("/nothing");
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.error()).isNotEmpty();
        Answer wrong = things.get(PREDICT);
        assertThat(wrong.status()).isEqualTo(405);
        assertThat(wrong.header("Allow")).hasValue("POST");
        assertThat(things.get(EMBED).error()).isNotEmpty();
    }

    private static String labels(byte[]... pictures) {
        List<String> images =
                Stream.of(pictures).map(one -> "\"" + base64(one) + "\"").toList();
        return "{\"images\": %s}".formatted(images);
    }

    private static String inference(String parameters, byte[]... pictures) {
        List<String> data = new ArrayList<>();
        for (byte[] one : pictures) {
            data.add('"' + Base64.getEncoder().encodeToString(one) + '"');
        }
        return """
        {"id": "a1", %s "inputs": [{"name": "image", "datatype": "BYTES", "shape": [%d],
         "parameters": {"content_type": "base64"}, "data": %s}]}
        """
                .formatted(parameters, pictures.length, data);
    }

    @Test
    void picturesAreInferredInOrder() throws Exception {
        Answer answer = post(INFER, utf8(inference("\"parameters\": {\"top_k\": 2},", picture, other, picture)));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        JsonNode json = answer.json();
        assertThat(json.path("model_name").asText()).isEqualTo("things");
        assertThat(json.path("id").asText()).isEqualTo("a1");
        List<String> labels = new ArrayList<>();
        List<Double> probabilities = new ArrayList<>();
        for (byte[] one : List.of(picture, other, picture)) {
            for (JsonNode entry : expected(one, 2)) {
                labels.add(entry.path("className").asText());
                probabilities.add(entry.path("probability").asDouble());
            }
        }
        JsonNode outputs = json.path("outputs");
        assertThat(outputs.path(0).path("name").asText()).isEqualTo("labels");
        assertThat(outputs.path(0).path("data")).map(JsonNode::asText).isEqualTo(labels);
        assertThat(outputs.path(1).path("shape").toString()).isEqualTo("[3,2]");
        // Pictures that are encoded together change each other's results by float32 rounding.
        assertThat(outputs.path(1).path("data"))
                .map(JsonNode::asDouble)
                .usingElementComparator(new DoubleComparator(1e-5))
                .isEqualTo(probabilities);
    }

    @Test
    void aHeatMapOfTheAnswerIsAddedWhereItIsAskedFor() throws Exception {
        HeatMap map = things.images()
                .why(
                        InputImage.of(picture),
                        things.images().classify(picture).get(0).label());
        JsonNode classes = post(PREDICT + "?why=true", picture).json();
        JsonNode why = classes.path(0).path("why");
        assertThat(classes.findValues("why")).hasSize(1);
        assertThat(why.path("label")).isEqualTo(classes.path(0).path("className"));
        assertThat(why.path("values")).hasSize(map.values().size());
        assertThat(why.path("values").path(0).floatValue())
                .isEqualTo(map.values().get(0));
        JsonNode both = post(INFER, utf8(inference("\"parameters\": {\"why\": true},", other, picture)))
                .json()
                .path("why");
        assertThat(both).hasSize(2);
        assertThat(both.path(1)).isEqualTo(why);
        assertThat(both.path(0)).isNotEqualTo(why);
        assertThat(post(PREDICT, picture).json().findValues("why")).isEmpty();
    }

    /** Of two requests with as many pictures as may wait, one finds room. */
    @Test
    void moreHeatMapsThanMayWaitAreRefusedAndAModelWithoutMapsIsSaid() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        byte[] many = utf8(inference(
                "\"parameters\": {\"why\": true},",
                Collections.nCopies(64, picture).toArray(byte[][]::new)));
        things.classifier.beforeMap = () -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        List<CompletableFuture<Answer>> both = List.of(things.later(INFER, many), things.later(INFER, many));
        Answer refused =
                (Answer) CompletableFuture.anyOf(both.get(0), both.get(1)).get();
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.error()).isEqualTo("things is busy: 64 heat maps wait: try again in a moment");
        go.countDown();
        assertThat(both).extracting(one -> one.join().status()).containsExactlyInAnyOrder(200, 429);
        things.classifier.beforeMap = () -> {
            throw new RefusedException("the image tower of x is a ResNet: use a model with a ViT");
        };
        try {
            assertThat(post(PREDICT + "?why=true", picture).error())
                    .isEqualTo("why: the image tower of x is a ResNet: use a model with a ViT");
        } finally {
            things.classifier.beforeMap = () -> {};
        }
    }

    @Test
    void oneOutputIsAnsweredWhereOneIsAskedFor() throws Exception {
        JsonNode outputs = post(INFER, utf8(inference("\"outputs\": [{\"name\": \"labels\"}],", picture)))
                .json()
                .path("outputs");
        assertThat(outputs).hasSize(1);
        assertThat(outputs.path(0).path("shape").toString()).isEqualTo("[1,6]");
    }

    static Stream<String> badInferences() {
        String good = inference("", utf8("x"));
        return Stream.of(
                "",
                "no JSON",
                "[]",
                "null",
                "{}",
                good + "x",
                good.replace("\"id\": \"a1\"", "\"inputs\": []"),
                good.replace("\"inputs\"", "\"input\""),
                good.replace("\"image\"", "\"picture\""),
                good.replace("BYTES", "FP32"),
                good.replace("base64", "raw"),
                good.replace("[1]", "[]").replace("\"data\": [", "\"data\": [1, "),
                good.replaceFirst("\"data\": .*]}", "\"data\": []}"),
                good.replaceFirst("\"data\": .*]}", "\"data\": [7]}"),
                good.replaceFirst("\"data\": .*]}", "\"data\": \"eA==\"}"),
                inference("\"parameters\": {\"top_k\": 0},", utf8("x")),
                inference("\"parameters\": {\"why\": \"yes\"},", utf8("x")),
                inference("\"outputs\": [{\"name\": \"features\"}],", utf8("x")),
                "[".repeat(100_000));
    }

    @ParameterizedTest
    @MethodSource("badInferences")
    void aBadInferenceRequestIsRefused(String json) throws Exception {
        Answer answer = post(INFER, utf8(json));
        assertThat(answer.status()).as(json).isEqualTo(400);
        assertThat(answer.error()).isNotEmpty().doesNotContain("\n");
    }

    @Test
    void aFailureOfTheClassifierIsNotShownAndTheServiceGoesOn() throws Exception {
        things.classifier.before = () -> {
            throw new IllegalStateException("a secret of the machine");
        };
        try {
            for (Answer answer : List.of(
                    post(PREDICT, picture),
                    post(INFER, utf8(inference("", picture))),
                    post(LABELS, utf8(labels(picture))))) {
                assertThat(answer.status()).isEqualTo(500);
                assertThat(answer.text()).doesNotContain("secret");
            }
        } finally {
            things.classifier.before = () -> {};
        }
        assertThat(post(PREDICT, picture).status()).isEqualTo(200);
    }

    @Test
    void metricsCountRequestsImagesAndBatches() throws Exception {
        double before = metric("coop_images_total{model=\"things\",result=\"classified\"}");
        post(PREDICT, picture);
        post(INFER, utf8(inference("", picture, picture)));
        double after = metric("coop_images_total{model=\"things\",result=\"classified\"}");
        assertThat(after - before).isEqualTo(3);
        assertThat(metric("coop_batches_total{model=\"things\"}")).isPositive();
        assertThat(metric("coop_queue_images{model=\"things\"}")).isZero();
        String all = get("/metrics").text();
        assertThat(all)
                .contains(
                        "http_server_requests_seconds_bucket{method=\"POST\"",
                        "uri=\"/predictions/{model}\"",
                        "(\\\"a drawing of a {}.\\\")\"",
                        "jvm_memory_used_bytes")
                .doesNotContain("/predictions/other"); // a label for each name would fill memory
    }

    private static double metric(String name) throws Exception {
        return get("/metrics")
                .text()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    @Test
    void theAccessLogHasALineOfJsonForEachRequest() throws Exception {
        String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        things.post("/not-traced", new byte[1], "traceparent", "no \"trace");
        things.post("/traced", new byte[1], "traceparent", trace);
        assertThat(logged("/traced").path("traceparent").asText()).isEqualTo(trace);
        assertThat(logged("/not-traced").has("traceparent")).isFalse();

        get("/models");
        JsonNode entry = logged("/models");
        assertThat(entry.path("method").asText()).isEqualTo("GET");
        assertThat(entry.path("status").asInt()).isEqualTo(200);
        assertThat(entry.path("client").asText()).isEqualTo("127.0.0.1");
        assertThat(entry.path("time").asText()).matches("\\d{4}-.*Z");
    }

    private static JsonNode logged(String path) throws Exception {
        String line = "";
        while (line.isEmpty()) {
            Thread.sleep(20); // it is written after the answer
            line = LOG.toString(StandardCharsets.UTF_8)
                    .lines()
                    .filter(one -> one.contains("\"" + path + "\""))
                    .findFirst()
                    .orElse("");
        }
        return new ObjectMapper().readTree(line);
    }

    @Test
    void withoutPermissionPagesOfOtherOriginsMayNotRead() throws Exception {
        Answer answer = get("/ping");
        assertThat(answer.header("Access-Control-Allow-Origin")).isEmpty();
        Answer asked = things.get("/ping", "Origin", "https://example.org");
        assertThat(asked.header("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    void picturesOfAFolderAreFoundByWordsAndByPictures() throws Exception {
        JsonNode words = search("{\"words\": \"chair\", \"top\": 3}");
        assertThat(words.path("results")).hasSize(3);
        String first = words.path("results").path(0).path("path").asText();
        float[] text = embedding(embed("\"a photo of a chair.\""));
        float[] image = embedding(embed("{\"image\": \"" + base64(TestService.picture(first)) + "\"}"));
        double cosine = 0;
        for (int i = 0; i < text.length; i++) {
            cosine += text[i] * image[i];
        }
        assertThat(words.path("results").path(0).path("score").asDouble()).isCloseTo(cosine, within(1e-4));
        JsonNode own = search("{\"like\": \"" + first + "\", \"pool\": \"pictures\"}");
        assertThat(own.path("results").path(0).path("path").asText()).isEqualTo(first);
        JsonNode sent =
                search("{\"like\": {\"image\": \"" + base64(TestService.picture(first)) + "\"}, \"unlike\": []}");
        assertThat(sent.path("results").path(0).path("path").asText()).isEqualTo(first);
        assertThat(search("{\"words\": \"chair\", \"not\": \"dog\"}").path("results"))
                .isNotEmpty();
    }

    private static float[] embedding(Answer answer) throws Exception {
        JsonNode values = answer.json().path("data").path(0).path("embedding");
        float[] embedding = new float[values.size()];
        for (int i = 0; i < embedding.length; i++) {
            embedding[i] = (float) values.get(i).asDouble();
        }
        return embedding;
    }

    private static JsonNode search(String request) throws Exception {
        Answer answer = post(SEARCH, utf8(request), "Content-Type", "application/json");
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.json();
    }

    /** A text of more tokens than the context has, in JSON. */
    private static final String TOO_LONG = '"' + "word ".repeat(99) + '"';

    private static String embedding(String input) {
        return "{\"model\":\"things\", \"input\":" + input + "}";
    }

    /** Asks for embeddings of an input, which other properties may follow. */
    private static Answer embed(String input) throws Exception {
        return post(EMBED, utf8(embedding(input)), "Content-Type", "application/json");
    }

    private static String base64(byte[] content) {
        return Base64.getEncoder().encodeToString(content);
    }

    private static void assertVector(JsonNode embedding, float[] expected) {
        assertThat(embedding).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat(embedding.path(i).asDouble()).isCloseTo(expected[i], within(1e-5));
        }
    }

    /** The request is that of OpenAI's clients, such as LangChain4j's. */
    @Test
    void textsAreEmbeddedInOpenAisForm() throws Exception {
        String text = "a photo of a dog";
        Answer answer = post(
                EMBED,
                utf8("{\n  \"model\" : \"things\",\n  \"input\" : [ \"" + text + "\", \"ein Fluß\" ]\n}"),
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer any");
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        JsonNode json = answer.json();
        assertThat(json.path("object").asText()).isEqualTo("list");
        assertThat(json.path("model").asText()).isEqualTo("things");
        assertThat(json.path("data").findValuesAsText("index")).containsExactly("0", "1");
        var clip = things.images().clip();
        assertVector(json.at("/data/0/embedding"), clip.embed(text));
        assertVector(json.at("/data/1/embedding"), clip.embed("ein Fluß"));
        int tokens = 4 + clip.tokenizer().encode(text).length + clip.tokenizer().encode("ein Fluß").length;
        assertThat(json.path("usage").toString())
                .isEqualTo("{\"prompt_tokens\":%d,\"total_tokens\":%d}".formatted(tokens, tokens));
        JsonNode one = embed('"' + text + '"' + ", \"user\":\"me\",\"encoding_format\":\"base64\"")
                .json();
        ByteBuffer packed =
                ByteBuffer.wrap(one.at("/data/0/embedding").binaryValue()).order(ByteOrder.LITTLE_ENDIAN);
        for (float expected : clip.embed(text)) {
            assertThat(packed.getFloat()).isCloseTo(expected, within(1e-5f));
        }
        assertThat(packed.hasRemaining()).isFalse();
        assertThat(embed('"' + text + "\", \"dimensions\":" + clip.embedDim()).status())
                .isEqualTo(200);
    }

    @Test
    void aClipIsKnownByItsName() throws Exception {
        JsonNode models = get("/v1/models").json();
        assertThat(models.path("data").findValuesAsText("id")).containsExactly("things", "coop4j-small");
        Answer answer = post(EMBED, utf8("{\"model\": \"coop4j-small\", \"input\": \"a\"}"));
        assertVector(
                answer.json().at("/data/0/embedding"), things.images().clip().embed("a"));
    }

    @Test
    void textsAndPicturesAreEmbeddedInOneSpace() throws Exception {
        assertThat(base64(other)).as("its slashes are escaped").contains("/");
        Answer answer = embed(
                "[\"Fluß 🐟\", {\"image\":\"%s\"}, {\"text\": \"a chair\"}, {\"image\": \"data:image/png;base64,%s\"}]"
                                .formatted(base64(picture), base64(other).replace("/", "\\/"))
                        + ", \"encoding_format\":\"float\"");
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        var clip = things.images().clip();
        JsonNode data = answer.json().path("data");
        assertVector(data.at("/0/embedding"), clip.embed("Fluß 🐟"));
        assertVector(data.at("/1/embedding"), clip.embed(InputImage.of(picture)));
        assertVector(data.at("/2/embedding"), clip.embed("a chair"));
        assertVector(data.at("/3/embedding"), clip.embed(InputImage.of(other)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "[null]",
                "[[]]",
                "7",
                "[1, 2]",
                "[[1, 2]]",
                "{}",
                "[{}]",
                "{\"image\": 3}",
                "{\"image\": \"\"}",
                "{\"image\": \"no base64\"}",
                "{\"image\": \"data:image/png;base64,eA=\"}",
                "{\"image\": \"https://example.org/a.png\"}",
                "{\"image\": \"eA==",
                "{\"image\": \"eA==\\\"",
                "{\"image\": \"eA==\", \"text\": \"a\"}",
                "{\"image\": \"eA==\"}",
                "\"a\", \"encoding_format\": \"int8\"",
                "\"a\", \"dimensions\": 3",
                "\"a\", \"model\": \"things\""
            })
    void aBadEmbeddingRequestIsRefused(String input) throws Exception {
        Answer answer = embed(input);
        assertThat(answer.status()).as(answer.text()).isEqualTo(400);
        assertThat(answer.error()).isNotEmpty().doesNotContain("\n");
        assertThat(answer.json().at("/error/type").asText()).isEqualTo("invalid_request_error");
    }
}
