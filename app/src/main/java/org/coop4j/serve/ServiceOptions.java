package org.coop4j.serve;

import java.time.Duration;
import java.util.Optional;

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
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port: expected 0 to 65535, got " + port);
        }
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
            if (bodyBytes < 1 || bodyBytes > heldBytes) {
                throw new IllegalArgumentException(
                        "body: expected 1 to %,d bytes, the share of Java's heap (-Xmx) for requests, got %d"
                                .formatted(heldBytes, bodyBytes));
            }
            if (readTime.toMillis() < 1) {
                throw new IllegalArgumentException("readTime: expected more than 0 s, got " + readTime);
            }
            if (connections < 1) {
                throw new IllegalArgumentException("connections: expected 1 or more, got " + connections);
            }
        }

        /** Limits with an eighth of Java's heap for all bodies, and a minute for closing. */
        public static Limits of(long bodyBytes, Duration readTime, int connections) {
            long held = Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 8);
            return new Limits(bodyBytes, held, readTime, connections, Duration.ofMinutes(1));
        }
    }
}
