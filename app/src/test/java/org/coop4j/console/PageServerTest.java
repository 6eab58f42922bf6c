package org.coop4j.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
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

    @Test
    void thePageIsServedAndNothingElse() throws IOException, InterruptedException {
        Files.writeString(folder.resolve("secret.txt"), "secret");
        try (PageServer server = PageServer.start(page(), 0)) {
            HttpResponse<String> answer = ask(server.address(), "GET");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).isEqualTo("<p>größer</p>");
            assertThat(answer.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
            assertThat(ask(server.address().resolve("/secret.txt"), "GET").statusCode())
                    .isEqualTo(404);
            assertThat(ask(server.address(), "POST").statusCode()).isEqualTo(405);
            assertThat(ask(server.address(), "HEAD").body()).isEmpty();
        }
    }

    @Test
    void itListensOnThisMachineAlone() throws IOException {
        try (PageServer server = PageServer.start(page(), 0)) {
            assertThat(server.server.getAddress().getAddress().isLoopbackAddress())
                    .isTrue();
        }
    }

    @Test
    void aTakenPortIsNamed() throws IOException {
        try (PageServer server = PageServer.start(page(), 0)) {
            int port = server.address().getPort();
            assertThatThrownBy(() -> PageServer.start(page(), port))
                    .isInstanceOf(CommandFailure.class)
                    .hasMessage("port " + port + " is in use: give another --port, or omit it");
        }
    }
}
