package org.coop4j.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.ShippedModel;
import org.coop4j.data.ImageFiles;
import org.coop4j.http.ServiceOptions;
import org.coop4j.image.ImageDecoder;
import org.coop4j.method.Classifier;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.run.Images;
import org.coop4j.run.Run;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.util.thread.Scheduler;

/** A service on a free port with a zero-shot classifier of the shipped model, and what clients do with it. */
final class TestService implements AutoCloseable {

    static final List<String> CLASSES = List.of("dog", "car", "house", "flower", "fish", "star");

    static final String PREDICT = "/predictions/things";
    static final String INFER = "/v2/models/things/infer";
    static final String EMBED = "/v1/embeddings";
    static final String LABELS = "/api/v1/vision/labels";
    static final String SEARCH = "/pool/search";

    /** Beginning of a request with a picture. */
    static final String POST = "POST " + PREDICT + " HTTP/1.1\r\nHost: localhost\r\n";

    static final Path PICTURES = Path.of("../src/test/resources/golden/text_image");

    private final Clip clip;
    final Hindrance classifier;
    private final ImageClassifier images;
    private final PredictionService service;

    /** Time of the service's clients. */
    private final Scheduler time;

    private final int port;

    private TestService(
            Clip clip,
            Hindrance classifier,
            EncodingLimits limits,
            ServiceOptions options,
            Optional<OutputStream> log,
            Optional<Double> threshold,
            Path pool,
            Scheduler time)
            throws IOException {
        this.clip = clip;
        this.classifier = classifier;
        this.images = ImageClassifier.of(clip, classifier, limits);
        ClassifierInfo info =
                ClassifierInfo.of("things", classifier.save(), clip, Optional.empty(), threshold.orElse(null));
        this.time = time;
        ServedClassifier served = new ServedClassifier(info, images);
        this.service = PredictionService.start(
                options,
                List.of(served),
                pool == null ? List.of() : List.of(pool(served, pool)),
                pool != null,
                log,
                time);
        this.port = service.port();
    }

    static TestService start(
            Path folder,
            EncodingLimits limits,
            ServiceOptions options,
            Optional<OutputStream> log,
            Optional<Double> threshold,
            Scheduler time)
            throws IOException {
        Clip clip = Clip.open(ShippedModel.file(folder));
        Classifier classifier = PromptEnsemble.of("a drawing of a {}.").classifier(clip, CLASSES);
        return new TestService(clip, new Hindrance(classifier), limits, options, log, threshold, null, time);
    }

    /** Starts a service with a zero-shot classifier of a model, which it closes. */
    static TestService of(Clip clip) throws IOException {
        Classifier classifier = PromptEnsemble.of("a photo of a {}.").classifier(clip, CLASSES);
        return new TestService(
                clip,
                new Hindrance(classifier),
                EncodingLimits.standard(),
                onLoopback(),
                Optional.empty(),
                Optional.empty(),
                null,
                new ManualClock());
    }

    /** Returns a folder of some golden pictures to search in. */
    private static ServedPool pool(ServedClassifier served, Path folder) throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        for (String name : List.of("accordion-image_0001.png", "chair-image_0013.png", "dalmatian-image_0002.png")) {
            Files.copy(PICTURES.resolve(name), pictures.resolve(name));
        }
        Images images = new Images(served.classifier().clip(), Run.Options.of(folder.resolve("bank")));
        return ServedPool.of("pictures", pictures, ImageFiles.in(pictures), served, images, Progress.NONE);
    }

    /** Starts the standard service, which also searches in a folder of pictures and draws heat maps. */
    static TestService withPool(Path folder, EncodingLimits limits, Optional<OutputStream> log) throws IOException {
        Clip clip = Clip.open(ShippedModel.file(folder));
        Classifier classifier = PromptEnsemble.of("a drawing of a {}.").classifier(clip, CLASSES);
        return new TestService(
                clip,
                new Hindrance(classifier),
                limits,
                onLoopback(),
                log,
                Optional.empty(),
                folder.resolve("pool"),
                new ManualClock());
    }

    /** Starts a service with the model unpacked in a folder, for whose clients no time passes. */
    static TestService start(Path folder, EncodingLimits limits, ServiceOptions options) throws IOException {
        return start(folder, limits, options, Optional.empty(), Optional.empty(), new ManualClock());
    }

    /** Starts a service that encodes pictures one by one. */
    static TestService start(Path folder, ServiceOptions options, int queue) throws IOException {
        return start(folder, new EncodingLimits(1, Duration.ZERO, queue, 4_000_000, ImageDecoder.ANY_TIME), options);
    }

    /** Returns limits of 16 MB per body, 10 minutes and 256 connections. */
    static ServiceOptions.Limits limits() {
        return ServiceOptions.Limits.of(16 << 20, Duration.ofMinutes(10), 256);
    }

    /** Returns the options of a service on this machine alone. */
    static ServiceOptions onLoopback(int port, ServiceOptions.Limits limits) {
        return new ServiceOptions("127.0.0.1", port, Optional.empty(), Optional.empty(), limits);
    }

    static ServiceOptions onLoopback() {
        return onLoopback(0, limits());
    }

    /** Returns the options of a service that asks for the token "correct-horse". */
    static ServiceOptions locked(Optional<String> allowedOrigin, ServiceOptions.Limits limits) {
        return new ServiceOptions("127.0.0.1", 0, Optional.of("correct-horse"), allowedOrigin, limits);
    }

    /** Reads a golden picture. */
    static byte[] picture(String name) throws IOException {
        return Files.readAllBytes(PICTURES.resolve(name));
    }

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    /** Returns a request whose head lacks its end. */
    static byte[] whole(String head, byte[] body) {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(utf8(head + "Content-Length: " + body.length + "\r\n\r\n"));
        request.writeBytes(body);
        return request.toByteArray();
    }

    /** Returns the classifier of the service. */
    ImageClassifier images() {
        return images;
    }

    /** Returns the clock of a service that was not given another. */
    ManualClock clock() {
        return (ManualClock) time;
    }

    Connector connector() {
        return service.server.http().jettyServer().server().getConnectors()[0];
    }

    /** Stops the service, whose classifier stays open. */
    void stop() {
        service.close();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    Answer get(String path, String... headers) throws Exception {
        return Answer.of("GET", uri(path), null, headers);
    }

    Answer post(String path, byte[] body, String... headers) throws Exception {
        return Answer.of("POST", uri(path), body, headers);
    }

    /** Posts in a thread of its own. */
    CompletableFuture<Answer> later(String path, byte[] body) {
        return later(() -> post(path, body));
    }

    static <T> CompletableFuture<T> later(Callable<T> work) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return work.call();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                thread -> new Thread(thread).start());
    }

    /** Requests that were accepted, and the latch that lets the classifier go on. */
    record Busy(List<CompletableFuture<Answer>> accepted, CountDownLatch go) {

        /** Returns the status of every answer. */
        List<Integer> statuses() {
            return accepted.stream().map(one -> one.join().status()).toList();
        }
    }

    /** Blocks the classifier at a picture, and lets others wait for it. */
    Busy block(byte[] picture, int waiting) throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        Busy busy = new Busy(new ArrayList<>(), new CountDownLatch(1));
        classifier.before = () -> {
            begun.countDown();
            try {
                busy.go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        busy.accepted.add(later(PREDICT, picture));
        begun.await();
        for (int i = 1; i <= waiting; i++) {
            busy.accepted.add(later(PREDICT, picture));
            awaitWaiting(i);
        }
        return busy;
    }

    void awaitWaiting(int count) throws InterruptedException {
        while (images.waiting() < count) {
            Thread.sleep(5);
        }
    }

    Socket socket() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    /** Connects to the service, whose clock knows of it then. */
    Socket connected() throws Exception {
        int made = clock().made();
        Socket socket = socket();
        clock().await(made + 1);
        return socket;
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(utf8(text));
    }

    /** Sends the parts one after another, and returns everything received until the connection closed. */
    String raw(String... parts) throws Exception {
        try (Socket socket = socket()) {
            try {
                for (String part : parts) {
                    send(socket, part);
                    Thread.sleep(5);
                }
            } catch (SocketException e) {
                // It was closed, as it should be.
            }
            return answer(socket);
        }
    }

    /**
     * Sends a text, and then a byte every minute for more than twice the time of a request. The connection is closed then,
     * or soon. When the headers end, the service sets another deadline: a test that sends them waits for it first, since
     * the clock stands still afterwards.
     */
    void drip(Socket socket, String begun) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(utf8(begun));
        for (int minutes = 0; minutes < 25; minutes++) {
            try {
                out.write('x');
            } catch (SocketException e) {
                // It is closed.
            }
            clock().advance(Duration.ofMinutes(1));
        }
    }

    /** Returns an answer to the end of its JSON. */
    static String json(Socket socket) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf("}") < 0) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new AssertionError("the connection was closed after \"" + text + "\"");
            }
            text.append((char) next);
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

    @Override
    public void close() throws IOException {
        service.close();
        images.close();
        classifier.close();
        clip.close();
    }
}
