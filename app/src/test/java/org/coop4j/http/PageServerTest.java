package org.coop4j.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import io.javalin.Javalin;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.coop4j.console.CommandFailure;
import org.coop4j.serve.Answer;
import org.eclipse.jetty.server.ServerConnector;
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

    private static Answer ask(URI address, String method) throws Exception {
        return Answer.of(method, address, null);
    }

    private Javalin server;

    @BeforeEach
    void start() throws IOException {
        server = PageServer.start(page(), 0);
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private int port() {
        return server.port();
    }

    @Test
    void thePageIsServedAndNothingElse() throws Exception {
        Files.writeString(folder.resolve("secret.txt"), "secret");
        URI address = URI.create("http://localhost:" + port() + "/");
        Answer answer = ask(address, "GET");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("<p>größer</p>");
        assertThat(answer.header("Content-Type")).contains("text/html;charset=utf-8");
        assertThat(ask(address.resolve("/secret.txt"), "GET").status()).isEqualTo(404);
        assertThat(ask(address, "POST").status()).isEqualTo(405);
        assertThat(ask(address, "HEAD").text()).isEmpty();
    }

    @Test
    void itListensOnThisMachineAlone() throws IOException {
        ServerConnector connector =
                (ServerConnector) server.jettyServer().server().getConnectors()[0];
        InetSocketAddress address =
                (InetSocketAddress) ((ServerSocketChannel) connector.getTransport()).getLocalAddress();
        assertThat(address.getAddress().isLoopbackAddress()).isTrue();
    }

    @Test
    void aTakenPortIsNamed() {
        assertThrown(CommandFailure.class, () -> PageServer.start(page(), port()), "port " + port(), "--port");
    }
}
