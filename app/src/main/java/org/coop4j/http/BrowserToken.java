package org.coop4j.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.coop4j.base.StateFolder;

/**
 * Tokens in addresses of the page. Each admits one browser, which then gets a cookie. One token is for the address that the
 * terminal shows, another for the next browser after it. A third is for the program that opens a browser: all users of the
 * machine see its arguments, so it admits this user's browsers alone.
 */
public final class BrowserToken {

    /** Linux's tables of sockets. */
    private static final List<Path> SOCKETS = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

    /** Column of the user in a table of sockets. */
    private static final int USER = 7;

    private final ServiceOptions options;
    private final OptionalInt user;
    private final String session = StateFolder.secret();
    private final AtomicReference<String> first = new AtomicReference<>(StateFolder.secret());
    private final AtomicReference<String> other = new AtomicReference<>(StateFolder.secret());
    private final AtomicReference<String> opened = new AtomicReference<>(StateFolder.secret());

    /**
     * @param user number of the user, as the system's table of sockets has it; empty if there is no such table
     */
    public BrowserToken(ServiceOptions options, OptionalInt user) {
        this.options = options;
        this.user = user;
    }

    /** Returns the number of the user of this process on Linux; empty elsewhere. */
    public static OptionalInt thisUser() throws IOException {
        return Files.exists(SOCKETS.get(0))
                ? OptionalInt.of((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
                : OptionalInt.empty();
    }

    /** Returns the address of the page for the first browser on this machine. */
    public String address(int port) throws IOException {
        return address(port, "/?token=" + first.get());
    }

    /**
     * Returns the address for the program that opens a browser on this machine. Without a table of sockets it is the first
     * one: macOS gets it on the standard input, and Windows shows arguments to their user alone.
     */
    public String openedAddress(int port) throws IOException {
        return user.isEmpty() ? address(port) : address(port, "/?opened=" + opened.get());
    }

    private String address(int port, String page) throws IOException {
        return address(localHost(), port, page);
    }

    /** Returns the address of the page for another browser on this machine. */
    public String otherAddress(int port) throws IOException {
        return address(port, "/?token=" + other.get());
    }

    private String localHost() throws IOException {
        return InetAddress.getByName(options.host()).isAnyLocalAddress() ? "localhost" : options.host();
    }

    /** Returns the address of the page for a browser on another machine; empty if only this machine is served. */
    public Optional<String> distantAddress(int port) throws IOException {
        InetAddress host = InetAddress.getByName(options.host());
        if (host.isLoopbackAddress()) {
            return Optional.empty();
        }
        if (!host.isAnyLocalAddress()) {
            return Optional.of(otherAddress(port));
        }
        try (DatagramSocket socket = new DatagramSocket()) { // which sends nothing
            socket.connect(new InetSocketAddress("192.0.2.1", 9));
            return Optional.of(address(socket.getLocalAddress().getHostAddress(), port, "/?token=" + other.get()));
        }
    }

    private static String address(String host, int port, String page) {
        return "http://%s:%s%s".formatted(host.contains(":") ? "[" + host + "]" : host, port, page);
    }

    /** Returns true for requests of browsers that were admitted; redirects one that comes to the page with a token. */
    public boolean admits(Context context) {
        String cookie = "coop4j-studio-" + context.req().getLocalPort(); // cookies do not know ports
        boolean known = isSame(Objects.requireNonNullElse(context.cookie(cookie), ""), session);
        String given = context.queryParam("token");
        String own = context.queryParam("opened");
        if ((given != null || own != null) && context.path().equals("/")) {
            if (!known
                    && (given != null
                            ? isSpent(given, first) || isSpent(given, other)
                            : isThisUser(context) && isSpent(own, opened))) {
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
    private static boolean isSpent(String given, AtomicReference<String> expected) {
        String known = expected.get();
        return isSame(given, known) && expected.compareAndSet(known, StateFolder.secret());
    }

    /** Returns true if a request comes from a program of this user. */
    private boolean isThisUser(Context context) {
        List<String> rows = new ArrayList<>();
        try {
            for (Path table : SOCKETS) {
                if (Files.exists(table)) { // the second is missing without IPv6
                    rows.addAll(Files.readAllLines(table));
                }
            }
        } catch (IOException e) {
            return false;
        }
        return user.isPresent()
                && areOf(
                        user.getAsInt(),
                        context.req().getRemotePort(),
                        context.req().getLocalPort(),
                        rows);
    }

    /** Returns true if there are sockets from one port to another, and all of them are a user's. */
    static boolean areOf(int user, int from, int to, List<String> rows) {
        List<String> users = rows.stream()
                .map(row -> row.strip().split("\\s+", -1))
                .filter(row -> row.length > USER && isPort(row[1], from) && isPort(row[2], to))
                .map(row -> row[USER])
                .toList();
        return !users.isEmpty() && users.stream().allMatch(String.valueOf(user)::equals);
    }

    private static boolean isPort(String address, int port) {
        return address.endsWith(":%04X".formatted(port));
    }

    private static boolean isSame(String given, String expected) {
        return MessageDigest.isEqual(given.getBytes(UTF_8), expected.getBytes(UTF_8));
    }
}
