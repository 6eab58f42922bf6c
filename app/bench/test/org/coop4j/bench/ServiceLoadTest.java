package org.coop4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Load tests of a server with known answers. */
class ServiceLoadTest {

    private static final List<byte[]> PICTURES = List.of(new byte[] {'a'}, new byte[] {'b'});
    private static final List<Map<String, Float>> EXPECTED =
            List.of(Map.of("cat", 0.25f, "dog", 0.75f), Map.of("cat", 1f, "dog", 0f));
    private static final Duration SHORT = Duration.ofMillis(100);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger metrics = new AtomicInteger();
    private HttpServer server;

    /** The answer to a request, by its number from 0. */
    private interface Answer {
        String of(int request, String picture);
    }

    private volatile Answer answer;
    private volatile int status = 200;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/predictions/run", this::predict);
        server.createContext("/metrics", exchange -> {
            int megabytes = 100 + metrics.getAndIncrement();
            String lines = "# TYPE process_resident_memory_bytes gauge\n"
                    + "process_resident_memory_bytes "
                    + (double) (megabytes << 20)
                    + "\n";
            reply(exchange, 200, lines);
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void predict(HttpExchange exchange) throws IOException {
        String picture = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        reply(exchange, status, answer.of(requests.getAndIncrement(), picture));
    }

    private static void reply(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static String right(String picture) {
        return picture.equals("a")
                ? "[{\"className\": \"dog\", \"probability\": 0.75},"
                        + " {\"className\": \"cat\", \"probability\": 0.25}]"
                : "[{\"className\": \"cat\", \"probability\": 1.0},"
                        + " {\"className\": \"dog\", \"probability\": 0.0}]";
    }

    private ServiceLoad.Outcome run(List<Map<String, Float>> expected) {
        return new ServiceLoad(uri(), PICTURES, expected).run(2, SHORT);
    }

    private URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/predictions/run");
    }

    @Test
    void everyRightAnswerIsCountedOnceWithItsLatencyAndTheMemory() {
        answer = (request, picture) -> right(picture);
        ServiceLoad.Outcome outcome = run(EXPECTED);
        assertThat(outcome.answered()).isEqualTo(requests.get()).isPositive();
        assertThat(outcome.latencies()).hasSize(requests.get()).isSorted();
        assertThat(List.of(outcome.wrong(), outcome.failed(), outcome.refused()))
                .containsOnly(0);
        assertThat(List.of(outcome.megabytes(0), outcome.megabytes(1), outcome.megabytes(2)))
                .containsExactly(100.0, 101.0, 102.0);
    }

    @Test
    void anAnswerThatIsNotTheExpectedOneIsWrong() {
        answer = (request, picture) -> right(picture).replace("0.75", "0.75000006");
        ServiceLoad.Outcome outcome = run(EXPECTED);
        assertThat(outcome.wrong()).isPositive();
        assertThat(outcome.answered() + outcome.wrong()).isEqualTo(requests.get());
    }

    @Test
    void anAnswerThatChangesIsWrong() {
        answer = (request, picture) -> request == 0 ? right("a") : right("b");
        ServiceLoad.Outcome outcome = new ServiceLoad(uri(), PICTURES.subList(0, 1), List.of()).run(2, SHORT);
        assertThat(outcome.wrong()).isPositive();
    }

    @Test
    void refusalsAndFailuresAreToldApart() {
        answer = (request, picture) -> "{}";
        status = 429;
        ServiceLoad.Outcome refused = run(EXPECTED);
        assertThat(refused.refused()).isEqualTo(requests.get()).isPositive();
        assertThat(refused.failed()).isZero();
        requests.set(0);
        status = 500;
        ServiceLoad.Outcome failed = run(EXPECTED);
        assertThat(failed.failed()).isEqualTo(requests.get()).isPositive();
        server.removeContext("/metrics");
        assertThat(run(EXPECTED).megabytes(2)).isNaN();
    }
}
