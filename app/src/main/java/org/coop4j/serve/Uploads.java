package org.coop4j.serve;

import io.javalin.http.Context;
import io.javalin.http.Header;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import org.eclipse.jetty.http.HttpStatus;

/**
 * Reads the bodies of requests within limits on one body, on all bodies together, and on time. Memory is taken as bytes
 * arrive, whatever a client declares, and held until the request is answered.
 */
final class Uploads {

    private static final int PART_BYTES = 1 << 14;

    /** Maximum number of bytes of a refused request that are read and dropped. */
    private static final long MAX_DROPPED = 64L << 20;

    private static final String HELD = Uploads.class.getName();

    private final ServiceOptions.Limits limits;
    private final Semaphore free;

    Uploads(ServiceOptions.Limits limits) {
        this.limits = limits;
        this.free = new Semaphore(Math.toIntExact(limits.heldBytes()));
    }

    /**
     * Reads the body of a request.
     *
     * @throws Refusal if it is too large, too slow, or does not fit into memory now
     */
    byte[] read(Context context) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (context.req().getContentLengthLong() > limits.bodyBytes()
                || !read(context, limits.bodyBytes(), body, bytes -> hold(context, bytes))) {
            throw new Refusal(
                    HttpStatus.PAYLOAD_TOO_LARGE_413,
                    "the request exceeds the limit of %,d bytes: send a smaller picture".formatted(limits.bodyBytes()));
        }
        return body.toByteArray();
    }

    /** Reads to the end of a body; returns false if it has more bytes than allowed. */
    private boolean read(Context context, long most, OutputStream target, IntConsumer hold) throws IOException {
        long deadline = System.nanoTime() + limits.readTime().toNanos();
        InputStream in = context.req().getInputStream();
        byte[] part = new byte[PART_BYTES];
        for (long left = most; ; ) {
            int n;
            try {
                n = in.read(part);
            } catch (IOException e) {
                if (e.getCause() instanceof TimeoutException) { // the connection was idle
                    throw tooSlow();
                }
                throw e;
            }
            if (System.nanoTime() > deadline) {
                throw tooSlow();
            }
            left -= n;
            if (n < 0 || left < 0) {
                return n < 0;
            }
            hold.accept(n);
            target.write(part, 0, n);
        }
    }

    private Refusal tooSlow() {
        return new Refusal(
                HttpStatus.REQUEST_TIMEOUT_408,
                "the request did not arrive within %,d ms"
                        .formatted(limits.readTime().toMillis()));
    }

    /**
     * Drops the rest of a refused request, since a client reads no answer while it sends. If the rest is too long, too
     * slow, or waits for the answer, the connection is closed instead.
     */
    void dropRest(Context context) {
        boolean waits = context.header(Header.EXPECT) != null;
        long declared = context.req().getContentLengthLong();
        if (waits || declared > limits.bodyBytes() + MAX_DROPPED || !dropped(context)) {
            context.header(Header.CONNECTION, "close");
        }
    }

    private boolean dropped(Context context) {
        try {
            return read(context, MAX_DROPPED, OutputStream.nullOutputStream(), bytes -> {});
        } catch (IOException | Refusal e) {
            return false;
        }
    }

    private void hold(Context context, int bytes) {
        if (!free.tryAcquire(bytes)) {
            throw Refusal.full("the memory for requests is full");
        }
        Integer before = context.attribute(HELD);
        context.attribute(HELD, bytes + (before == null ? 0 : before));
    }

    /** Releases the memory of an answered request. */
    void release(Context context) {
        Integer held = context.attribute(HELD);
        if (held != null) {
            context.attribute(HELD, null);
            free.release(held);
        }
    }
}
