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

/** A token in the address of a page that lets one browser in, which has a cookie since. */
final class BrowserToken {

    private final ServiceOptions options;
    private final String session = secret();
    private final AtomicReference<String> token = new AtomicReference<>(secret());

    BrowserToken(ServiceOptions options) {
        this.options = options;
    }

    private static String secret() {
        return UUID.randomUUID().toString().replace("-", ""); // of 122 secure random bits
    }

    /** Returns the address of the page for a browser on this machine. */
    String address(int port) throws IOException {
        boolean any = InetAddress.getByName(options.host()).isAnyLocalAddress();
        return address(any ? "localhost" : options.host(), port);
    }

    /** Returns the address of the page for a browser on another machine; empty if only this machine is served. */
    Optional<String> distantAddress(int port) throws IOException {
        InetAddress host = InetAddress.getByName(options.host());
        if (host.isLoopbackAddress()) {
            return Optional.empty();
        }
        if (!host.isAnyLocalAddress()) {
            return Optional.of(address(port));
        }
        try (DatagramSocket socket = new DatagramSocket()) { // which sends nothing
            socket.connect(new InetSocketAddress("192.0.2.1", 9));
            return Optional.of(address(socket.getLocalAddress().getHostAddress(), port));
        }
    }

    private String address(String host, int port) {
        return "http://%s:%s/?token=%s".formatted(host.contains(":") ? "[" + host + "]" : host, port, token.get());
    }

    /** Replaces the token, for another browser. */
    void renew() {
        token.set(secret());
    }

    /** Returns true for requests of browsers that are in; redirects one that comes to the page with a token. */
    boolean admits(Context context) {
        String cookie = "coop4j-studio-" + context.req().getLocalPort(); // cookies do not know ports
        boolean known = isSame(Objects.requireNonNullElse(context.cookie(cookie), ""), session);
        String given = context.queryParam("token");
        if (given != null && context.path().equals("/")) {
            String expected = token.get();
            if (!known && expected != null && isSame(given, expected) && token.compareAndSet(expected, null)) {
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

    private static boolean isSame(String given, String expected) {
        return MessageDigest.isEqual(given.getBytes(UTF_8), expected.getBytes(UTF_8));
    }
}
