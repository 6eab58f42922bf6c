package org.coop4j.serve;

import java.time.Duration;
import java.util.Optional;

/**
 * Where a service listens and what it demands of its clients.
 *
 * @param host name or address of the interface to listen on
 * @param port 0 takes a free one
 * @param token what clients must give as a bearer token, unless empty
 * @param allowedOrigin the origin, or {@code *}, whose pages may call the service from a browser,
 *     besides its own page
 * @param limits what a client may take
 */
public record ServiceOptions(
        String host, int port, Optional<String> token, Optional<String> allowedOrigin, Limits limits) {

    private static final int LAST_PORT = 65_535;

    public ServiceOptions {
        if (port < 0 || port > LAST_PORT) {
            throw new IllegalArgumentException("port: expected 0 to 65535, got " + port);
        }
    }

    /** On this machine alone, open to all that runs on it. */
    public static ServiceOptions onLoopback(int port) {
        return new ServiceOptions("127.0.0.1", port, Optional.empty(), Optional.empty(), Limits.standard());
    }

    /** With other limits. */
    public ServiceOptions with(Limits other) {
        return new ServiceOptions(host, port, token, allowedOrigin, other);
    }

    /**
     * What a client may take.
     *
     * @param bodyBytes the most bytes of a request's body
     * @param heldBytes the most bytes of all bodies that are held at a time
     * @param readTime the longest that a request may take to arrive
     * @param connections the most that are open at a time; more wait to be accepted
     */
    public record Limits(long bodyBytes, long heldBytes, Duration readTime, int connections) {

        private static final long BODY_BYTES = 16L << 20;
        private static final Duration READ_TIME = Duration.ofSeconds(30);
        private static final int CONNECTIONS = 256;

        public Limits {
            if (bodyBytes < 1 || bodyBytes > heldBytes || heldBytes > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        "body: expected 1 to %,d bytes, the share of Java's heap (-Xmx) for all"
                                        .formatted(Math.min(heldBytes, Integer.MAX_VALUE))
                                + " requests, got "
                                + bodyBytes);
            }
            if (readTime.toMillis() < 1) {
                throw new IllegalArgumentException("time to read: expected more than 0 s");
            }
            if (connections < 1) {
                throw new IllegalArgumentException("connections: expected 1 or more, got " + connections);
            }
        }

        /** 16 MB, an eighth of Java's heap, 30 s, 256 connections. */
        public static Limits standard() {
            long held = Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / 8);
            return new Limits(Math.min(BODY_BYTES, held), held, READ_TIME, CONNECTIONS);
        }

        /** With another limit of a request's body. */
        public Limits withBody(long bytes) {
            return new Limits(bytes, heldBytes, readTime, connections);
        }

        /** With another time to read. */
        public Limits withReadTime(Duration time) {
            return new Limits(bodyBytes, heldBytes, time, connections);
        }

        /** With another number of connections. */
        public Limits withConnections(int most) {
            return new Limits(bodyBytes, heldBytes, readTime, most);
        }
    }
}
