package org.coop4j.console;

import static java.lang.ProcessBuilder.Redirect.DISCARD;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;

/** Serves one page to browsers on this machine alone. */
public final class PageServer {

    private PageServer() {}

    /**
     * Starts serving a page.
     *
     * @param port port to listen on; 0 takes a free one
     */
    static HttpServer start(Path page, int port) throws IOException {
        byte[] content = Files.readAllBytes(page);
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (BindException e) {
            throw new CommandFailure("port " + port + " is in use: give another --port, or omit it");
        }
        server.createContext("/", exchange -> answer(exchange, content));
        server.start();
        return server;
    }

    private static void answer(HttpExchange exchange, byte[] page) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            boolean whole = method.equals("GET");
            int code = !whole && !method.equals("HEAD")
                    ? 405
                    : exchange.getRequestURI().getPath().equals("/") ? 200 : 404;
            boolean body = whole && code == 200;
            exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
            exchange.getResponseHeaders().set("Cache-Control", "no-store");
            exchange.sendResponseHeaders(code, body ? page.length : -1);
            if (body) {
                exchange.getResponseBody().write(page);
            }
        }
    }

    /** Serves until the process is interrupted. */
    public static void serve(Path page, int port, Console console) throws IOException {
        String address = "http://localhost:" + start(page, port).getAddress().getPort() + "/";
        console.line("serving the page on " + address + " until Ctrl-C");
        openBrowser(address);
        new Semaphore(0).acquireUninterruptibly();
    }

    /** Asks the system for a browser; without one, the address on the screen has to do. */
    private static void openBrowser(String address) {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        List<String> command = system.contains("win")
                ? List.of("rundll32", "url.dll,FileProtocolHandler", address)
                : List.of(system.contains("mac") ? "open" : "xdg-open", address);
        try {
            new ProcessBuilder(command)
                    .redirectOutput(DISCARD)
                    .redirectError(DISCARD)
                    .start();
        } catch (IOException e) {
            // No such program: the user opens the address.
        }
    }
}
