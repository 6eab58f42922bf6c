package org.coop4j.http;

import static org.eclipse.jetty.http.HttpStatus.PAYLOAD_TOO_LARGE_413;
import static org.eclipse.jetty.http.HttpStatus.REQUEST_TIMEOUT_408;

import io.javalin.http.Context;
import io.javalin.http.Header;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import org.coop4j.base.Log;
import org.coop4j.http.Clients.Client;
import org.coop4j.http.ServiceOptions.Limits;
import org.eclipse.jetty.http.HttpException;
import org.slf4j.Logger;

/**
 * The bodies of requests, within limits on one body and on all bodies together. Memory is taken as bytes arrive,
 * whatever a client declares, and held until the request is answered.
 */
public final class Uploads {

    private static final Logger LOG = Log.of(Uploads.class);

    /** Maximum number of bytes of a refused request that are read and dropped. */
    private static final long MAX_DROPPED = 64L << 20;

    private final Limits limits;
    private final Semaphore free;

    Uploads(Limits limits) {
        this.limits = limits;
        this.free = new Semaphore(Math.toIntExact(limits.heldBytes()));
    }

    /**
     * Opens the body of a request. Reading it throws a {@link Refusal} if it is too large, too slow or malformed, or
     * does not fit into memory now.
     */
    public InputStream open(Context context) {
        if (context.req().getContentLengthLong() > limits.bodyBytes()) {
            throw tooLarge();
        }
        return new InputStream() {
            private final Client client = Clients.of(context);

            @Override
            public int read() {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                int n = receive(context, target, offset, length);
                if (n < 0) {
                    client.arrived();
                } else if (client.held + n > limits.bodyBytes()) {
                    throw tooLarge();
                } else if (free.tryAcquire(n)) {
                    client.held += n;
                } else {
                    throw Refusal.full("the memory for requests is full");
                }
                return n;
            }
        };
    }

    private int receive(Context context, byte[] target, int offset, int length) {
        try {
            return context.req().getInputStream().read(target, offset, length);
        } catch (IOException | HttpException.RuntimeException e) {
            if (e.getCause() instanceof TimeoutException) {
                throw new Refusal(
                        REQUEST_TIMEOUT_408,
                        "the request did not arrive within %,d ms"
                                .formatted(limits.readTime().toMillis()));
            }
            LOG.debug("{} {}: the body broke off: {}", context.method(), context.path(), e.toString());
            throw Refusal.badRequest("the request's body is malformed or incomplete");
        }
    }

    private Refusal tooLarge() {
        return new Refusal(
                PAYLOAD_TOO_LARGE_413,
                "the request exceeds the limit of %,d bytes: send a smaller picture".formatted(limits.bodyBytes()));
    }

    /**
     * Drops the rest of a refused request, since a client reads no answer while it sends. If the rest is too long, too
     * slow, or waits for the answer, the connection is closed instead.
     */
    void dropRest(Context context) {
        boolean waits = context.header(Header.EXPECT) != null;
        boolean endless = context.req().getContentLengthLong() > limits.bodyBytes() + MAX_DROPPED;
        try {
            if (!waits && !endless && context.req().getInputStream().skip(MAX_DROPPED) < MAX_DROPPED) {
                return;
            }
        } catch (IOException | HttpException.RuntimeException e) {
            // It is malformed, or too slow.
        }
        context.header(Header.CONNECTION, "close");
    }

    /** Releases the memory of an answered request. */
    void release(Context context) {
        Client client = Clients.of(context);
        free.release(client.held);
        client.held = 0;
    }
}
