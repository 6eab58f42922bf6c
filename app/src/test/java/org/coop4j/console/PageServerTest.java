package org.coop4j.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageServerTest {

    @TempDir
    private Path folder;

    private Path page() throws IOException {
        return Files.writeString(folder.resolve("page.html"), "<p>größer</p>");
    }

    private static HttpResponse<String> ask(URI address, String method) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(address)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = PageServer.start(page(), 0);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private int port() {
        return server.getAddress().getPort();
    }

    @Test
    void thePageIsServedAndNothingElse() throws IOException, InterruptedException {
        Files.writeString(folder.resolve("secret.txt"), "secret");
        URI address = URI.create("http://localhost:" + port() + "/");
        HttpResponse<String> answer = ask(address, "GET");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("<p>größer</p>");
        assertThat(answer.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(ask(address.resolve("/secret.txt"), "GET").statusCode()).isEqualTo(404);
        assertThat(ask(address, "POST").statusCode()).isEqualTo(405);
        assertThat(ask(address, "HEAD").body()).isEmpty();
    }

    @Test
    void itListensOnThisMachineAlone() {
        assertThat(server.getAddress().getAddress().isLoopbackAddress()).isTrue();
    }

    @Test
    void aTakenPortIsNamed() {
        assertThatThrownBy(() -> PageServer.start(page(), port()))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContainingAll("port " + port(), "--port");
    }
}
