package org.coop4j.model.download;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URL;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.coop4j.base.InputException;

/**
 * GET over HTTP. Redirects are followed here rather than by the JDK, so that the token goes to the Hub alone, over https,
 * and never after a redirect to another place.
 *
 * @param hub the only address that receives the token
 * @param environment with HF_TOKEN and the variables of proxies
 * @param patience longest wait for a connection or the next byte; twice as long for the whole header of an answer
 */
record Http(URI hub, Map<String, String> environment, Duration patience) {
    private static final int REDIRECTS = 5;

    /** Port of a proxy that is named without one, as in curl. */
    private static final int PROXY_PORT = 1080;

    private static final Pattern NUMERIC = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[\\da-f:]*:[\\da-f:.]*");

    /** The Hub's hash of a large file, in the redirect to its storage. */
    private static final String LINKED_ETAG = "X-Linked-Etag";

    /**
     * An answer whose body has not been read yet.
     *
     * @param sha256 of the whole file, if the server sent it
     */
    record Answer(HttpURLConnection connection, Optional<String> sha256) {}

    /**
     * Requests a file.
     *
     * @param from first byte wanted; 0 for the whole file
     * @param etag the file's ETag when its beginning was fetched
     * @throws InputException for an answer that is neither the file nor a part of it
     */
    Answer get(URI address, long from, Optional<String> etag) throws IOException {
        Optional<String> sha256 = Optional.empty();
        URI at = address;
        boolean withToken = true;
        for (int hop = 0; hop <= REDIRECTS; hop++) {
            withToken &= "https".equals(at.getScheme())
                    && "https".equals(hub.getScheme())
                    && Objects.equals(at.getAuthority(), hub.getAuthority());
            HttpURLConnection connection = request(at, from, etag, withToken);
            int status = status(connection, at);
            sha256 = sha256.or(() ->
                    Optional.ofNullable(connection.getHeaderField(LINKED_ETAG)).flatMap(Http::hash));
            if (List.of(200, 206, 416).contains(status)) {
                return new Answer(connection, sha256);
            }
            connection.disconnect();
            require(status / 100 == 3 && status != 304, "%s: %s", address, meaning(status, address));
            at = redirected(at, connection.getHeaderField("Location"));
        }
        throw new InputException(address + ": redirected more than " + REDIRECTS + " times");
    }

    private int status(HttpURLConnection connection, URI address) throws InputException {
        // The connection's own limit of time begins anew with each byte.
        CompletableFuture<Boolean> late = new CompletableFuture<Boolean>()
                .completeOnTimeout(true, 2 * patience.toMillis(), TimeUnit.MILLISECONDS);
        CompletableFuture<Void> closing = late.thenRun(connection::disconnect);
        try {
            connection.connect(); // before that, there is nothing to disconnect
            int status = late.isDone() ? -1 : connection.getResponseCode();
            if (late.isDone()) { // the status may be known, the rest is not
                throw new SocketTimeoutException("its answer is too slow");
            }
            return status;
        } catch (IOException e) {
            IOException cause = late.isDone() ? new SocketTimeoutException("its answer is too slow") : e;
            String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
            throw new InputException(
                    "%s: cannot be reached (%s): set https_proxy where a proxy leads out, carry the file here from another machine and convert it, or use the shipped model"
                            .formatted(address, why),
                    cause);
        } finally {
            closing.cancel(false);
        }
    }

    private static URI redirected(URI from, String location) throws InputException {
        require(location != null, "%s: redirected to nowhere", from);
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new InputException(from + ": redirected to no address: " + location, e);
        }
        require(
                !"https".equals(from.getScheme()) || "https".equals(to.getScheme()),
                "%s: redirected from https to %s",
                from,
                to);
        return to;
    }

    private HttpURLConnection request(URI address, long from, Optional<String> etag, boolean withToken)
            throws IOException {
        require(
                address.getHost() != null && List.of("https", "http").contains(address.getScheme()),
                "%s: expected an address that begins with https:// or http://",
                address);
        URL url = address.toURL();
        Optional<Proxy> proxy = proxy(address);
        HttpURLConnection connection =
                (HttpURLConnection) (proxy.isPresent() ? url.openConnection(proxy.get()) : url.openConnection());
        connection.setInstanceFollowRedirects(false);
        connection.setConnectTimeout((int) patience.toMillis());
        connection.setReadTimeout((int) patience.toMillis());
        connection.setRequestProperty("User-Agent", "coop4j");
        if (from > 0) {
            connection.setRequestProperty("Range", "bytes=" + from + "-");
            etag.ifPresent(value -> connection.setRequestProperty("If-Range", value));
        }
        String token = environment.getOrDefault("HF_TOKEN", "");
        if (withToken && !token.isBlank()) {
            connection.setRequestProperty("Authorization", "Bearer " + token);
        }
        return connection;
    }

    /**
     * Returns the environment's proxy for an address, by the rules of curl; empty to use that of the JVM, if any.
     * HTTP_PROXY in capitals is not read: a client of a CGI program can set it.
     */
    Optional<Proxy> proxy(URI address) throws InputException {
        Optional<String> value = address.getScheme().equals("https")
                ? variable("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
                : variable("http_proxy", "all_proxy", "ALL_PROXY");
        if (value.isEmpty()) {
            return Optional.empty();
        }
        String host = address.getHost().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]|\\.$", "");
        String direct = variable("no_proxy", "NO_PROXY").orElse("").toLowerCase(Locale.ROOT);
        if (direct.equals("*") || Arrays.stream(direct.split("[,\\s]+")).anyMatch(entry -> covers(entry, host))) {
            return Optional.of(Proxy.NO_PROXY);
        }
        URI proxy = URI.create(value.get().contains("://") ? value.get() : "http://" + value.get());
        require(proxy.getHost() != null, "proxy: expected an address such as http://proxy:3128, got %s", value.get());
        int port = proxy.getPort() < 0 ? PROXY_PORT : proxy.getPort();
        return Optional.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), port)));
    }

    private Optional<String> variable(String... names) {
        return Arrays.stream(names)
                .map(name -> environment.getOrDefault(name, "").strip())
                .filter(value -> !value.isEmpty())
                .findFirst();
    }

    /** Returns true if a host is the domain of an entry of no_proxy or below it, or its number is in that block. */
    private static boolean covers(String entry, String host) {
        String domain = entry.replaceAll("^\\.|\\.$", "");
        if (!NUMERIC.matcher(host).matches()) {
            return !domain.isEmpty() && ("." + host).endsWith("." + domain);
        }
        try {
            String[] block = domain.split("/", 2);
            if (!NUMERIC.matcher(block[0]).matches()) {
                return false;
            }
            byte[] own = InetAddress.getByName(host).getAddress();
            byte[] first = InetAddress.getByName(block[0]).getAddress();
            int others = block.length == 1 ? 0 : 8 * own.length - Integer.parseInt(block[1]);
            return own.length == first.length
                    && others >= 0
                    && new BigInteger(own)
                                    .xor(new BigInteger(first))
                                    .shiftRight(others)
                                    .signum()
                            == 0;
        } catch (UnknownHostException | NumberFormatException e) {
            return false; // the entry is not an address
        }
    }

    /** Returns the SHA-256 in an ETag, if it is one. */
    private static Optional<String> hash(String etag) {
        String bare = etag.replace("\"", "").toLowerCase(Locale.ROOT);
        return bare.matches("[0-9a-f]{64}") ? Optional.of(bare) : Optional.empty();
    }

    private static String meaning(int status, URI address) {
        return switch (status) {
            case 401, 403 ->
                "access denied (%d): if the model requires consent, accept its terms at %s and set HF_TOKEN, which is sent over https"
                        .formatted(status, address.toString().replaceFirst("/api/models(?=/)|/resolve/.*", ""));
            case 404 -> "not found (404)";
            case 429 -> "the server asks to come back later (429)";
            default -> "the server answered " + status;
        };
    }
}
