package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.coop4j.base.Resource;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.image.ImageDecoder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Service limits: slow clients, many clients, clients without a token, and clients at shutdown. */
@Timeout(600)
class ServiceLimitsTest {

    private static final String PREDICT = "/predictions/things";
    private static final String EMBED = "/v1/embeddings";

    @TempDir
    private static Path folder;

    private static ApiDescription description;
    private static byte[] picture;

    @BeforeAll
    static void read() throws IOException {
        picture = Files.readAllBytes(Path.of("../src/test/resources/golden/text_image/chair-image_0013.png"));
        description = ApiDescription.of(Resource.text(PredictionService.class, "openapi.yaml"));
    }

    private static TestService start(ServiceOptions options, int queue) throws IOException {
        EncodingLimits limits =
                new EncodingLimits(1, Duration.ZERO, queue, picture.length * 1000L, ImageDecoder.ANY_TIME);
        return TestService.start(folder, limits, options, Optional.empty());
    }

    private static CompletableFuture<Answer> later(TestService service) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return Answer.of("POST", service.uri(PREDICT), picture);
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                work -> new Thread(work).start());
    }

    /** Blocks the classifier until {@code go} is open; {@code begun} is opened when it waits. */
    static void block(TestService service, CountDownLatch begun, CountDownLatch go) {
        service.classifier.before = () -> {
            begun.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
    }

    static void awaitWaiting(TestService service, int images) throws InterruptedException {
        while (service.images().waiting() < images) {
            Thread.sleep(5);
        }
    }

    @Test
    void aFullQueueIsToldAndWhatWaitsIsAnswered() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (TestService service = start(TestService.onLoopback(), 2)) {
            block(service, begun, go);
            List<CompletableFuture<Answer>> accepted = new ArrayList<>();
            accepted.add(later(service));
            begun.await();
            for (int waiting = 1; waiting <= 2; waiting++) {
                accepted.add(later(service));
                awaitWaiting(service, waiting);
            }
            Answer refused = Answer.of("POST", service.uri(PREDICT), picture);
            description.check("POST", PREDICT, refused);
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.header("Retry-After")).hasValue("1");
            assertThat(refused.error()).contains("things is busy").contains("2 images");
            byte[] text = "{\"model\":\"things\",\"input\":\"a\"}".getBytes(StandardCharsets.UTF_8);
            Answer text429 = Answer.of("POST", service.uri(EMBED), text);
            description.check("POST", EMBED, text429);
            assertThat(text429.status()).isEqualTo(429);
            go.countDown();
            for (CompletableFuture<Answer> one : accepted) {
                assertThat(one.get().status()).isEqualTo(200);
            }
            assertThat(Answer.of("POST", service.uri(PREDICT), picture).status())
                    .isEqualTo(200);
        }
    }

    /** A picture may wait in the queue for longer than the read time. */
    @Test
    void waitingInTheQueueIsNotTakenForIdleness() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        ServiceOptions.Limits limits = ServiceOptions.Limits.of(16 << 20, Duration.ofSeconds(2), 256);
        try (TestService service = start(TestService.onLoopback(0, limits), 2)) {
            block(service, begun, go);
            CompletableFuture<Answer> slow = later(service);
            begun.await();
            Thread.sleep(3000); // for Jetty, which has its own clock
            service.clock().advance(Duration.ofHours(1));
            go.countDown();
            assertThat(slow.get().status()).isEqualTo(200);
        }
    }

    @Test
    void closingAnswersWhatWasAcceptedAndNothingElse() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        TestService service = start(TestService.onLoopback(), 8);
        block(service, begun, go);
        List<CompletableFuture<Answer>> accepted = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            accepted.add(later(service));
        }
        begun.await();
        awaitWaiting(service, 3);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(
                () -> {
                    try {
                        service.close();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                },
                work -> new Thread(work).start());
        awaitRefusal(service);
        assertThat(closed).isNotDone();
        go.countDown();
        for (CompletableFuture<Answer> one : accepted) {
            assertThat(one.get().status()).isEqualTo(200);
        }
        closed.get();
    }

    private static void awaitRefusal(TestService service) throws InterruptedException {
        while (true) {
            try {
                Socket socket = new Socket(
                        InetAddress.getLoopbackAddress(), service.uri("/").getPort());
                socket.close();
                Thread.sleep(10);
            } catch (IOException e) {
                return;
            }
        }
    }

    /**
     * Sends the parts one after another, and returns everything received until the connection closed.
     */
    static String raw(TestService service, String head, String... later) throws Exception {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), service.uri("/").getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            try {
                for (String part : later) {
                    Thread.sleep(5);
                    out.write(part.getBytes(StandardCharsets.US_ASCII));
                    out.flush();
                }
            } catch (SocketException e) {
                // It was closed, as it should be.
            }
            return answer(socket);
        }
    }

    /** Connects to a service, whose clock knows of it then. */
    static Socket connected(TestService service) throws Exception {
        int made = service.clock().made();
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), service.uri("/").getPort());
        service.clock().await(made + 1);
        return socket;
    }

    /**
     * Sends the beginning of a request, and then a byte every minute for twice the time of a request, which begins
     * anew when the service knows the headers. The connection is closed then, or soon.
     */
    static void drip(TestService service, Socket socket, String begun) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(begun.getBytes(StandardCharsets.US_ASCII));
        for (int minutes = 0; minutes < 25; minutes++) {
            try {
                out.write('x');
            } catch (SocketException e) {
                // It is closed.
            }
            service.clock().advance(Duration.ofMinutes(1));
        }
    }

    /** Waits until a thread of a service waits for more of a body. */
    private static void awaitReading() throws InterruptedException {
        while (Thread.getAllStackTraces().values().stream()
                .map(Arrays::toString)
                .noneMatch(stack -> stack.contains("Uploads.receive") && stack.contains("Semaphore.acquire"))) {
            Thread.sleep(5);
        }
    }

    /** Returns an answer to the end of its JSON. */
    static String json(Socket socket) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf("}") < 0) {
            text.append((char) socket.getInputStream().read());
        }
        return text.toString();
    }

    /** Returns everything received until the connection closed. */
    static String answer(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder text = new StringBuilder();
        try {
            for (int c = in.read(); c >= 0; c = in.read()) {
                text.append((char) c);
            }
        } catch (SocketException e) {
            // Reset, since not all that was sent has been read.
        }
        return text.toString();
    }

    private static String post(int length) {
        return "POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + "\r\n\r\n";
    }

    /** The connection of a refused request can be used for the next one. */
    @Test
    void theBodyOfARefusedRequestIsReadAwayBeforeTheAnswer() throws Exception {
        ServiceOptions plain = TestService.onLoopback();
        ServiceOptions options =
                new ServiceOptions(plain.host(), 0, Optional.of("correct-horse"), Optional.empty(), plain.limits());
        String next = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        try (TestService service = start(options, 2)) {
            assertThat(raw(service, post(6), "abc", "", "def", next))
                    .startsWith("HTTP/1.1 401 ")
                    .contains("HTTP/1.1 200 ");
            String expecting = post(6).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
            assertThat(raw(service, expecting)).startsWith("HTTP/1.1 401 ").containsIgnoringCase("connection: close");
        }
    }

    @Test
    void aClientThatIsTooSlowIsTurnedAway() throws Exception {
        try (TestService service = start(TestService.onLoopback(), 2)) {
            try (Socket socket = connected(service)) {
                OutputStream out = socket.getOutputStream();
                out.write(post(1000).getBytes(StandardCharsets.US_ASCII));
                for (int i = 0; i < 10; i++) {
                    out.write('x');
                    awaitReading();
                    service.clock().advance(Duration.ofMinutes(1));
                }
                assertThat(json(socket)).startsWith("HTTP/1.1 408 ").contains("600,000 ms");
                service.clock().advance(Duration.ofMinutes(1));
                assertThat(answer(socket)).isEmpty();
            }
            for (String begun : List.of("POST " + PREDICT, "POST " + PREDICT + " HTTP/1.1\r\nHost: ")) {
                try (Socket socket = connected(service)) {
                    drip(service, socket, begun);
                    assertThat(answer(socket)).isEmpty();
                }
            }
            assertThat(Answer.of("POST", service.uri(PREDICT), picture).status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aBodyWithoutALengthHasTheSameLimit() throws Exception {
        ServiceOptions.Limits limits = ServiceOptions.Limits.of(picture.length, Duration.ofMinutes(10), 256);
        try (TestService service = start(TestService.onLoopback(0, limits), 2)) {
            assertThat(Answer.of("POST", service.uri(PREDICT), picture).status())
                    .isEqualTo(200);
            byte[] more = Arrays.copyOf(picture, picture.length + 1);
            assertThat(Answer.of("POST", service.uri(PREDICT), more).status()).isEqualTo(413);
            String chunk = "%x\r\n".formatted(picture.length) + "x".repeat(picture.length) + "\r\n";
            String head = "POST "
                    + PREDICT
                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n";
            assertThat(raw(service, head + chunk + "0\r\n\r\n")).startsWith("HTTP/1.1 400 ");
            assertThat(raw(service, head + chunk + chunk + "0\r\n\r\n"))
                    .startsWith("HTTP/1.1 413 ")
                    .contains("%,d".formatted(picture.length));
        }
    }

    /** Held requests take memory; requests beyond it are refused, and it is released. */
    @Test
    void allRequestsTogetherHaveALimitOfMemory() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        int bytes = 1 << 17;
        assertThat(picture.length).isBetween(bytes / 4, bytes);
        ServiceOptions.Limits limits =
                new ServiceOptions.Limits(bytes, bytes, Duration.ofMinutes(10), 16, Duration.ofMinutes(1));
        try (TestService service = start(TestService.onLoopback(0, limits), 16)) {
            block(service, begun, go);
            CompletableFuture<Answer> first = later(service);
            begun.await();
            List<CompletableFuture<Answer>> more = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                more.add(later(service));
            }
            Answer refused = CompletableFuture.anyOf(more.toArray(CompletableFuture[]::new))
                    .thenApply(Answer.class::cast)
                    .get();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.error()).contains("memory");
            go.countDown();
            assertThat(first.get().status()).isEqualTo(200);
            for (CompletableFuture<Answer> one : more) {
                one.get();
            }
            for (int i = 0; i < 8; i++) {
                assertThat(later(service).get().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void moreConnectionsThanAllowedWait() throws Exception {
        ServiceOptions.Limits limits = ServiceOptions.Limits.of(16 << 20, Duration.ofMinutes(10), 2);
        try (TestService service = start(TestService.onLoopback(0, limits), 2);
                Socket first = connected(service);
                Socket second = connected(service);
                Socket third = new Socket(
                        InetAddress.getLoopbackAddress(), service.uri("/").getPort())) {
            assertThat(first.isConnected() && second.isConnected()).isTrue();
            third.getOutputStream()
                    .write("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            // The others are idle, so that their time ends, and the third's turn comes.
            service.clock().advance(Duration.ofMinutes(10));
            assertThat((char) third.getInputStream().read()).isEqualTo('H');
        }
    }

    @Test
    void aTokenIsAskedForButOfThePageAndSignsOfLife() throws Exception {
        ServiceOptions plain = TestService.onLoopback();
        ServiceOptions options =
                new ServiceOptions(plain.host(), 0, Optional.of("correct-horse"), Optional.empty(), plain.limits());
        try (TestService service = start(options, 2)) {
            for (String path : List.of("/", "/page.js", "/ping", "/v2/health/live")) {
                assertThat(Answer.of("GET", service.uri(path), null).status()).isEqualTo(200);
            }
            for (String given : List.of("", "Bearer wrong", "Basic correct-horse", "Bearer ")) {
                String[] headers = {"Authorization", given};
                for (String path :
                        List.of("/models", "/metrics", "/v2", "/v2/models/things", "/v2/models/things/ready")) {
                    refused(service, "GET", path, null, headers);
                }
                refused(service, "POST", PREDICT, picture, headers);
                refused(service, "POST", "/v2/models/things/infer", new byte[9], headers);
                refused(service, "POST", EMBED, new byte[9], headers);
            }
            assertThat(Answer.of("POST", service.uri(PREDICT), picture, "Authorization", "Bearer correct-horse")
                            .status())
                    .isEqualTo(200);
        }
    }

    private static void refused(TestService service, String method, String path, byte[] body, String... headers)
            throws IOException, InterruptedException {
        Answer answer = Answer.of(method, service.uri(path), body, headers);
        assertThat(answer.status()).as(path).isEqualTo(401);
        description.check(method, path, answer);
    }

    @Test
    void anotherOriginMayReadWhereItIsAllowed() throws Exception {
        ServiceOptions plain = TestService.onLoopback();
        ServiceOptions options = new ServiceOptions(
                plain.host(), 0, Optional.of("correct-horse"), Optional.of("https://example.org"), plain.limits());
        try (TestService service = start(options, 2)) {
            Answer preflight = Answer.of(
                    "OPTIONS",
                    service.uri(PREDICT),
                    null,
                    "Origin",
                    "https://example.org",
                    "Access-Control-Request-Method",
                    "POST",
                    "Access-Control-Request-Headers",
                    "authorization");
            assertThat(preflight.status()).isEqualTo(200);
            assertThat(preflight.header("Access-Control-Allow-Origin")).hasValue("https://example.org");
            assertThat(preflight.header("Access-Control-Allow-Headers")).hasValue("authorization");
            Answer other = Answer.of("GET", service.uri("/ping"), null, "Origin", "https://example.com");
            assertThat(other.header("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    @Test
    void aPortThatIsTakenIsSaid() throws Exception {
        try (TestService service = start(TestService.onLoopback(), 2)) {
            int port = service.uri("/").getPort();
            assertThatThrownBy(() -> start(TestService.onLoopback(port, TestService.limits()), 2))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + port)
                    .hasMessageContaining("--port");
        }
    }

    @Test
    void valuesThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> TestService.onLoopback(65_536, TestService.limits()))
                .hasMessageContaining("0 to 65535");
        assertThatThrownBy(() -> ServiceOptions.Limits.of(Long.MAX_VALUE, Duration.ofSeconds(30), 256))
                .hasMessageContaining("heap");
        assertThatThrownBy(() -> ServiceOptions.Limits.of(1, Duration.ofSeconds(30), 0))
                .hasMessageContaining("1 or more");
    }
}
