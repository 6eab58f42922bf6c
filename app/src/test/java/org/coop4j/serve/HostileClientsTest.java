package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.management.ThreadMXBean;
import io.javalin.http.HandlerType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.image.ImageDecoder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clients that try to stop a service: bombs, slow requests, broken ones, and pages of other origins. */
@Timeout(600)
class HostileClientsTest {

    private static final String PREDICT = "/predictions/things";
    private static final String INFER = "/v2/models/things/infer";
    private static final String POST = "POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\n";

    @TempDir
    private static Path folder;

    private static final Duration READ_TIME = Duration.ofMinutes(10);
    private static final Duration DRAIN_TIME = Duration.ofMinutes(1);

    private static byte[] picture;

    /** For tests that do not block the classifier. */
    private static TestService service;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeAll
    static void begin() throws IOException {
        picture = Files.readAllBytes(Path.of("../src/test/resources/golden/text_image/chair-image_0013.png"));
        service = start();
    }

    @AfterAll
    static void end() throws IOException {
        service.close();
    }

    private static ch.qos.logback.classic.Logger root() {
        return (ch.qos.logback.classic.Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    }

    @BeforeEach
    void listen() {
        log.start();
        root().addAppender(log);
    }

    @AfterEach
    void theLogIsClean() {
        root().detachAppender(log);
        assertThat(log.list).noneMatch(event -> event.getLevel().isGreaterOrEqual(Level.WARN));
    }

    private static ServiceOptions.Limits limits(int connections) {
        return new ServiceOptions.Limits(16 << 20, 128 << 20, READ_TIME, connections, DRAIN_TIME);
    }

    private static TestService start(ServiceOptions options, int queue, Duration decodeTime) throws IOException {
        EncodingLimits limits = new EncodingLimits(1, Duration.ZERO, queue, 4_000_000, decodeTime);
        return TestService.start(folder, limits, options, Optional.empty());
    }

    private static TestService start() throws IOException {
        return start(TestService.onLoopback(0, limits(256)), 4, ImageDecoder.ANY_TIME);
    }

    private static Answer post(TestService service, String path, byte[] body, String... headers)
            throws IOException, InterruptedException {
        return Answer.of("POST", service.uri(path), body, headers);
    }

    private static CompletableFuture<Answer> later(TestService service, String path, byte[] body) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return post(service, path, body);
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                work -> new Thread(work).start());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String metrics(TestService service) throws IOException, InterruptedException {
        return Answer.of("GET", service.uri("/metrics"), null).text();
    }

    @Test
    void aPictureOfTooManyScansOrTooMuchWorkIsRefusedAndOthersAreAnswered() throws Exception {
        Map<byte[], String> refused = Map.of(
                HostilePictures.scanBomb(200, 500), "more than 100 scans",
                HostilePictures.scanBomb(1900, 80), "more than 13 scans"); // 4 million pixels may have 12
        try (TestService own = start(TestService.onLoopback(), 4, ImageDecoder.ANY_TIME)) {
            for (Map.Entry<byte[], String> bomb : refused.entrySet()) {
                Answer answer = post(own, PREDICT, bomb.getKey());
                assertThat(answer.status()).isEqualTo(422);
                assertThat(answer.error()).contains(bomb.getValue());
            }
            assertThat(post(own, PREDICT, picture).status()).isEqualTo(200);
        }
    }

    @Test
    void aPictureThatTakesTooLongIsRefused() throws Exception {
        try (TestService own = start(TestService.onLoopback(), 4, Duration.ofNanos(1))) {
            Answer answer = post(own, PREDICT, picture);
            assertThat(answer.status()).isEqualTo(422);
            assertThat(answer.error()).contains("takes more than 0 ms");
        }
    }

    @Test
    void aPictureWhoseClientHasLeftIsNotClassified() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger classified = new AtomicInteger();
        try (TestService own = start()) {
            ServiceLimitsTest.block(own, begun, go);
            Runnable blocked = own.classifier.before;
            own.classifier.before = () -> {
                classified.incrementAndGet();
                blocked.run();
            };
            CompletableFuture<Answer> first = later(own, PREDICT, picture);
            begun.await();
            try (Socket socket = ServiceLimitsTest.connected(own)) {
                socket.getOutputStream().write(utf8(POST + "Content-Length: " + picture.length + "\r\n\r\n"));
                socket.getOutputStream().write(picture);
                ServiceLimitsTest.awaitWaiting(own, 1);
            }
            go.countDown();
            assertThat(first.get().status()).isEqualTo(200);
            assertThat(post(own, PREDICT, picture).status()).isEqualTo(200);
            assertThat(classified).hasValue(2);
        }
    }

    private static byte[] treeBomb(String before, String element, int bytes) {
        return utf8(before + element.repeat(bytes / element.length()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"inputs\":[", "{\"other\":[", "{\"outputs\":[{},", "{\"inputs\":[{\"shape\":["})
    void aTreeBombTakesNoMemory(String before) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        String element = before.endsWith("\"shape\":[") ? "1," : "[],";
        byte[] bomb = treeBomb(before, element, 16 << 20);
        long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        assertThatThrownBy(() -> InferenceRequest.of(new ByteArrayInputStream(bomb)))
                .isInstanceOf(Refusal.class);
        assertThat(threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated)
                .isLessThan(bomb.length);
    }

    @Test
    void manyTreeBombsAtOnceAreRefusedAndOthersAreAnswered() throws Exception {
        byte[] bomb = treeBomb("{\"inputs\":[", "[],", 15 << 20);
        ServiceOptions.Limits limits = new ServiceOptions.Limits(16 << 20, 1 << 30, READ_TIME, 64, DRAIN_TIME);
        try (TestService own = start(TestService.onLoopback(0, limits), 4, ImageDecoder.ANY_TIME)) {
            List<CompletableFuture<Answer>> bombs = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                bombs.add(later(own, INFER, bomb));
            }
            assertThat(post(own, PREDICT, picture).status()).isEqualTo(200);
            for (CompletableFuture<Answer> one : bombs) {
                assertThat(one.get().status()).isEqualTo(400);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1\r\na\r\n0\r\nX: ", "1\r\na\r\n1;", "", "1"})
    void aBodyThatArrivesByteByByteHasOneDeadline(String begun) throws Exception {
        try (Socket socket = ServiceLimitsTest.connected(service)) {
            ServiceLimitsTest.drip(service, socket, POST + "Transfer-Encoding: chunked\r\n\r\n" + begun);
            assertThat(ServiceLimitsTest.answer(socket)).doesNotContain("HTTP/1.1 200");
        }
        assertThat(post(service, PREDICT, picture).status()).isEqualTo(200);
    }

    /** A request on a connection that was used before has its own time. */
    @Test
    void theDeadlineIsThatOfEachRequest() throws Exception {
        String ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\n";
        try (Socket socket = ServiceLimitsTest.connected(service)) {
            for (int i = 0; i < 4; i++) {
                int made = service.clock().made();
                socket.getOutputStream().write(utf8(ping + "\r\n"));
                assertThat(ServiceLimitsTest.json(socket)).startsWith("HTTP/1.1 200 ");
                service.clock().await(made + 2); // the time of the next request has begun
                service.clock().advance(READ_TIME.dividedBy(2));
            }
            ServiceLimitsTest.drip(service, socket, ping + "X: ");
            assertThat(ServiceLimitsTest.answer(socket)).isEmpty();
        }
    }

    @Test
    void connectionsWithoutTheTokenMakeRoom() throws Exception {
        ServiceOptions options =
                new ServiceOptions("127.0.0.1", 0, Optional.of("correct-horse"), Optional.empty(), limits(4));
        List<Socket> strangers = new ArrayList<>();
        try (TestService own = start(options, 4, ImageDecoder.ANY_TIME)) {
            for (int i = 0; i < 12; i++) {
                Socket stranger = new Socket(
                        InetAddress.getLoopbackAddress(), own.uri("/").getPort());
                strangers.add(stranger);
                stranger.getOutputStream().write(utf8("POST / HTTP/1.1\r\nHost: loc"));
            }
            assertThat(post(own, PREDICT, picture, "Authorization", "Bearer correct-horse")
                            .status())
                    .isEqualTo(200);
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }

    @Test
    void inventedMethodsAreOneInTheMetrics() throws Exception {
        for (int i = 0; i < 50; i++) {
            char invented = (char) ('A' + i % 26);
            assertThat(ServiceLimitsTest.raw(
                            service,
                            "INVENTED" + invented + " /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 501 ")
                    .contains("{\"error\":");
        }
        assertThat(metrics(service)).contains("method=\"other\"").doesNotContain("INVENTED");
        assertThat(HandlerType.values()).noneMatch(type -> type.name().startsWith("INVENTED"));
    }

    private static byte[] inference(int pictures) {
        String one = '"' + Base64.getEncoder().encodeToString(picture) + '"';
        return utf8("{\"inputs\": [{\"name\": \"image\", \"datatype\": \"BYTES\", \"shape\": [%d], \"data\": %s}]}"
                .formatted(pictures, Collections.nCopies(pictures, one)));
    }

    @Test
    void aRefusedRequestLeavesNoPictureInTheQueue() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (TestService own = start()) {
            ServiceLimitsTest.block(own, begun, go);
            List<CompletableFuture<Answer>> accepted = new ArrayList<>();
            accepted.add(later(own, PREDICT, picture));
            begun.await();
            accepted.add(later(own, INFER, inference(2)));
            ServiceLimitsTest.awaitWaiting(own, 2);
            Answer busy = post(own, INFER, inference(3));
            assertThat(busy.status()).isEqualTo(429);
            assertThat(busy.header("Retry-After")).isPresent();
            Answer never = post(own, INFER, inference(5));
            assertThat(never.status()).isEqualTo(413);
            assertThat(never.header("Retry-After")).isEmpty();
            assertThat(own.images().waiting()).isEqualTo(2);
            go.countDown();
            for (CompletableFuture<Answer> one : accepted) {
                assertThat(one.get().status()).isEqualTo(200);
            }
            assertThat(metrics(own)).contains("coop_batches_total{model=\"things\"} 3.0");
        }
    }

    @Test
    void stoppingWaitsForALimitedTimeAndAnswersWhatItGivesUp() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (TestService own = start()) {
            ServiceLimitsTest.block(own, begun, go);
            List<CompletableFuture<Answer>> accepted = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                accepted.add(later(own, PREDICT, picture));
            }
            begun.await();
            ServiceLimitsTest.awaitWaiting(own, 2);
            int made = own.clock().made();
            Thread stopping = new Thread(own::stop);
            stopping.start();
            own.clock().await(made + 1);
            own.clock().advance(DRAIN_TIME);
            for (CompletableFuture<Answer> one : accepted) {
                Answer answer = one.get();
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.error()).contains("stopping");
            }
            stopping.join();
            go.countDown();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zz\r\nabc\r\n0\r\n\r\n", "-1\r\nabc\r\n0\r\n\r\n", "3\r\nabcdef\r\n0\r\n\r\n"})
    void aBrokenUploadIsABadRequest(String body) throws Exception {
        String answer = ServiceLimitsTest.raw(service, POST + "Transfer-Encoding: chunked\r\n\r\n" + body);
        assertThat(answer).startsWith("HTTP/1.1 400 ").contains("{\"error\":");
        try (Socket socket = ServiceLimitsTest.connected(service)) { // one that leaves
            socket.getOutputStream().write(utf8(POST + "Content-Length: 1000\r\n\r\nabc"));
        }
        String nameless = "--edge\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--edge--\r\n";
        Answer form = post(service, PREDICT, utf8(nameless), "Content-Type", "multipart/form-data; boundary=edge");
        assertThat(form.status()).isEqualTo(400);
        assertThat(post(service, PREDICT, picture).status()).isEqualTo(200);
    }

    private static String get(String host) {
        return "GET /ping HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
    }

    @Test
    void onLoopbackOtherNamesAreRefused() throws Exception {
        for (String ours : List.of("localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080")) {
            assertThat(ServiceLimitsTest.raw(service, get(ours))).startsWith("HTTP/1.1 200 ");
        }
        for (String other : List.of("evil.example", "localhost.evil.example", "127.0.0.2", "10.0.0.1:8080")) {
            assertThat(ServiceLimitsTest.raw(service, get(other)))
                    .startsWith("HTTP/1.1 421 ")
                    .contains("Content-Security-Policy: ")
                    .contains("{\"error\":\"");
        }
        assertThat(metrics(service)).contains("status=\"421\"");
    }

    @Test
    void namesAreComparedWithoutCase() throws Exception {
        ServiceOptions options = new ServiceOptions(
                "LocalHost", 0, Optional.empty(), Optional.of("https://Proxy.Example:8443"), limits(8));
        try (TestService own = start(options, 4, ImageDecoder.ANY_TIME)) {
            for (String name : List.of("localhost", "LocalHost:1", "proxy.example", "PROXY.example:8443")) {
                assertThat(ServiceLimitsTest.raw(own, get(name))).startsWith("HTTP/1.1 200 ");
            }
            assertThat(ServiceLimitsTest.raw(own, get("other.example"))).startsWith("HTTP/1.1 421 ");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Origin: http://evil.example, 403",
        "Origin: null, 403",
        "Origin: http://localhost:1, 403",
        "Sec-Fetch-Site: cross-site, 403",
        "Sec-Fetch-Site: same-site, 403",
        "Origin: http://localhost, 200",
        "Sec-Fetch-Site: same-origin, 200",
        "X-Other: none, 200"
    })
    void aPostFromAnotherOriginIsRefusedBeforeWorkIsDone(String header, int status) throws Exception {
        long before = service.images().batches();
        String head = POST + header + "\r\nConnection: close\r\nContent-Length: " + picture.length + "\r\n\r\n";
        try (Socket socket = ServiceLimitsTest.connected(service)) {
            OutputStream out = socket.getOutputStream();
            out.write(utf8(head));
            out.write(picture);
            byte[] answer = socket.getInputStream().readNBytes(12);
            assertThat(new String(answer, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 " + status);
        }
        assertThat(service.images().batches() - before).isEqualTo(status == 200 ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({
        "NONSENSE, 400",
        "GET /ping HTTP/9.9, 505",
        "GET /a%00b HTTP/1.1, 400",
        "GET /%zz HTTP/1.1, 400",
        "GET /ping HTTP/1.1 X, 400"
    })
    void errorsOfTheServerItselfHaveTheFormOfOthers(String line, int status) throws Exception {
        String answer = ServiceLimitsTest.raw(service, line + "\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer)
                .startsWith("HTTP/1.1 " + status)
                .contains("Content-Type: application/json")
                .contains("X-Content-Type-Options: nosniff")
                .contains("{\"error\":\"")
                .doesNotContain("Exception", "org.eclipse");
        assertThat(metrics(service)).contains("status=\"" + status + "\"");
    }

    @Test
    void hugeHeadersHaveTheFormOfOtherErrors() throws Exception {
        assertThat(ServiceLimitsTest.raw(service, POST + "X: " + "x".repeat(20_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ")
                .contains("{\"error\":\"");
        assertThat(metrics(service)).contains("status=\"431\"");
    }

    @Test
    void aMalformedInferenceIsRefusedByName() throws Exception {
        String good = new String(inference(1), StandardCharsets.UTF_8);
        for (String shape : List.of("[-1,-1]", "[\"1\"]", "[1.9]", "[]", "[null]", "null", "1", "[4294967297]")) {
            assertRefused(service, good.replace("[1]", shape), "shape");
        }
        assertRefused(service, good.replace("\"shape\": [1],", ""), "shape");
        for (String outputs : List.of("\"x\"", "{}", "[1]", "[{}]", "[null]", "[{\"name\": 1}]")) {
            assertRefused(service, good.replaceFirst("\\{", "{\"outputs\": " + outputs + ","), "outputs");
        }
        assertRefused(service, good.replaceFirst("\"data\": .*]}", "\"data\": [\"x!\"]}"), "data");
        assertRefused(service, good.replaceFirst("\\{", "{\"parameters\": {\"top_k\": \"2\"},"), "top_k");
        assertRefused(service, good.replaceFirst("\\{", "{\"id\": \"" + "x".repeat(100_000) + "\","), "long");
    }

    private static void assertRefused(TestService service, String json, String name) throws Exception {
        Answer answer = post(service, INFER, utf8(json));
        assertThat(answer.status()).as(json.substring(0, 80)).isEqualTo(400);
        assertThat(answer.error()).contains(name).doesNotContainIgnoringCase("jackson", "StreamRead", "java");
    }
}
