package org.coop4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.coop4j.base.JavaChild;
import org.coop4j.clip.Clip;
import org.coop4j.clip.InputImage;
import org.coop4j.clip.ShippedModel;
import org.coop4j.method.ZeroShot;
import org.coop4j.predict.ImageClassifier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code coop mcp} in a process of its own, by the client of the protocol's own SDK and line by line. */
@Timeout(600)
class McpCommandTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path GOLDEN = Path.of("../src/test/resources/golden/text_image");

    @TempDir
    private static Path place;

    private static Path pictures;
    private static Path model;
    private static Path classifier;
    private static String likeliest;

    @BeforeAll
    static void write() throws IOException {
        pictures = Files.createDirectories(place.resolve("pictures"));
        Path sub = Files.createDirectories(pictures.resolve("sub"));
        Path outside = Files.createDirectories(place.resolve("outside"));
        Files.copy(GOLDEN.resolve("butterfly-image_0007.png"), pictures.resolve("butterfly.png"));
        Files.copy(GOLDEN.resolve("chair-image_0013.png"), sub.resolve("chair.png"));
        Files.copy(GOLDEN.resolve("accordion-image_0001.png"), sub.resolve("accordion.png"));
        Files.copy(GOLDEN.resolve("dalmatian-image_0002.png"), outside.resolve("secret.png"));
        Files.createSymbolicLink(pictures.resolve("link.png"), outside.resolve("secret.png"));
        Files.createSymbolicLink(pictures.resolve("nowhere.png"), outside.resolve("absent.png"));
        Files.createSymbolicLink(pictures.resolve("door"), outside);
        model = ShippedModel.file(place);
        classifier = place.resolve("things.safetensors");
        try (Clip clip = Clip.open(model);
                var zeroShot = ZeroShot.classifier(clip, List.of("chair", "butterfly", "dog", "house"))) {
            zeroShot.save().write(classifier);
            try (ImageClassifier images = ImageClassifier.of(clip, zeroShot)) {
                likeliest = images.classify(InputImage.of(pictures.resolve("butterfly.png")))
                        .get(0)
                        .label();
            }
        }
    }

    private static ProcessBuilder process(Object... more) {
        ProcessBuilder process = JavaChild.of(Coop.class, List.of("-XX:+UseSerialGC"), (Object[])
                CommandRun.words("mcp", "--folder", pictures, "-m", model, more));
        process.environment().put("XDG_CACHE_HOME", place.resolve("cache").toString());
        return process;
    }

    private static JsonNode content(CallToolResult result) {
        assertThat(result.isError()).as(result.content().toString()).isFalse();
        return JSON.valueToTree(result.structuredContent());
    }

    private static CallToolResult call(McpSyncClient client, String tool, Map<String, Object> arguments) {
        return client.callTool(new CallToolRequest(tool, arguments, null));
    }

    private static String refused(McpSyncClient client, String tool, Map<String, Object> arguments) {
        CallToolResult result = call(client, tool, arguments);
        assertThat(result.isError()).isTrue();
        return result.content().toString();
    }

    @Test
    void theClientOfTheSdkListsAndCallsTheTools() throws Exception {
        List<String> command = process("-p", classifier).command();
        ServerParameters parameters = ServerParameters.builder(command.get(0))
                .args(command.subList(1, command.size()))
                .addEnvVar("XDG_CACHE_HOME", place.resolve("cache").toString())
                .build();
        try (McpSyncClient client = McpClient.sync(new StdioClientTransport(parameters, McpJsonDefaults.getMapper()))
                .requestTimeout(Duration.ofMinutes(5))
                .initializationTimeout(Duration.ofMinutes(5))
                .build()) {
            assertThat(client.initialize().serverInfo().name()).isEqualTo("coop4j");
            assertThat(client.ping()).isNotNull();
            assertThat(client.listTools().tools())
                    .extracting(Tool::name)
                    .containsExactly("classify", "classify_with", "search", "describe");

            JsonNode two = content(
                    call(client, "classify", Map.of("paths", List.of("butterfly.png", "absent.png"), "top", 2)));
            assertThat(two.at("/results/0/labels")).hasSize(2);
            assertThat(two.at("/results/0/labels/0/label").asText()).isEqualTo(likeliest);
            assertThat(two.at("/results/1/error").asText()).contains("no such file", "absent.png");
            JsonNode named = content(call(
                    client,
                    "classify_with",
                    Map.of(
                            "paths",
                            List.of(pictures.resolve("sub/chair.png").toString()),
                            "classes",
                            List.of("chair", "dalmatian"))));
            assertThat(named.at("/results/0/labels")).hasSize(2);

            List<String> found = content(call(client, "search", Map.of("text", "a chair")))
                    .path("results")
                    .findValuesAsText("path");
            assertThat(found).containsExactlyInAnyOrder("butterfly.png", "sub/chair.png", "sub/accordion.png");
            JsonNode like =
                    content(call(client, "search", Map.of("folder", "sub", "like", "sub/accordion.png", "limit", 1)));
            assertThat(like.path("results").findValuesAsText("path")).containsExactly("sub/accordion.png");

            JsonNode all = content(call(client, "describe", Map.of()));
            assertThat(all.at("/classifiers/0/name").asText()).isEqualTo("things");
            assertThat(all.at("/classifiers/0/classNames")).hasSize(4);

            for (String outside : List.of("../outside/secret.png", "link.png", "door/secret.png", "/etc/hostname")) {
                assertThat(refused(client, "classify", Map.of("paths", List.of(outside))))
                        .contains("is outside");
                assertThat(refused(client, "search", Map.of("like", outside))).contains("is outside");
            }
            assertThat(refused(client, "search", Map.of("text", "a", "folder", "door")))
                    .contains("is outside");
            assertThat(refused(client, "classify", Map.of("paths", List.of("butterfly.png"), "classifier", "pets")))
                    .contains("expected one of [things]", "pets");
            assertThat(refused(client, "search", Map.of("text", "a", "limit", 51)))
                    .contains("limit: expected 1 to 50");
            assertThat(refused(
                            client, "classify_with", Map.of("paths", List.of("butterfly.png"), "classes", List.of())))
                    .contains("classes: expected an array of 2 to 100 texts");
        }
    }

    @Test
    void theEndOfInputEndsTheProcessAndEachLineIsAnsweredByOne() throws Exception {
        Path requests = Files.writeString(
                place.resolve("requests.txt"),
                """
                {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{}}}
                {"jsonrpc":"2.0","method":"notifications/initialized"}

                no JSON
                [1]
                {"jsonrpc":"2.0","id":"a","method":"tools/list"}
                {"jsonrpc":"2.0","id":2,"method":"resources/list"}
                {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"delete"}}
                {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"classify","arguments":{"paths":["butterfly.png"]}}}
                {"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"classify_with","arguments":{"paths":["butterfly.png"],"classes":["a\\nb","c"]}}}
                {"jsonrpc":"2.0","id":6,"result":{}}
                """);
        Path out = place.resolve("out.txt");
        Process process = process()
                .redirectInput(requests.toFile())
                .redirectOutput(out.toFile())
                .redirectError(place.resolve("err.txt").toFile())
                .start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(place.resolve("err.txt")))
                .isZero();
        List<JsonNode> answers = new ArrayList<>();
        for (String line : Files.readAllLines(out)) {
            answers.add(JSON.readTree(line));
        }
        assertThat(answers)
                .extracting(one -> one.path("id").toString())
                .containsExactly("0", "null", "null", "\"a\"", "2", "3", "4", "5");
        assertThat(answers.get(0).at("/result/protocolVersion").asText()).isEqualTo("2024-11-05");
        assertThat(answers)
                .extracting(one -> one.at("/error/code").asInt())
                .containsExactly(0, -32700, -32600, 0, -32601, -32602, 0, 0);
        assertThat(answers.get(3).at("/result/tools").findValuesAsText("name")).hasSize(4);
        assertThat(answers.get(6).at("/result/isError").asBoolean()).isTrue();
        assertThat(answers.get(6).at("/result/content/0/text").asText()).contains("use classify_with");
        assertThat(answers.get(7).at("/result/structuredContent/results/0/labels"))
                .hasSize(2);
    }

    @Test
    void aServerWithNothingToAnswerWithIsRefused() {
        assertThat(coop("mcp", "--folder", pictures).failed(2)).contains("-p RUN, or -m MODEL");
        assertThat(coop("mcp", "--folder", place.resolve("absent"), "-m", model).failed(1))
                .contains("absent is not a folder");
    }
}
