package org.coop4j.weights.download;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.InputException;

/**
 * GET over HTTP. Redirects are followed here rather than by the client, so that the token goes to
 * the Hub alone and never from https to http.
 */
final class Http {

    private static final int REDIRECTS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The Hub's hash of a large file, on the way to where it is stored. */
    private static final String LINKED_ETAG = "X-Linked-Etag";

    private final HttpClient client;
    private final Duration patience;
    private final String tokenHost;
    private final Optional<String> token;

    /**
     * An answer.
     *
     * @param response with a body to be closed
     * @param sha256 of the whole file, where the server told
     */
    record Answer(HttpResponse<InputStream> response, Optional<String> sha256) {}

    /**
     * @param hub the only host that is shown the token
     * @param environment HTTPS_PROXY, HTTP_PROXY, NO_PROXY and HF_TOKEN count
     * @param patience how long a next byte is waited for
     */
    Http(URI hub, Map<String, String> environment, Duration patience) throws IOException {
        this.patience = patience;
        HttpClient.Builder builder =
                HttpClient.newBuilder().connectTimeout(PATIENCE).followRedirects(HttpClient.Redirect.NEVER);
        Optional<InetSocketAddress> proxy = proxy(environment);
        if (proxy.isPresent()) {
            builder.proxy(new ExceptSome(
                    ProxySelector.of(proxy.get()),
                    environment.getOrDefault("NO_PROXY", "").split(",")));
        }
        client = builder.build();
        tokenHost = hub.getAuthority();
        token = Optional.ofNullable(environment.get("HF_TOKEN")).filter(t -> !t.isBlank());
    }

    /** How long a next byte is waited for. */
    Duration patience() {
        return patience;
    }

    private static Optional<InetSocketAddress> proxy(Map<String, String> environment) throws InputException {
        for (String name : new String[] {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY"}) {
            String value = environment.getOrDefault(name, "");
            if (!value.isBlank()) {
                URI uri = URI.create(value.contains("://") ? value : "http://" + value);
                if (uri.getHost() == null) {
                    throw new InputException(name + ": expected an address such as http://proxy:3128, got " + value);
                }
                int port = uri.getPort() < 0 ? 80 : uri.getPort();
                return Optional.of(new InetSocketAddress(uri.getHost(), port));
            }
        }
        return Optional.empty();
    }

    /**
     * Asks for a file.
     *
     * @param from first byte wanted; 0 for the whole file
     * @param etag what the file was when its beginning was fetched
     * @throws InputException for an answer that is neither the file nor a part of it
     */
    Answer get(URI address, long from, Optional<String> etag) throws IOException {
        Optional<String> sha256 = Optional.empty();
        URI at = address;
        for (int hop = 0; hop <= REDIRECTS; hop++) {
            HttpResponse<InputStream> response = send(request(at, from, etag));
            sha256 = sha256.or(() -> response.headers().firstValue(LINKED_ETAG).flatMap(Http::hash));
            int status = response.statusCode();
            if (status / 100 == 3 && status != 304) {
                response.body().close();
                at = redirected(at, response);
            } else if (status == 200 || status == 206 || status == 416) {
                return new Answer(response, sha256);
            } else {
                response.body().close();
                throw new InputException(address + ": " + meaning(status));
            }
        }
        throw new InputException(address + ": redirected more than " + REDIRECTS + " times");
    }

    private static URI redirected(URI from, HttpResponse<?> response) throws InputException {
        String location = response.headers()
                .firstValue("Location")
                .orElseThrow(() -> new InputException(from + ": redirected to nowhere"));
        URI to = from.resolve(location);
        if ("https".equals(from.getScheme()) && !"https".equals(to.getScheme())) {
            throw new InputException(from + ": redirected from https to " + to);
        }
        return to;
    }

    private HttpRequest request(URI address, long from, Optional<String> etag) throws InputException {
        HttpRequest.Builder request;
        try {
            request = HttpRequest.newBuilder(address).timeout(PATIENCE);
        } catch (IllegalArgumentException e) {
            throw new InputException(address + ": expected an address that begins with https:// or http://", e);
        }
        request.header("User-Agent", "coop4j");
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
            etag.ifPresent(value -> request.header("If-Range", value));
        }
        if (token.isPresent() && address.getAuthority().equals(tokenHost)) {
            request.header("Authorization", "Bearer " + token.get());
        }
        return request.build();
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (IOException e) {
            String why = e.getMessage() == null ? "cannot be reached" : e.getMessage();
            throw new InputException(request.uri() + ": " + why, e);
        }
    }

    /** A hash in an ETag; what is no SHA-256 is none of use. */
    private static Optional<String> hash(String etag) {
        String bare = etag.replace("\"", "").toLowerCase(Locale.ROOT);
        return bare.matches("[0-9a-f]{64}") ? Optional.of(bare) : Optional.empty();
    }

    private static String meaning(int status) {
        return switch (status) {
            case 401, 403 ->
                "the server refuses it (%d): if the model asks for consent, give it there and set HF_TOKEN"
                        .formatted(status);
            case 404 -> "there is no such file (404)";
            case 429 -> "the server asks to come back later (429)";
            default -> "the server answered " + status;
        };
    }

    /** A proxy for all but some hosts. */
    private static final class ExceptSome extends ProxySelector {

        private final ProxySelector proxy;
        private final String[] exceptions;

        ExceptSome(ProxySelector proxy, String[] exceptions) {
            this.proxy = proxy;
            this.exceptions = exceptions;
        }

        @Override
        public List<Proxy> select(URI uri) {
            for (String exception : exceptions) {
                String domain = exception.strip();
                if (!domain.isEmpty() && uri.getHost().endsWith(domain)) {
                    return List.of(Proxy.NO_PROXY);
                }
            }
            return proxy.select(uri);
        }

        @Override
        public void connectFailed(URI uri, SocketAddress address, IOException e) {
            proxy.connectFailed(uri, address, e);
        }
    }
}
