package org.coop4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.cli.CommandRun.coop;
import static org.coop4j.cli.CommandRun.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.coop4j.clip.GoldenModels;
import org.coop4j.clip.ShippedModel;
import org.coop4j.clip.TinyModel;
import org.coop4j.data.bank.TestPictures;
import org.coop4j.serve.Answer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The service as a process: its answers for runs of every kind, and its shutdown. */
class ServeCommandTest {

    private static final String[] CLASSES = {"blue sea", "green hill", "red sky", "yellow corn"};
    /** A method of each kind, with options for a short training. */
    private static final Map<String, List<Object>> KINDS = new TreeMap<>(Map.of(
            "coop", List.of("--epochs", 2, "--batch", 4),
            "cocoop", List.of("--epochs", 1, "--batch", 1),
            "linear-probe", List.of(),
            "tip-adapter", List.of()));

    @TempDir
    private static Path folder;

    private static Path model;
    private static Path pictures;

    @BeforeAll
    static void learn() throws IOException {
        model = ShippedModel.file(folder.resolve("model"));
        pictures = TestPictures.folder(folder.resolve("pictures"), 3, CLASSES);
        KINDS.forEach((method, more) -> learn(method, model, method, more));
    }

    private static void learn(String name, Path from, String method, List<Object> more) {
        CommandRun trained = coop(
                "train -m % -d % -q --method % -k 2 -o % --bank",
                from, pictures, method, run(name), folder.resolve("bank"), more);
        assertThat(trained.code()).as(name + trained.err()).isZero();
    }

    private static Path run(String method) {
        return folder.resolve("runs").resolve(method);
    }

    private static CoopProcess serve(Object... more) throws IOException {
        return CoopProcess.start(folder, "serve", "--port", 0, more);
    }

    private static Answer post(int port, String name, Path file) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + "/predictions/" + name);
        return Answer.of("POST", uri, Files.readAllBytes(file));
    }

    /** Returns the probabilities by class that coop predict or coop zero-shot gives a picture. */
    private static Map<String, Float> predicted(Object... words) throws IOException {
        CommandRun done = coop(words).ok();
        Map<String, Float> probabilities = new TreeMap<>();
        JsonNode json = json(done);
        for (var entry : json.path(0).path("probabilities").properties()) {
            probabilities.put(entry.getKey(), entry.getValue().floatValue());
        }
        for (JsonNode entry : json.path("guesses")) {
            probabilities.put(
                    entry.path("label").asText(), entry.path("probability").floatValue());
        }
        return probabilities;
    }

    private static Map<String, Float> served(Answer answer) throws IOException {
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        Map<String, Float> probabilities = new TreeMap<>();
        for (JsonNode entry : answer.json()) {
            probabilities.put(
                    entry.path("className").asText(), entry.path("probability").floatValue());
        }
        return probabilities;
    }

    /** Compares the probabilities up to float32 rounding, as docs/serving.md promises. */
    private static void assertPredicted(Map<String, Float> served, Map<String, Float> predicted) {
        assertThat(served).containsOnlyKeys(predicted.keySet());
        served.forEach((name, probability) ->
                assertThat(probability).as(name).isCloseTo(predicted.get(name), Offset.offset(1e-5f)));
    }

    @Test
    void runsOfEveryKindAreAnsweredAsByPredict() throws Exception {
        Path log = folder.resolve("access.jsonl");
        List<Object> runs = new ArrayList<>();
        KINDS.keySet().forEach(method -> runs.addAll(List.of("-p", run(method))));
        CoopProcess service =
                serve(runs, "-p", "again=" + run("coop"), "-m", model, "-c", "sea,hill,ketch", "--access-log", log);
        int port = service.port();
        Path picture = pictures.resolve("test/red sky/picture-1.png");
        for (String method : KINDS.keySet()) {
            assertPredicted(
                    served(post(port, method, picture)), predicted("predict", "-p", run(method), "--json", picture));
        }
        assertThat(served(post(port, "again", picture))).isEqualTo(served(post(port, "coop", picture)));
        assertPredicted(
                served(post(port, "zero-shot", picture)),
                predicted("zero-shot", "-m", model, "-c", "sea,hill,ketch", "--json", picture));
        JsonNode models = get(port, "/models");
        assertThat(models).hasSize(KINDS.size() + 2);
        JsonNode test = models.path(0).path("test");
        assertThat(test.path("images").asInt()).isEqualTo(3 * CLASSES.length);
        assertThat(test.path("accuracy").isNumber()).isTrue();
        service.terminate();
        CommandRun ended = service.ended().ok();
        assertThat(ended.err())
                .contains("name: ketch")
                .contains("cocoop: CoCoOp")
                .contains("shutting down");
        assertThat(Files.readAllLines(log)).hasSize(KINDS.size() + 4);
    }

    /** Images of a Perception Encoder are squashed to a square, and its prompts have at most 32 tokens. */
    @Test
    void modelsOfOtherFamiliesAnswerAsPredict() throws Exception {
        Path perceptionEncoder = TinyModel.write(TinyModel.PE_CORE, folder.resolve("pe-core.safetensors"), 1);
        learn("pe-core", perceptionEncoder, "coop", List.of("--context", 4, "--epochs", 2, "--batch", 4));
        learn("siglip", GoldenModels.convert("siglip2/huggingface", folder), "gda", List.of());
        for (String name : List.of("pe-core", "siglip")) {
            CoopProcess service = serve("-p", run(name));
            Path picture = pictures.resolve("test/red sky/picture-1.png");
            Map<String, Float> answer = served(post(service.port(), name, picture));
            assertPredicted(answer, predicted("predict", "-p", run(name), "--json", picture));
            assertThat(answer).containsOnlyKeys(CLASSES).doesNotContainValue(0.25f);
            service.terminate();
            service.ended().ok();
        }
    }

    private static JsonNode get(int port, String path) throws Exception {
        Answer answer = Answer.of("GET", URI.create("http://127.0.0.1:" + port + path), null);
        assertThat(answer.status()).as(path).isEqualTo(200);
        return answer.json();
    }

    /** Posts until the service has ended; counts complete answers, and records all others. */
    private static Thread client(int port, AtomicInteger answered, List<String> wrong) {
        Path picture = pictures.resolve("test/blue sea/picture-0.png");
        Thread thread = new Thread(() -> {
            while (true) {
                try {
                    Answer answer = post(port, "coop", picture);
                    if (answer.status() == 200) {
                        answered.incrementAndGet();
                    } else if (answer.status() != 503) {
                        wrong.add(answer.status() + answer.text());
                    }
                } catch (IOException e) {
                    return; // it does not accept any more
                } catch (Exception e) {
                    wrong.add(e.toString());
                    return;
                }
            }
        });
        thread.start();
        return thread;
    }

    @Test
    void aSignalUnderLoadLosesNothingThatWasAccepted() throws Exception {
        Path log = folder.resolve("load.jsonl");
        CoopProcess service = serve("-p", run("coop"), "--access-log", log);
        int port = service.port();
        AtomicInteger answered = new AtomicInteger();
        List<String> wrong = new CopyOnWriteArrayList<>();
        List<Thread> clients =
                Stream.generate(() -> client(port, answered, wrong)).limit(8).toList();
        while (answered.get() < 50) {
            Thread.sleep(5);
        }
        service.terminate();
        CommandRun ended = service.ended();
        for (Thread client : clients) {
            client.join();
        }
        ended.ok();
        assertThat(wrong).isEmpty();
        long accepted = Files.readAllLines(log).stream()
                .filter(line -> line.contains("\"status\":200"))
                .count();
        assertThat(answered.get()).isEqualTo((int) accepted);
    }

    @Test
    @Timeout(1200)
    @DisabledOnOs(OS.WINDOWS)
    void aReplacedClassifierIsTakenOverUnderLoad() throws Exception {
        Path place = Files.createDirectory(folder.resolve("replaced"));
        Path things = Files.copy(classifier("linear-probe"), place.resolve("things.safetensors"));
        Path next = Files.copy(classifier("tip-adapter"), place.resolve("next.safetensors"));
        CoopProcess service = serve("-p", "coop=" + things);
        int port = service.port();
        AtomicInteger answered = new AtomicInteger();
        List<String> wrong = new CopyOnWriteArrayList<>();
        List<Thread> clients =
                Stream.generate(() -> client(port, answered, wrong)).limit(2).toList();
        Path picture = pictures.resolve("test/red sky/picture-1.png");
        Map<String, Float> expected = predicted("predict", "-p", run("tip-adapter"), "--json", picture);
        assertThat(isClose(served(post(port, "coop", picture)), expected)).isFalse();
        Files.move(next, things, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        service.signal("HUP");
        while (!isClose(served(post(port, "coop", picture)), expected)) {
            Thread.sleep(5);
        }
        awaitDescription(port, "Tip-Adapter");
        Files.copy(classifier("tip-adapter").resolveSibling("result.json"), place.resolve("result.json"));
        service.signal("HUP");
        awaitDescription(port, "\"accuracy\"");
        service.terminate();
        assertThat(service.ended().ok().err()).contains("coop was replaced");
        for (Thread client : clients) {
            client.join();
        }
        assertThat(wrong).isEmpty();
    }

    private static void awaitDescription(int port, String part) throws Exception {
        while (!get(port, "/models").toString().contains(part)) {
            Thread.sleep(5);
        }
    }

    private static boolean isClose(Map<String, Float> served, Map<String, Float> predicted) {
        return predicted.keySet().stream().allMatch(name -> Math.abs(served.get(name) - predicted.get(name)) < 1e-4f);
    }

    private static Path classifier(String method) {
        return run(method).resolve("classifier.safetensors");
    }

    /** Starts what the manifests start, with files and ports of this machine in place of theirs, and asks what they probe. */
    @Test
    void theManifestsAreTrueOfTheService() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "correct-horse");
        for (String file : List.of("kubernetes.yaml", "kserve.yaml")) {
            List<JsonNode> documents = new ArrayList<>();
            new YAMLMapper()
                    .readerFor(JsonNode.class)
                    .<JsonNode>readValues(
                            Path.of("../examples/serve").resolve(file).toFile())
                    .forEachRemaining(documents::add);
            JsonNode container = documents.stream()
                    .flatMap(one -> one.findValues("containers").stream())
                    .findFirst()
                    .orElseThrow()
                    .path(0);
            List<String> arguments = new ArrayList<>();
            container.path("args").forEach(one -> arguments.add(one.asText()));
            String declared =
                    container.path("ports").path(0).path("containerPort").asText();
            assertThat(arguments).as(file).containsSubsequence("--port", declared);
            container.findValues("port").forEach(one -> assertThat(one.asText()).isEqualTo(declared));
            documents.forEach(one -> one.findValues("targetPort")
                    .forEach(target -> assertThat(target.asText()).isEqualTo(declared)));

            arguments.replaceAll(
                    one -> one.equals(declared) ? "0" : one.equals("/secret/token") ? token.toString() : one);
            arguments.replaceAll(one -> one.startsWith("things=") ? "things=" + run("linear-probe") : one);
            CoopProcess service = CoopProcess.start(folder, arguments.toArray());
            int port = service.port();
            List<String> probes = container.findValuesAsText("path");
            assertThat(probes).as(file).hasSizeGreaterThan(1);
            for (String path : probes) {
                get(port, path);
            }
            service.terminate();
            service.ended().ok();
        }
    }

    @Test
    void aKilledServiceStartsAgainAtOnce() throws Exception {
        CoopProcess service = serve("-p", run("linear-probe"));
        int port = service.port();
        Path picture = pictures.resolve("test/blue sea/picture-0.png");
        String before = post(port, "linear-probe", picture).text();
        service.kill();
        CoopProcess again = CoopProcess.start(folder, "serve", "-p", run("linear-probe"), "--port", port);
        try {
            assertThat(again.port()).isEqualTo(port);
            assertThat(post(port, "linear-probe", picture).text()).isEqualTo(before);
            assertThat(coop("serve", "-p", run("linear-probe"), "--port", port).failed(1))
                    .contains("cannot listen on 127.0.0.1:" + port)
                    .contains("--port");
        } finally {
            again.kill();
        }
    }

    @Test
    void listeningBeyondThisMachineWithoutATokenIsWarnedOf() throws Exception {
        Path token = Files.writeString(folder.resolve("token.txt"), "correct-horse\n");
        for (List<Object> more : List.of(List.<Object>of(), List.<Object>of("--token-file", token))) {
            CoopProcess service = serve("-p", run("coop"), "--host", "0.0.0.0", more);
            try (Socket stranger = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
                stranger.getOutputStream()
                        .write("GET / HTTP/1.1\r\nHost: stranger\r\nHost: stranger\r\n\r\n".getBytes(UTF_8));
                assertThat(stranger.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 400");
            }
            service.terminate();
            CommandRun ended = service.ended().ok();
            assertThat(ended.err().contains("--token-file")).isEqualTo(more.isEmpty());
            assertThat(ended.err()).doesNotContain("stranger");
        }
    }
}
