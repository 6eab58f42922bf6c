package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.coop4j.http.ServiceOptions;

/**
 * Tokens in addresses of the page. Each admits one browser, which then gets a cookie. One token is for the address that the
 * terminal shows, another for the next browser after it.
 */
final class BrowserToken {

    private final ServiceOptions options;
    private final String session = secret();
    private final AtomicReference<String> first = new AtomicReference<>(secret());
    private final AtomicReference<String> other = new AtomicReference<>(secret());

    BrowserToken(ServiceOptions options) {
        this.options = options;
    }

    private static String secret() {
        return UUID.randomUUID().toString().replace("-", ""); // of 122 secure random bits
    }

    /** Returns the address of the page for the first browser on this machine. */
    String address(int port) throws IOException {
        return address(localHost(), port, first.get());
    }

    /** Returns the address of the page for another browser on this machine. */
    String otherAddress(int port) throws IOException {
        return address(localHost(), port, other.get());
    }

    private String localHost() throws IOException {
        return InetAddress.getByName(options.host()).isAnyLocalAddress() ? "localhost" : options.host();
    }

    /** Returns the address of the page for a browser on another machine; empty if only this machine is served. */
    Optional<String> distantAddress(int port) throws IOException {
        InetAddress host = InetAddress.getByName(options.host());
        if (host.isLoopbackAddress()) {
            return Optional.empty();
        }
        if (!host.isAnyLocalAddress()) {
            return Optional.of(otherAddress(port));
        }
        try (DatagramSocket socket = new DatagramSocket()) { // which sends nothing
            socket.connect(new InetSocketAddress("192.0.2.1", 9));
            return Optional.of(address(socket.getLocalAddress().getHostAddress(), port, other.get()));
        }
    }

    private static String address(String host, int port, String token) {
        return "http://%s:%s/?token=%s".formatted(host.contains(":") ? "[" + host + "]" : host, port, token);
    }

    /** Returns true for requests of browsers that were admitted; redirects one that comes to the page with a token. */
    boolean admits(Context context) {
        String cookie = "coop4j-studio-" + context.req().getLocalPort(); // cookies do not know ports
        boolean known = isSame(Objects.requireNonNullElse(context.cookie(cookie), ""), session);
        String given = context.queryParam("token");
        if (given != null && context.path().equals("/")) {
            if (!known && (isSpent(given, first, null) || isSpent(given, other, secret()))) {
                Cookie entry = new Cookie(cookie, session);
                entry.setHttpOnly(true);
                entry.setSameSite(SameSite.STRICT);
                context.cookie(entry);
                known = true;
            }
            if (known) {
                context.redirect("/");
                context.skipRemainingHandlers();
            }
        }
        return known;
    }

    /** Returns true if a token was the expected one, which is replaced. */
    private static boolean isSpent(String given, AtomicReference<String> expected, String next) {
        String known = expected.get();
        return known != null && isSame(given, known) && expected.compareAndSet(known, next);
    }

    private static boolean isSame(String given, String expected) {
        return MessageDigest.isEqual(given.getBytes(UTF_8), expected.getBytes(UTF_8));
    }
}
