package org.coop4j.model.download;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** A server of files on loopback that can be told to misbehave. */
final class FileServer implements AutoCloseable {

    private final HttpServer server;
    private final Map<String, byte[]> files = new HashMap<>();
    private final Map<String, String> redirects = new HashMap<>();
    private final Map<String, String> hashes = new HashMap<>();
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());

    /** After so many bytes the connection breaks; negative: never. */
    int breakAfter = -1;

    /** So many answers stall after {@link #STALLS_AFTER} bytes, without an end. */
    final AtomicInteger stalls = new AtomicInteger();

    static final int STALLS_AFTER = 10_000;

    private final CountDownLatch closed = new CountDownLatch(1);

    boolean ranges = true;
    String etag = "\"1\"";

    /** Parts are sent whatever the client knows of the file. */
    boolean ignoresConditions;

    /** A part is sent without the header that says which part it is. */
    boolean saysRange = true;

    /** Files in folders of this name are for clients with a token. */
    String gated = "";

    /** Files are sent in chunks, and repeated for ever. */
    boolean endless;

    FileServer() throws IOException {
        this(HttpServer.create(loopback(), 0));
    }

    private FileServer(HttpServer server) {
        this.server = server;
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", this::answer);
        server.start();
    }

    /** Makes a server over https, whose certificate only clients of the same context trust. */
    static FileServer secure(SSLContext tls) throws IOException {
        HttpsServer server = HttpsServer.create(loopback(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        return new FileServer(server);
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    String address() {
        return (server instanceof HttpsServer ? "https" : "http") + "://127.0.0.1:"
                + server.getAddress().getPort();
    }

    FileServer put(String path, byte[] content) {
        files.put(path, content);
        return this;
    }

    FileServer redirect(String path, String to) {
        redirects.put(path, to);
        return this;
    }

    /** A hash told on the way, as the Hub tells it. */
    FileServer linkedHash(String path, String sha256) {
        hashes.put(path, sha256);
        return this;
    }

    /** Path, range and authorization of each request. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String range = exchange.getRequestHeaders().getFirst("Range");
            requests.add("%s range=%s authorization=%s"
                    .formatted(path, range, exchange.getRequestHeaders().getFirst("Authorization")));
            if (hashes.containsKey(path)) {
                exchange.getResponseHeaders().set("X-Linked-Etag", '"' + hashes.get(path) + '"');
            }
            if (!gated.isEmpty() && path.contains("/" + gated + "/resolve/")) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            if (redirects.containsKey(path)) {
                exchange.getResponseHeaders().set("Location", redirects.get(path));
                exchange.sendResponseHeaders(302, -1);
                return;
            }
            byte[] content = files.get(path);
            if (content == null) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            send(exchange, content, range);
        }
    }

    private void send(HttpExchange exchange, byte[] content, String range) throws IOException {
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        boolean part = ranges && range != null && (condition == null || ignoresConditions || condition.equals(etag));
        int from = part ? Integer.parseInt(range.replaceAll("\\D+", "")) : 0;
        exchange.getResponseHeaders().set("ETag", etag);
        byte[] rest = Arrays.copyOfRange(content, from, content.length);
        if (part && saysRange) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
        }
        exchange.sendResponseHeaders(part ? 206 : 200, endless ? 0 : rest.length);
        OutputStream out = exchange.getResponseBody();
        while (endless) {
            out.write(rest); // until the client leaves
        }
        if (stalls.getAndDecrement() > 0) {
            out.write(rest, 0, Math.min(STALLS_AFTER, rest.length));
            out.flush();
            await();
            return;
        }
        out.write(rest, 0, breakAfter < 0 ? rest.length : Math.min(breakAfter, rest.length));
        out.flush();
    }

    private void await() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
    }
}
