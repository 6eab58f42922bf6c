package org.coop4j.model.download;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.assertj.core.api.ThrowingConsumer;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.model.ConvertedModel;
import org.coop4j.model.convert.Converter;
import org.coop4j.weights.Golden;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelDownloadTest {

    private static final String REPOSITORY = "somebody/a-clip";

    @TempDir
    Path folder;

    @AutoClose
    private FileServer server;

    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void start() throws IOException {
        server = new FileServer();
        environment.put("HF_ENDPOINT", server.address());
    }

    private ModelDownload download(String name) {
        return new ModelDownload(name, folder.resolve("models"), environment);
    }

    private Path fetch(String name) throws IOException {
        return download(name).fetch(Optional.empty(), Optional.empty(), Optional.empty(), Progress.NONE);
    }

    private static byte[] checkpoint() throws IOException {
        return Files.readAllBytes(Golden.path("vit/torchscript.pt"));
    }

    private List<String> left() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("models"))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    /** Puts the golden open_clip folder on the server as a repository. */
    private Path repository() throws IOException {
        Path source = Golden.path("vit_gelu/open_clip");
        StringBuilder siblings = new StringBuilder();
        try (Stream<Path> files = Files.list(source)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                siblings.append(siblings.isEmpty() ? "" : ",").append("{\"rfilename\": \"" + name + "\"}");
                server.put(resolved(name), Files.readAllBytes(file));
            }
        }
        server.put(
                "/api/models/" + REPOSITORY,
                ("{\"siblings\": [" + siblings + ", {\"rfilename\": \"README.md\"}]}").getBytes(UTF_8));
        return source;
    }

    private static String resolved(String name) {
        return "/" + REPOSITORY + "/resolve/main/" + name;
    }

    @Test
    void anAddressBecomesAConvertedModelAndNothingElseIsLeft() throws IOException {
        server.put("/a/model.pt", checkpoint());
        String name = server.address() + "/a/model.pt";
        Path model = fetch(name);
        assertThat(model).isEqualTo(download(name).converted()).isRegularFile();
        assertThat(left()).containsExactly(model.getFileName().toString());
    }

    @Test
    void aRepositoryOfTheHubIsConvertedAsItsFolderWouldBe() throws IOException {
        repository();
        Path model = fetch("hf:" + REPOSITORY);
        assertThat(model).hasFileName("hf-somebody--a-clip.safetensors");
        Path byHand = folder.resolve("by-hand.safetensors");
        Converter.convert(Golden.path("vit_gelu/open_clip"), byHand, Optional.empty(), Progress.NONE);
        try (ConvertedModel fetched = ConvertedModel.open(model);
                ConvertedModel expected = ConvertedModel.open(byHand)) {
            assertThat(fetched.architecture()).isEqualTo(expected.architecture());
            assertThat(fetched.activation()).isEqualTo(expected.activation());
            for (String name : expected.weights().names()) {
                assertThat(Arrays.equals(
                                fetched.weights().floats(name),
                                expected.weights().floats(name)))
                        .as(name)
                        .isTrue();
            }
        }
        assertThat(server.requests()).noneMatch(request -> request.contains("README"));
    }

    @Test
    void aPerceptionEncoderIsMetasFileOfItsRevision() throws IOException {
        String name = "PE-Core-T16-384";
        String file = "/facebook/" + name + "/resolve/8b4722741a516c18e7d311f158f13c600fea6c78/" + name + ".pt";
        server.put(file, checkpoint());
        assertThrown(() -> fetch(name), "expected SHA-256 868f89f0");
        assertThat(server.requests()).anyMatch(request -> request.contains(file));
        assertThat(download(name).converted()).doesNotExist();
        assertThat(ModelDownload.isName(name)).isTrue();
    }

    /** Nobody pins the file of the largest one. */
    @Test
    void aModelWhoseHashIsUnknownIsNoName() {
        assertThat(ModelDownload.isName("PE-Core-G14-448")).isFalse();
        assertThrown(() -> fetch("PE-Core-G14-448"), "PE-Core-L14-336", "hf:OWNER/NAME");
    }

    private static SSLContext tls() throws IOException, GeneralSecurityException {
        char[] password = "loopback".toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream file = ModelDownloadTest.class.getResourceAsStream("loopback.p12")) {
            store.load(file, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, password);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("loopback", store.getCertificate("loopback"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return tls;
    }

    /** Storage redirects back to the Hub, where the token is not shown again. */
    @Test
    void theTokenIsShownToTheHubAloneOverHttpsAndNeverAfterARedirectElsewhere() throws Exception {
        SSLSocketFactory before = HttpsURLConnection.getDefaultSSLSocketFactory();
        SSLContext tls = tls();
        HttpsURLConnection.setDefaultSSLSocketFactory(tls.getSocketFactory());
        server.close();
        try (FileServer hub = FileServer.secure(tls);
                FileServer storage = FileServer.secure(tls)) {
            server = hub;
            environment.put("HF_ENDPOINT", hub.address());
            environment.put("HF_TOKEN", "secret");
            Path weights = weights(repository());
            String name = weights.getFileName().toString();
            storage.redirect("/stored", hub.address() + "/back");
            hub.put("/back", Files.readAllBytes(weights))
                    .linkedHash(resolved(name), Sha256.of(weights))
                    .redirect(resolved(name), storage.address() + "/stored");
            fetch("hf:" + REPOSITORY);
            assertThat(storage.requests()).containsExactly("/stored range=null authorization=null");
            assertThat(hub.requests()).contains("/back range=null authorization=null");
            assertThat(hub.requests().stream().filter(request -> !request.startsWith("/back")))
                    .isNotEmpty()
                    .allMatch(request -> request.endsWith("authorization=Bearer secret"));
        } finally {
            HttpsURLConnection.setDefaultSSLSocketFactory(before);
        }
    }

    @Test
    void theTokenDoesNotLeaveOverPlainHttp() throws IOException {
        repository();
        environment.put("HF_TOKEN", "secret");
        fetch("hf:" + REPOSITORY);
        assertThat(server.requests()).isNotEmpty().allMatch(request -> request.endsWith("authorization=null"));
    }

    private static Path weights(Path repository) throws IOException {
        try (Stream<Path> files = Files.list(repository)) {
            return files.filter(f -> f.toString().matches(".*\\.(bin|safetensors)"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void aHashThatTheHubTellsIsChecked() throws IOException {
        String name = weights(repository()).getFileName().toString();
        server.linkedHash(resolved(name), "0".repeat(64));
        assertThrown(InputException.class, () -> fetch("hf:" + REPOSITORY), "expected SHA-256 000", "removed");
        assertThat(left()).noneMatch(file -> file.startsWith(name));
        assertThat(download("hf:" + REPOSITORY).converted()).doesNotExist();
        assertThat(download("hf:a/b-c").converted())
                .isNotEqualTo(download("hf:a-b/c").converted());
    }

    @Test
    void whatIsCalledViTB32MustBeOpenAisFile() throws IOException {
        server.put("/mirror.pt", checkpoint());
        URI mirror = URI.create(server.address() + "/mirror.pt");
        ModelDownload download = download("ViT-B/32");
        assertThat(download.converted()).hasFileName("ViT-B-32.safetensors");
        assertThrown(
                () -> download.fetch(Optional.of(mirror), Optional.empty(), Optional.empty(), Progress.NONE),
                "expected SHA-256 40d36571");
        assertThat(left()).isEmpty();
    }

    @Test
    void aBrokenConnectionGoesOnWhereItBroke() throws IOException {
        byte[] content = checkpoint();
        server.put("/model.pt", content);
        String name = server.address() + "/model.pt";
        server.breakAfter = 10_000;
        assertThrown(InputException.class, () -> fetch(name), name, "%,d bytes".formatted(content.length));
        long have = Files.size(part());
        assertThat(have).isPositive().isLessThan(content.length);

        server.breakAfter = -1;
        Path model = fetch(name);
        assertThat(server.requests().get(1)).contains("range=bytes=" + have + "-");
        assertThat(Files.size(model)).isPositive();
        assertThat(left()).hasSize(1);
    }

    private ModelDownload download(String name, Duration patience) {
        return new ModelDownload(name, folder.resolve("models"), environment, patience, 100_000);
    }

    /** Checks a download from a server that stalls, with ever more patience: a slow machine seems to stall itself. */
    private void withPatience(int stalls, ThrowingConsumer<ModelDownload> check) throws IOException {
        for (long millis = 500; ; millis *= 2) {
            server.put("/model.pt", checkpoint());
            server.stalls.set(stalls);
            try {
                check.accept(download(server.address() + "/model.pt", Duration.ofMillis(millis)));
                return;
            } catch (AssertionError | RuntimeException e) {
                if (millis > 10_000) {
                    throw e;
                }
                server.close();
                start();
                folder = Files.createDirectory(folder.resolve("again"));
            }
        }
    }

    @Test
    void aTransferThatStallsIsAskedForAgainFromWhereItStood() throws IOException {
        withPatience(2, download -> {
            Path model = download.fetch(Optional.empty(), Optional.empty(), Optional.empty(), Progress.NONE);
            assertThat(model).isRegularFile();
            assertThat(server.requests()).hasSizeGreaterThanOrEqualTo(3);
            assertThat(server.requests().get(1)).contains("range=bytes=" + FileServer.STALLS_AFTER + "-");
            assertThat(server.requests().get(2)).contains("range=bytes=" + 2 * FileServer.STALLS_AFTER + "-");
        });
    }

    @Test
    void aServerThatStallsForEverIsGivenUpAndWhatCameIsKept() throws IOException {
        withPatience(Integer.MAX_VALUE, download -> {
            assertThatThrownBy(
                            () -> download.fetch(Optional.empty(), Optional.empty(), Optional.empty(), Progress.NONE))
                    .hasMessageContainingAll(download.name(), "%,d".formatted(5 * FileServer.STALLS_AFTER))
                    .hasCauseInstanceOf(SocketTimeoutException.class);
            assertThat(Files.size(part())).isEqualTo(5L * FileServer.STALLS_AFTER);
        });
    }

    private Path part() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".part"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Returns the address of a file whose beginning was fetched before the connection broke. */
    private String begun(byte[] content) {
        server.put("/model.pt", content);
        String name = server.address() + "/model.pt";
        server.breakAfter = 10_000;
        assertThrown(() -> fetch(name), "broke");
        server.breakAfter = -1;
        return name;
    }

    @Test
    void aServerWithoutRangesSendsItAllAgain() throws IOException {
        String name = begun(checkpoint());
        server.ranges = false;
        assertThat(fetch(name)).isRegularFile();
    }

    /** What the server sends might begin anywhere. */
    @Test
    void aPartThatDoesNotSayWhichItIsIsNotBelieved() throws IOException {
        String name = begun(checkpoint());
        server.saysRange = false;
        assertThat(fetch(name)).isRegularFile();
        assertThat(server.requests()).hasSize(3);
        assertThat(server.requests().get(2)).contains("range=null");
    }

    @Test
    void aHugeEtagIsNotSentBack() throws IOException {
        server.etag = '"' + "x".repeat(100_000) + '"';
        assertThat(fetch(begun(checkpoint()))).isRegularFile();
    }

    @Test
    void aFileWithoutAnEndIsGivenUp() {
        server.put("/model.pt", new byte[1000]);
        server.endless = true;
        String name = server.address() + "/model.pt";
        assertThrown(
                InputException.class,
                () -> download(name, Duration.ofMinutes(10))
                        .fetch(Optional.empty(), Optional.empty(), Optional.empty(), Progress.NONE),
                "/model.pt",
                "at most");
    }

    /** A server may ignore what the client says about the beginning that it has. */
    @ParameterizedTest
    @CsvSource({"false, 2, 0", "true, 2, 0", "true, 1, 1", "true, W/1, 0"})
    void aFileThatChangedSinceIsNotPutTogetherFromTwo(boolean ignores, String etag, int longer) throws IOException {
        byte[] content = checkpoint();
        String name = begun(new byte[content.length - longer]);
        server.etag = etag.startsWith("W/") ? "W/\"1\"" : '"' + etag + '"';
        server.ignoresConditions = ignores;
        server.put("/model.pt", content);
        assertThat(fetch(name)).isRegularFile();
        assertThat(server.requests()).hasSize(ignores ? 3 : 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 2", "HTTP/1.1 200 OK\r\nX: "})
    @Timeout(600)
    void aHeaderThatArrivesByteByByteIsGivenUp(String beginning) throws Exception {
        try (ServerSocket slow = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            Thread dripping = new Thread(() -> {
                while (!slow.isClosed()) {
                    try (Socket socket = slow.accept()) {
                        socket.getOutputStream().write(beginning.getBytes(US_ASCII));
                        while (true) {
                            socket.getOutputStream().write('x');
                            Thread.sleep(5);
                        }
                    } catch (IOException | InterruptedException e) {
                        // The client has left, or the test has ended.
                    }
                }
            });
            dripping.start();
            String name = "http://127.0.0.1:" + slow.getLocalPort() + "/model.pt";
            assertThatThrownBy(() -> download(name, Duration.ofMillis(100))
                            .fetch(Optional.empty(), Optional.empty(), Optional.empty(), Progress.NONE))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("cannot be reached")
                    .hasCauseInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void whatIsAlreadyConvertedOnDiskSurvivesAFailedDownload() throws IOException {
        server.put("/model.pt", checkpoint());
        String name = server.address() + "/model.pt";
        byte[] before = Files.readAllBytes(fetch(name));
        server.put("/model.pt", new byte[1000]);
        assertThrown(InputException.class, () -> fetch(name));
        assertThat(Files.readAllBytes(download(name).converted())).isEqualTo(before);
    }

    @Test
    void everyRefusalSaysWhy() throws IOException {
        assertThrown(() -> fetch(server.address() + "/none.pt"), "404");
        assertThrown(() -> fetch("hf:somebody/nothing"), "404");
        assertThrown(() -> fetch("hf:../etc"), "hf:../etc");
        assertThrown(() -> fetch("ViT-B/33"), "RN50", "\"ViT-B/33\"");
        server.put("/api/models/a/b", "<html>".getBytes(UTF_8));
        assertThrown(() -> fetch("hf:a/b"), "not JSON");
        server.put("/api/models/a/c", "{\"siblings\": []}".getBytes(UTF_8));
        assertThrown(() -> fetch("hf:a/c"), "neither open_clip_config");
        server.redirect("/loop", server.address() + "/loop");
        assertThrown(() -> fetch(server.address() + "/loop"), "/loop", "5");
        server.redirect("/astray", "http://[no host");
        assertThrown(IOException.class, () -> fetch(server.address() + "/astray"), "http://[no host");
        environment.put("HF_ENDPOINT", "not an address");
        assertThrown(() -> fetch("hf:a/b"), "not an address");
    }

    @Test
    void aProxyIsAsked() throws IOException {
        environment.put("http_proxy", server.address());
        server.put("/model.pt", checkpoint());
        assertThat(fetch("http://nowhere.invalid/model.pt")).isRegularFile();
    }

    /** Variables, an address, and the proxy that curl would use for it: its port, none, or the JVM's. */
    @ParameterizedTest
    @CsvFileSource(resources = "/org/coop4j/model/download/proxies.txt", delimiter = '|')
    void proxiesAreChosenAsByCurl(String variables, URI address, String expected) throws IOException {
        for (String variable : variables.split(" ", -1)) {
            environment.put(variable.replaceFirst("=.*", ""), variable.replaceFirst("[^=]*=", ""));
        }
        String chosen = new Http(address, environment, Duration.ZERO)
                .proxy(address)
                .map(proxy -> proxy.address() instanceof InetSocketAddress at ? "" + at.getPort() : "none")
                .orElse("jvm");
        assertThat(chosen).isEqualTo(expected);
    }
}
