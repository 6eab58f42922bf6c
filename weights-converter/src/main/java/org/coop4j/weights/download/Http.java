package org.coop4j.weights.download;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.base.InputException;

/**
 * GET over HTTP. Redirects are followed here rather than by the JDK, so that the token goes to the Hub alone, over https,
 * and never after a redirect to another place.
 *
 * @param hub the only address that receives the token
 * @param environment with the variables HTTPS_PROXY, HTTP_PROXY, NO_PROXY and HF_TOKEN
 * @param patience longest wait for the next byte
 */
record Http(URI hub, Map<String, String> environment, Duration patience) {
    private static final int REDIRECTS = 5;
    private static final int CONNECT_MILLIS = 30_000;

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
            if (status / 100 != 3 || status == 304) {
                throw new InputException(address + ": " + meaning(status));
            }
            at = redirected(at, connection.getHeaderField("Location"));
        }
        throw new InputException(address + ": redirected more than " + REDIRECTS + " times");
    }

    private static int status(HttpURLConnection connection, URI address) throws InputException {
        try {
            return connection.getResponseCode();
        } catch (IOException e) {
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new InputException(address + ": cannot be reached (" + why + ")", e);
        }
    }

    private static URI redirected(URI from, String location) throws InputException {
        if (location == null) {
            throw new InputException(from + ": redirected to nowhere");
        }
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new InputException(from + ": redirected to no address: " + location, e);
        }
        if ("https".equals(from.getScheme()) && !"https".equals(to.getScheme())) {
            throw new InputException(from + ": redirected from https to " + to);
        }
        return to;
    }

    private HttpURLConnection request(URI address, long from, Optional<String> etag, boolean withToken)
            throws IOException {
        if (address.getHost() == null || !List.of("https", "http").contains(address.getScheme())) {
            throw new InputException(address + ": expected an address that begins with https:// or http://");
        }
        URL url = address.toURL();
        Optional<Proxy> proxy = proxy(address.getHost());
        HttpURLConnection connection =
                (HttpURLConnection) (proxy.isPresent() ? url.openConnection(proxy.get()) : url.openConnection());
        connection.setInstanceFollowRedirects(false);
        connection.setConnectTimeout(CONNECT_MILLIS);
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

    /** Returns the environment's proxy for a host; empty to use that of the JVM, if any. */
    private Optional<Proxy> proxy(String host) throws InputException {
        for (String name : List.of("HTTPS_PROXY", "https_proxy", "HTTP_PROXY")) {
            String value = environment.getOrDefault(name, "");
            if (!value.isBlank()) {
                URI uri = URI.create(value.contains("://") ? value : "http://" + value);
                if (uri.getHost() == null) {
                    throw new InputException(name + ": expected an address such as http://proxy:3128, got " + value);
                }
                boolean direct = Arrays.stream(
                                environment.getOrDefault("NO_PROXY", "").split(","))
                        .map(String::strip)
                        .anyMatch(domain -> !domain.isEmpty() && host.endsWith(domain));
                int port = uri.getPort() < 0 ? 80 : uri.getPort();
                return Optional.of(
                        direct
                                ? Proxy.NO_PROXY
                                : new Proxy(Proxy.Type.HTTP, new InetSocketAddress(uri.getHost(), port)));
            }
        }
        return Optional.empty();
    }

    /** Returns the SHA-256 in an ETag, if it is one. */
    private static Optional<String> hash(String etag) {
        String bare = etag.replace("\"", "").toLowerCase(Locale.ROOT);
        return bare.matches("[0-9a-f]{64}") ? Optional.of(bare) : Optional.empty();
    }

    private static String meaning(int status) {
        return switch (status) {
            case 401, 403 ->
                "access denied (%d): if the model requires consent, give it on its page and set HF_TOKEN, which is sent over https"
                        .formatted(status);
            case 404 -> "not found (404)";
            case 429 -> "the server asks to come back later (429)";
            default -> "the server answered " + status;
        };
    }
}
