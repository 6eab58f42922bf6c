package org.coop4j.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/** A token in the address of a page that lets one browser in, which has a cookie since. */
public final class BrowserToken {

    private static final int BYTES = 16;

    private final String name;
    private final String session = secret();
    private final AtomicReference<String> token = new AtomicReference<>(secret());

    /**
     * @param name beginning of the cookie's name; its port follows, as cookies do not know ports
     */
    public BrowserToken(String name) {
        this.name = name;
    }

    private static String secret() {
        byte[] bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Returns the token; null once it is used. */
    public String get() {
        return token.get();
    }

    /** Returns the address of the page for a browser on this machine. */
    public String address(ServiceOptions options, int port) throws IOException {
        boolean any = InetAddress.getByName(options.host()).isAnyLocalAddress();
        return address(any ? "localhost" : options.host(), port);
    }

    /** Returns the address of the page for a browser on another machine; empty if only this machine is served. */
    public Optional<String> distantAddress(ServiceOptions options, int port) throws IOException {
        InetAddress host = InetAddress.getByName(options.host());
        if (host.isLoopbackAddress()) {
            return Optional.empty();
        }
        if (!host.isAnyLocalAddress()) {
            return Optional.of(address(options.host(), port));
        }
        try (DatagramSocket socket = new DatagramSocket()) { // which sends nothing
            socket.connect(new InetSocketAddress("192.0.2.1", 9));
            return Optional.of(address(socket.getLocalAddress().getHostAddress(), port));
        }
    }

    private String address(String host, int port) {
        return "http://%s:%d/?token=%s".formatted(host.contains(":") ? "[" + host + "]" : host, port, token.get());
    }

    /** Replaces the token, for another browser. */
    public void renew() {
        token.set(secret());
    }

    /** Returns true for requests of browsers that are in; redirects one that comes to the page with a token. */
    public boolean admits(Context context) {
        String cookie = name + "-" + context.req().getLocalPort();
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
