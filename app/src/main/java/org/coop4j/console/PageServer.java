package org.coop4j.console;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;

/** Serves one page on this machine alone, for a browser to show. */
public final class PageServer implements AutoCloseable {

    private final HttpServer server;

    private PageServer(HttpServer server) {
        this.server = server;
    }

    /**
     * Begins to serve.
     *
     * @param port 0 takes a free one
     */
    public static PageServer start(Path page, int port) throws IOException {
        byte[] content = Files.readAllBytes(page);
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (BindException e) {
            throw new CommandFailure("port " + port + " is in use: give another --port, or omit it");
        }
        server.createContext("/", exchange -> answer(exchange, content));
        server.start();
        return new PageServer(server);
    }

    private static void answer(HttpExchange exchange, byte[] page) throws IOException {
        try (exchange) {
            boolean head = exchange.getRequestMethod().equals("HEAD");
            if (!head && !exchange.getRequestMethod().equals("GET")) {
                exchange.sendResponseHeaders(405, -1);
            } else if (!exchange.getRequestURI().getPath().equals("/")) {
                exchange.sendResponseHeaders(404, -1);
            } else {
                exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
                exchange.getResponseHeaders().set("Cache-Control", "no-store");
                exchange.sendResponseHeaders(200, head ? -1 : page.length);
                if (!head) {
                    exchange.getResponseBody().write(page);
                }
            }
        }
    }

    /** Where the page is. */
    public URI address() {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/");
    }

    /** The network address that it listens on. */
    public InetAddress listensOn() {
        return server.getAddress().getAddress();
    }

    /** Serves until the process is interrupted. */
    public static void serve(Path page, int port, Console console) throws IOException {
        try (PageServer server = start(page, port)) {
            console.line("serving the page on " + server.address() + " until Ctrl-C");
            openBrowser(server.address());
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks the system for a browser; without one, the address on the screen is enough. */
    private static void openBrowser(URI address) {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        List<String> command = system.contains("win")
                ? List.of("rundll32", "url.dll,FileProtocolHandler", address.toString())
                : List.of(system.contains("mac") ? "open" : "xdg-open", address.toString());
        try {
            new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            // No such program: the user opens the address.
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
