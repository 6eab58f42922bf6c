package org.coop4j.http;

import java.time.Duration;
import java.util.Optional;
import org.coop4j.base.Require;

/**
 * Address of a service and its demands on clients.
 *
 * @param host name or address of the interface to listen on
 * @param port 0 for a free one
 * @param token bearer token that clients must give, unless empty
 * @param allowedOrigin the origin, or {@code *}, whose pages may call the service from a browser, besides its own page
 * @param limits resources that a client may take
 */
public record ServiceOptions(
        String host, int port, Optional<String> token, Optional<String> allowedOrigin, Limits limits) {

    public ServiceOptions {
        Require.that(port >= 0 && port <= 65_535, "port: expected 0 to 65535, got %d", port);
    }

    /**
     * Resources that a client may take.
     *
     * @param bodyBytes maximum size of a request's body
     * @param heldBytes maximum size of all bodies that are held at a time
     * @param readTime maximum time for a request to arrive
     * @param connections maximum number of open connections; more wait to be accepted
     * @param drainTime maximum time that closing waits for accepted requests
     */
    public record Limits(long bodyBytes, long heldBytes, Duration readTime, int connections, Duration drainTime) {

        public Limits {
            Require.that(
                    bodyBytes >= 1 && bodyBytes <= heldBytes,
                    "body: expected 1 to %,d bytes, the share of Java's heap (-Xmx) for requests, got %d",
                    heldBytes,
                    bodyBytes);
            Require.that(readTime.toMillis() >= 1, "readTime: expected more than 0 s, got %s", readTime);
            Require.that(connections >= 1, "connections: expected 1 or more, got %d", connections);
        }

        /** Limits with an eighth of Java's heap for all bodies, and a minute for closing. */
        public static Limits of(long bodyBytes, Duration readTime, int connections) {
            long held = Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 8);
            return new Limits(bodyBytes, held, readTime, connections, Duration.ofMinutes(1));
        }
    }
}
