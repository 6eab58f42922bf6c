package org.coop4j.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;
import static org.coop4j.serve.TestService.EMBED;
import static org.coop4j.serve.TestService.INFER;
import static org.coop4j.serve.TestService.POST;
import static org.coop4j.serve.TestService.PREDICT;
import static org.coop4j.serve.TestService.answer;
import static org.coop4j.serve.TestService.json;
import static org.coop4j.serve.TestService.locked;
import static org.coop4j.serve.TestService.onLoopback;
import static org.coop4j.serve.TestService.send;
import static org.coop4j.serve.TestService.utf8;
import static org.coop4j.serve.TestService.whole;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.management.ThreadMXBean;
import io.javalin.http.HandlerType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.coop4j.http.Refusal;
import org.coop4j.http.ServiceOptions;
import org.coop4j.serve.TestService.Busy;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Clients that try to stop a service: bombs, slow requests, broken ones, and pages of other origins. */
@Timeout(600)
class HostileClientsTest {

    private static final Duration READ_TIME = Duration.ofMinutes(10);
    private static final Duration DRAIN_TIME = Duration.ofMinutes(1);

    @TempDir
    private static Path folder;

    private static byte[] picture;

    /** For tests that do not block the classifier. */
    private static TestService service;

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeAll
    static void begin() throws IOException {
        picture = TestService.picture("chair-image_0013.png");
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

    private static TestService start() throws IOException {
        return TestService.start(folder, onLoopback(0, limits(256)), 4);
    }

    private static void assertAnswers(TestService service) throws Exception {
        assertThat(service.post(PREDICT, picture).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({"200, 500, more than 100 scans", "1900, 80, more than 13 scans"}) // 4 million pixels may have 12
    void aPictureOfTooManyScansOrTooMuchWorkIsRefusedAndOthersAreAnswered(int side, int scans, String reason)
            throws Exception {
        Answer answer = service.post(PREDICT, HostilePictures.scanBomb(side, scans));
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.error()).contains(reason);
        assertAnswers(service);
    }

    /** Time passes for the service's clients. */
    private static void looks(TestService own) {
        for (int i = 0; i < 4; i++) {
            own.clock().advance(Duration.ofSeconds(1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1", "HTTP/1.0"})
    void whatAClientThatHasLeftAskedForIsNotDone(String version) throws Exception {
        AtomicInteger classified = new AtomicInteger();
        byte[] texts = utf8("{\"model\": \"things\", \"input\": [\"a\", \"b\", \"c\"]}");
        try (TestService own = start()) {
            Busy busy = own.block(picture, 0);
            own.classifier.before = classified::incrementAndGet;
            long batches = own.images().batches();
            try (Socket one = own.connected();
                    Socket other = own.connected()) {
                one.getOutputStream().write(whole(POST.replace("HTTP/1.1", version), picture));
                other.getOutputStream()
                        .write(whole("POST " + EMBED + " " + version + "\r\nHost: localhost\r\n", texts));
                own.awaitWaiting(4);
            }
            while (own.images().waiting() > 0) {
                looks(own);
            }
            busy.go().countDown();
            assertThat(busy.statuses()).containsExactly(200);
            assertAnswers(own);
            assertThat(classified).hasValue(1);
            assertThat(own.images().batches()).isEqualTo(batches + 1);
        }
    }

    /** The first request waits while the client says that it sends no more, or sends the next one. */
    @ParameterizedTest
    @CsvSource({"true, 1", "false, 2"})
    void aClientThatWaitsIsAnswered(boolean halfCloses, int answers) throws Exception {
        try (TestService own = start();
                Socket socket = own.connected()) {
            Busy busy = own.block(picture, 0);
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(whole(POST, picture));
            own.awaitWaiting(1);
            if (halfCloses) {
                socket.shutdownOutput();
            } else {
                socket.getOutputStream().write(whole(POST + "Connection: close\r\n", picture));
            }
            looks(own);
            busy.go().countDown();
            assertThat(answer(socket).split("HTTP/1.1 200 ", -1)).hasSize(answers + 1);
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
        assertThrown(Refusal.class, () -> InferenceRequest.of(new ByteArrayInputStream(bomb)));
        assertThat(threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - allocated)
                .isLessThan(bomb.length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1\r\na\r\n0\r\nX: ", "1\r\na\r\n1;", "", "1"})
    void aBodyThatArrivesByteByByteHasOneDeadline(String begun) throws Exception {
        int made = service.clock().made();
        try (Socket socket = service.connected()) {
            send(socket, POST + "Transfer-Encoding: chunked\r\n\r\n");
            service.clock().await(made + 2); // the request has begun
            service.drip(socket, begun);
            assertThat(answer(socket)).doesNotContain("HTTP/1.1 200");
        }
        assertAnswers(service);
    }

    /** A request on a connection that was used before has its own time. */
    @Test
    void theDeadlineIsThatOfEachRequest() throws Exception {
        String ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\n";
        try (Socket socket = service.connected()) {
            for (int i = 0; i < 4; i++) {
                int made = service.clock().made();
                send(socket, ping + "\r\n");
                assertThat(json(socket)).startsWith("HTTP/1.1 200 ");
                service.clock().await(made + 2); // the time of the next request has begun
                service.clock().advance(READ_TIME.dividedBy(2));
            }
            service.drip(socket, ping + "X: ");
            assertThat(answer(socket)).isEmpty();
        }
    }

    @Test
    void connectionsWithoutTheTokenMakeRoom() throws Exception {
        List<Socket> strangers = new ArrayList<>();
        try (TestService own = TestService.start(folder, locked(Optional.empty(), limits(4)), 4)) {
            for (int i = 0; i < 12; i++) {
                strangers.add(own.socket());
                send(strangers.get(i), "POST / HTTP/1.1\r\nHost: loc");
            }
            assertThat(own.post(PREDICT, picture, "Authorization", "Bearer correct-horse")
                            .status())
                    .isEqualTo(200);
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }

    /** No time passes in which they would be closed. */
    @Test
    void silentConnectionsMakeRoom() throws Exception {
        List<Socket> silent = new ArrayList<>();
        try (TestService own = TestService.start(folder, onLoopback(0, limits(4)), 4)) {
            Busy busy = own.block(picture, 0);
            for (int i = 0; i < 12; i++) {
                silent.add(own.socket());
            }
            try (Socket client = own.socket()) {
                client.setSoTimeout(60_000);
                send(client, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(json(client)).startsWith("HTTP/1.1 200 ");
            }
            busy.go().countDown();
            assertThat(busy.statuses()).containsExactly(200);
            for (Socket one : silent) {
                one.close();
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX) // others have one address of loopback
    void theAddressWithTheMostConnectionsMakesRoom() throws Exception {
        List<Socket> greedy = new ArrayList<>();
        try (TestService own = TestService.start(folder, onLoopback(0, limits(4)), 4);
                Socket modest = new Socket()) {
            modest.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 2}), 0));
            modest.connect(new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), own.uri("/").getPort()));
            own.clock().await(1);
            for (int i = 0; i < 12; i++) {
                greedy.add(own.socket());
            }
            own.clock().await(13);
            send(modest, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(json(modest)).startsWith("HTTP/1.1 200 ");
            for (Socket one : greedy) {
                one.close();
            }
        }
    }

    @Test
    void anAnsweredClientMakesRoomBeforeOneThatWaitsForItsFirstAnswer() throws Exception {
        String ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";
        try (TestService own = TestService.start(folder, onLoopback(0, limits(3)), 3);
                Socket waiting = own.connected();
                Socket answered = own.connected()) {
            int made = own.clock().made();
            send(answered, ping);
            assertThat(json(answered)).startsWith("HTTP/1.1 200 ");
            own.clock().await(made + 2); // its request has ended
            try (Socket last = own.connected()) {
                assertThat(answer(answered)).isEmpty();
                send(waiting, ping);
                assertThat(json(waiting)).startsWith("HTTP/1.1 200 ");
                send(last, ping);
                assertThat(json(last)).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    /** Returns the answer to a request on a connection of its own. */
    private static String raw(String line, String header) throws Exception {
        return service.raw(line + "\r\n" + header + "\r\nConnection: close\r\n\r\n");
    }

    private static void assertCounted(int status) throws Exception {
        assertThat(service.get("/metrics").text()).contains("status=\"" + status + "\"");
    }

    @Test
    void inventedMethodsAreOneInTheMetrics() throws Exception {
        for (char invented = 'A'; invented <= 'Z'; invented++) {
            assertThat(raw("INVENTED" + invented + " /ping HTTP/1.1", "Host: localhost"))
                    .startsWith("HTTP/1.1 501 ")
                    .contains("{\"error\":");
        }
        assertThat(service.get("/metrics").text()).contains("method=\"other\"").doesNotContain("INVENTED");
        assertThat(HandlerType.values()).noneMatch(type -> type.name().startsWith("INVENTED"));
    }

    private static byte[] inference(int pictures) {
        String one = '"' + Base64.getEncoder().encodeToString(picture) + '"';
        return utf8("{\"inputs\": [{\"name\": \"image\", \"datatype\": \"BYTES\", \"shape\": [%d], \"data\": %s}]}"
                .formatted(pictures, Collections.nCopies(pictures, one)));
    }

    @Test
    void aRefusedRequestLeavesNoPictureInTheQueue() throws Exception {
        try (TestService own = start()) {
            Busy busy = own.block(picture, 0);
            busy.accepted().add(own.later(INFER, inference(2)));
            own.awaitWaiting(2);
            Answer full = own.post(INFER, inference(3));
            assertThat(full.status()).isEqualTo(429);
            assertThat(full.header("Retry-After")).isPresent();
            Answer never = own.post(INFER, inference(5));
            assertThat(never.status()).isEqualTo(413);
            assertThat(never.header("Retry-After")).isEmpty();
            assertThat(own.images().waiting()).isEqualTo(2);
            busy.go().countDown();
            assertThat(busy.statuses()).containsOnly(200);
            assertThat(own.get("/metrics").text()).contains("coop_batches_total{model=\"things\"} 3.0");
        }
    }

    @Test
    void stoppingWaitsForALimitedTimeAndAnswersWhatItGivesUp() throws Exception {
        try (TestService own = start()) {
            Busy busy = own.block(picture, 2);
            int made = own.clock().made();
            Thread stopping = new Thread(own::stop);
            stopping.start();
            own.clock().await(made + 1);
            own.clock().advance(DRAIN_TIME);
            for (CompletableFuture<Answer> one : busy.accepted()) {
                assertThat(one.get().status()).isEqualTo(503);
                assertThat(one.get().error()).contains("stopping");
            }
            stopping.join();
            busy.go().countDown();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zz\r\nabc\r\n0\r\n\r\n", "-1\r\nabc\r\n0\r\n\r\n", "3\r\nabcdef\r\n0\r\n\r\n"})
    void aBrokenUploadIsABadRequest(String body) throws Exception {
        assertThat(service.raw(POST + "Transfer-Encoding: chunked\r\n\r\n" + body))
                .startsWith("HTTP/1.1 400 ")
                .contains("{\"error\":");
        try (Socket socket = service.connected()) { // one that leaves
            send(socket, POST + "Content-Length: 1000\r\n\r\nabc");
        }
        String nameless = "--edge\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--edge--\r\n";
        Answer form = service.post(PREDICT, utf8(nameless), "Content-Type", "multipart/form-data; boundary=edge");
        assertThat(form.status()).isEqualTo(400);
        assertAnswers(service);
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example", "localhost.evil.example", "127.0.0.2", "10.0.0.1:8080"})
    void onLoopbackOtherNamesAreRefused(String name) throws Exception {
        assertThat(raw("GET /ping HTTP/1.1", "Host: " + name))
                .startsWith("HTTP/1.1 421 ")
                .contains("Content-Security-Policy: ", "{\"error\":\"");
        assertCounted(421);
    }

    @Test
    void namesAreComparedWithoutCase() throws Exception {
        ServiceOptions options = new ServiceOptions(
                "LocalHost", 0, Optional.empty(), Optional.of("https://Proxy.Example:8443"), limits(8));
        String get = "GET /ping HTTP/1.1\r\nConnection: close\r\nHost: ";
        try (TestService own = TestService.start(folder, options, 4)) {
            for (String name : List.of("localhost", "LocalHost:1", "proxy.example", "PROXY.example:8443")) {
                assertThat(own.raw(get + name + "\r\n\r\n")).startsWith("HTTP/1.1 200 ");
            }
            assertThat(own.raw(get + "other.example\r\n\r\n")).startsWith("HTTP/1.1 421 ");
        }
    }

    /** A page whose name leads to the machine does not know a token, but its visitor's browser reaches the machine. */
    @Test
    void othersReachTheMachineByItsNamesAloneUnlessThereIsAToken() throws Exception {
        String get = "GET /ping HTTP/1.1\r\nConnection: close\r\nHost: ";
        ServiceOptions open = new ServiceOptions("0.0.0.0", 0, Optional.empty(), Optional.empty(), limits(8));
        String machine = InetAddress.getLocalHost().getHostName();
        try (TestService own = TestService.start(folder, open, 4)) {
            for (String name : List.of("localhost", "192.0.2.7:8080", "[2001:db8::7]", machine)) {
                assertThat(own.raw(get + name + "\r\n\r\n")).as(name).startsWith("HTTP/1.1 200 ");
            }
            for (String name : List.of("evil.example", "192.0.2.7.evil.example:8080")) {
                assertThat(own.raw(get + name + "\r\n\r\n")).as(name).startsWith("HTTP/1.1 421 ");
            }
        }
        ServiceOptions closed = new ServiceOptions("0.0.0.0", 0, Optional.of("secret"), Optional.empty(), limits(8));
        try (TestService own = TestService.start(folder, closed, 4)) {
            assertThat(own.raw(get + "models.example\r\n\r\n")).startsWith("HTTP/1.1 200 ");
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
        try (Socket socket = service.connected()) {
            send(socket, POST + header + "\r\nConnection: close\r\nContent-Length: " + picture.length + "\r\n\r\n");
            socket.getOutputStream().write(picture);
            byte[] answer = socket.getInputStream().readNBytes(12);
            assertThat(new String(answer, US_ASCII)).isEqualTo("HTTP/1.1 " + status);
        }
        assertThat(service.images().batches() - before).isEqualTo(status == 200 ? 1 : 0);
    }

    @ParameterizedTest
    @CsvSource({
        "NONSENSE, 400",
        "GET /ping HTTP/9.9, 505",
        "GET /a%00b HTTP/1.1, 400",
        "GET /%zz HTTP/1.1, 400",
        "GET /ping HTTP/1.1 X, 400",
        "'GET /ping HTTP/1.1\r\nHost: evil\u0085', 400",
        "'GET /ping HTTP/1.1\r\nX: LONG', 431"
    })
    void errorsOfTheServerItselfHaveTheFormOfOthers(String line, int status) throws Exception {
        assertThat(raw(line.replace("LONG", "x".repeat(20_000)), "Host: localhost"))
                .startsWith("HTTP/1.1 " + status)
                .contains("Content-Type: application/json", "X-Content-Type-Options: nosniff", "{\"error\":\"")
                .doesNotContain("Exception", "org.eclipse");
        assertCounted(status);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[1] | [-1,-1] | shape",
                "[1] | [\"1\"] | shape",
                "[1] | [1.9] | shape",
                "[1] | [] | shape",
                "[1] | [null] | shape",
                "[1] | null | shape",
                "[1] | 1 | shape",
                "[1] | [4294967297] | shape",
                "\"shape\": [1], | '' | shape",
                "{\"inputs\" | {\"outputs\": \"x\", \"inputs\" | outputs",
                "{\"inputs\" | {\"outputs\": {}, \"inputs\" | outputs",
                "{\"inputs\" | {\"outputs\": [1], \"inputs\" | outputs",
                "{\"inputs\" | {\"outputs\": [{}], \"inputs\" | outputs",
                "{\"inputs\" | {\"outputs\": [null], \"inputs\" | outputs",
                "{\"inputs\" | {\"outputs\": [{\"name\": 1}], \"inputs\" | outputs",
                "\"data\": [ | \"data\": [\"x!\", | data",
                "{\"inputs\" | {\"parameters\": {\"top_k\": \"2\"}, \"inputs\" | top_k",
                "{\"inputs\" | {\"id\": \"LONG\", \"inputs\" | long"
            })
    void aMalformedInferenceIsRefusedByName(String good, String bad, String name) throws Exception {
        String sound = new String(inference(1), UTF_8);
        String json = sound.replace(good, bad.replace("LONG", "x".repeat(100_000)));
        assertThat(json).isNotEqualTo(sound);
        Answer answer = service.post(INFER, utf8(json));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.error()).contains(name).doesNotContainIgnoringCase("jackson", "StreamRead", "java");
    }
}
