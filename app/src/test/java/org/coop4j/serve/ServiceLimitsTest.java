package org.coop4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.serve.TestService.EMBED;
import static org.coop4j.serve.TestService.INFER;
import static org.coop4j.serve.TestService.LABELS;
import static org.coop4j.serve.TestService.POST;
import static org.coop4j.serve.TestService.PREDICT;
import static org.coop4j.serve.TestService.answer;
import static org.coop4j.serve.TestService.json;
import static org.coop4j.serve.TestService.later;
import static org.coop4j.serve.TestService.locked;
import static org.coop4j.serve.TestService.onLoopback;
import static org.coop4j.serve.TestService.send;
import static org.coop4j.serve.TestService.utf8;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.coop4j.base.Resource;
import org.coop4j.http.ServiceOptions;
import org.coop4j.serve.TestService.Busy;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Service limits: slow clients, many clients, clients without a token, and clients at shutdown. */
@Timeout(600)
class ServiceLimitsTest {

    @TempDir
    private static Path folder;

    private static ApiDescription description;
    private static byte[] picture;

    @BeforeAll
    static void read() throws IOException {
        picture = TestService.picture("chair-image_0013.png");
        description = ApiDescription.of(Resource.text(PredictionService.class, "openapi.yaml"));
    }

    private static TestService start(ServiceOptions options, int queue) throws IOException {
        return TestService.start(folder, options, queue);
    }

    /** Checks that a request is refused as it is described. */
    private static Answer refused(
            int status, TestService service, String method, String path, byte[] body, String... headers)
            throws Exception {
        Answer answer = Answer.of(method, service.uri(path), body, headers);
        assertThat(answer.status()).as(path).isEqualTo(status);
        description.check(method, path, answer);
        return answer;
    }

    @Test
    void aFullQueueIsToldAndWhatWaitsIsAnswered() throws Exception {
        try (TestService service = start(onLoopback(), 2)) {
            Busy busy = service.block(picture, 2);
            Answer refused = refused(429, service, "POST", PREDICT, picture);
            assertThat(refused.header("Retry-After")).hasValue("1");
            assertThat(refused.error()).contains("things is busy", "2 images");
            String photo = "{\"id\":\"a\",\"images\":[\"%s\"]}"
                    .formatted(Base64.getEncoder().encodeToString(picture));
            assertThat(refused(429, service, "POST", LABELS, utf8(photo))
                            .json()
                            .path("id")
                            .asText())
                    .isEqualTo("a");
            refused(429, service, "POST", EMBED, utf8("{\"model\":\"things\",\"input\":\"a\"}"));
            busy.go().countDown();
            assertThat(busy.statuses()).containsOnly(200);
            assertThat(service.post(PREDICT, picture).status()).isEqualTo(200);
        }
    }

    /** A picture may wait in the queue for longer than the read time, and than Jetty lets connections be idle. */
    @Test
    void waitingInTheQueueIsNotTakenForIdleness() throws Exception {
        try (TestService service = start(onLoopback(), 2)) {
            Busy busy = service.block(picture, 0);
            service.clock().advance(Duration.ofHours(1));
            service.connector().getConnectedEndPoints().forEach(one -> one.setIdleTimeout(1));
            try (Socket idle = service.connected()) {
                service.connector().getConnectedEndPoints().stream()
                        .filter(one -> one.getIdleTimeout() > 1)
                        .forEach(one -> one.setIdleTimeout(1));
                assertThat(answer(idle))
                        .as("closed by Jetty, after the others' time")
                        .isEmpty();
            }
            // Writing the answer may take longer than the short time.
            service.connector().getConnectedEndPoints().forEach(one -> one.setIdleTimeout(600_000));
            busy.go().countDown();
            assertThat(busy.statuses()).containsExactly(200);
        }
    }

    @Test
    void heatMapsAreOffUnlessTheServiceWasStartedForThem() throws Exception {
        try (TestService service = start(onLoopback(), 2)) {
            assertThat(refused(400, service, "POST", PREDICT + "?why=true", picture)
                            .error())
                    .isEqualTo("why: the service draws no heat maps: start it with coop serve --why");
        }
    }

    @Test
    void closingAnswersWhatWasAcceptedAndNothingElse() throws Exception {
        TestService service = start(onLoopback(), 8);
        Busy busy = service.block(picture, 3);
        CompletableFuture<Boolean> closed = later(() -> {
            service.close();
            return true;
        });
        awaitRefusal(service);
        assertThat(closed).isNotDone();
        busy.go().countDown();
        assertThat(busy.statuses()).containsOnly(200);
        closed.get();
    }

    private static void awaitRefusal(TestService service) throws InterruptedException {
        while (true) {
            try {
                service.socket().close();
                Thread.sleep(10);
            } catch (IOException e) {
                return;
            }
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

    /** The connection of a refused request can be used for the next one. */
    @Test
    void theBodyOfARefusedRequestIsReadAwayBeforeTheAnswer() throws Exception {
        String head = POST + "Content-Length: 6\r\n";
        String next = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        try (TestService service = start(locked(Optional.empty(), TestService.limits()), 2)) {
            assertThat(service.raw(head + "\r\n", "abc", "", "def", next))
                    .startsWith("HTTP/1.1 401 ")
                    .contains("HTTP/1.1 200 ");
            assertThat(service.raw(head + "Expect: 100-continue\r\n\r\n"))
                    .startsWith("HTTP/1.1 401 ")
                    .containsIgnoringCase("connection: close");
        }
    }

    @Test
    void aClientThatIsTooSlowIsTurnedAway() throws Exception {
        try (TestService service = start(onLoopback(), 2)) {
            int made = service.clock().made();
            try (Socket socket = service.connected()) {
                send(socket, POST + "Content-Length: 1000\r\n\r\n");
                service.clock().await(made + 2); // the request has begun
                for (int i = 0; i < 10; i++) {
                    if (i < 5) {
                        send(socket, "x"); // does not move the deadline
                    }
                    awaitReading();
                    service.clock().advance(Duration.ofMinutes(1));
                }
                assertThat(json(socket)).startsWith("HTTP/1.1 408 ").contains("600,000 ms");
                service.clock().advance(Duration.ofMinutes(1));
                assertThat(answer(socket)).isEmpty();
            }
            for (String begun : List.of("POST " + PREDICT, "POST " + PREDICT + " HTTP/1.1\r\nHost: ")) {
                try (Socket socket = service.connected()) {
                    service.drip(socket, begun);
                    assertThat(answer(socket)).isEmpty();
                }
            }
            assertThat(service.post(PREDICT, picture).status()).isEqualTo(200);
        }
    }

    @Test
    void aBodyWithoutALengthHasTheSameLimit() throws Exception {
        ServiceOptions.Limits limits = ServiceOptions.Limits.of(picture.length, Duration.ofMinutes(10), 256);
        try (TestService service = start(onLoopback(0, limits), 2)) {
            assertThat(service.post(PREDICT, picture).status()).isEqualTo(200);
            byte[] more = Arrays.copyOf(picture, picture.length + 1);
            assertThat(service.post(PREDICT, more).status()).isEqualTo(413);
            String chunk = "%x\r\n".formatted(picture.length) + "x".repeat(picture.length) + "\r\n";
            String head = POST + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
            assertThat(service.raw(head + chunk + "0\r\n\r\n")).startsWith("HTTP/1.1 400 ");
            assertThat(service.raw(head + chunk + chunk + "0\r\n\r\n"))
                    .startsWith("HTTP/1.1 413 ")
                    .contains("%,d".formatted(picture.length));
        }
    }

    /** Held requests take memory; requests beyond it are refused, and it is released. */
    @Test
    void allRequestsTogetherHaveALimitOfMemory() throws Exception {
        int bytes = 1 << 17;
        assertThat(picture.length).isBetween(bytes / 4, bytes);
        ServiceOptions.Limits limits =
                new ServiceOptions.Limits(bytes, bytes, Duration.ofMinutes(10), 16, Duration.ofMinutes(1));
        try (TestService service = start(onLoopback(0, limits), 16)) {
            Busy busy = service.block(picture, 0);
            List<CompletableFuture<Answer>> more = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                more.add(service.later(PREDICT, picture));
            }
            Answer refused = (Answer) CompletableFuture.anyOf(more.toArray(CompletableFuture[]::new))
                    .get();
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.error()).contains("memory");
            busy.go().countDown();
            assertThat(busy.statuses()).containsExactly(200);
            more.forEach(CompletableFuture::join);
            for (int i = 0; i < 8; i++) {
                assertThat(service.post(PREDICT, picture).status()).isEqualTo(200);
            }
        }
    }

    /** Those of answered requests make room. */
    @Test
    void moreConnectionsThanAllowedWait() throws Exception {
        ServiceOptions.Limits limits = ServiceOptions.Limits.of(16 << 20, Duration.ofMinutes(10), 2);
        try (TestService service = start(onLoopback(0, limits), 2)) {
            Busy busy = service.block(picture, 1);
            try (Socket third = service.socket()) {
                send(third, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
                third.setSoTimeout(50);
                assertThrown(SocketTimeoutException.class, () -> third.getInputStream()
                        .read());
                third.setSoTimeout(60_000);
                busy.go().countDown();
                assertThat(busy.statuses()).containsOnly(200);
                assertThat((char) third.getInputStream().read()).isEqualTo('H');
            }
        }
    }

    @Test
    void aTokenIsAskedForButOfThePageAndSignsOfLife() throws Exception {
        try (TestService service = start(locked(Optional.empty(), TestService.limits()), 2)) {
            for (String path : List.of("/", "/page.js", "/ping", "/v2/health/live")) {
                assertThat(service.get(path).status()).isEqualTo(200);
            }
            for (String given : List.of("", "Bearer wrong", "Basic correct-horse", "Bearer ")) {
                String[] headers = {"Authorization", given};
                for (String path : List.of(
                        "/models", "/v1/models", "/metrics", "/v2", "/v2/models/things", "/v2/models/things/ready")) {
                    refused(401, service, "GET", path, null, headers);
                }
                for (String path : List.of(PREDICT, INFER, EMBED, LABELS)) {
                    refused(401, service, "POST", path, picture, headers);
                }
            }
            assertThat(service.post(PREDICT, picture, "Authorization", "Bearer correct-horse")
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void anotherOriginMayReadWhereItIsAllowed() throws Exception {
        try (TestService service = start(locked(Optional.of("https://example.org"), TestService.limits()), 2)) {
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
            Answer other = service.get("/ping", "Origin", "https://example.com");
            assertThat(other.header("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    @Test
    void valuesThatMakeNoSenseAreRefused() {
        assertThrown(() -> onLoopback(65_536, TestService.limits()), "0 to 65535");
        assertThrown(() -> ServiceOptions.Limits.of(Long.MAX_VALUE, Duration.ofSeconds(30), 256), "heap");
        assertThrown(() -> ServiceOptions.Limits.of(1, Duration.ofSeconds(30), 0), "1 or more");
    }
}
