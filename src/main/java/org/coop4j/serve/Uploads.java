package org.coop4j.serve;

import io.javalin.http.Context;
import io.javalin.http.Header;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;

/**
 * Reads the bodies of requests within the limits of one body, of all bodies together, and of time.
 * Memory is taken as bytes arrive, whatever a client declares, and stays counted until its request
 * is answered.
 */
final class Uploads {

    private static final int FIRST_BYTES = 1 << 14;

    /** As much beyond the limit is read and dropped, so that a client sees the answer. */
    private static final long MOST_DROPPED = 64L << 20;

    private static final String HELD = Uploads.class.getName();

    private final ServiceOptions.Limits limits;
    private final Semaphore free;

    Uploads(ServiceOptions.Limits limits) {
        this.limits = limits;
        this.free = new Semaphore(Math.toIntExact(limits.heldBytes()));
    }

    /**
     * The body of a request.
     *
     * @throws Refusal if it is too large, too slow, or there is no memory for it now
     */
    byte[] read(Context context) throws IOException {
        long deadline = System.nanoTime() + limits.readTime().toNanos();
        long declared = context.req().getContentLengthLong();
        if (declared > limits.bodyBytes()) {
            throw tooLarge(context, declared, deadline);
        }
        InputStream in = context.req().getInputStream();
        byte[] body = new byte[0];
        int size = 0;
        while (true) {
            if (size == body.length) {
                int more = (int) Math.min(limits.bodyBytes(), Math.max(FIRST_BYTES, 2L * size));
                if (more == size) {
                    if (next(in, new byte[1], 0, deadline) < 0) {
                        return body;
                    }
                    throw tooLarge(context, declared, deadline);
                }
                hold(context, more - size);
                body = Arrays.copyOf(body, more);
            }
            int n = next(in, body, size, deadline);
            if (n < 0) {
                return Arrays.copyOf(body, size);
            }
            size += n;
        }
    }

    private int next(InputStream in, byte[] target, int offset, long deadline) throws IOException {
        try {
            int n = in.read(target, offset, target.length - offset);
            if (System.nanoTime() > deadline) {
                throw tooSlow();
            }
            return n;
        } catch (IOException e) {
            if (e.getCause() instanceof TimeoutException) { // the connection was idle
                throw tooSlow();
            }
            throw e;
        }
    }

    private Refusal tooSlow() {
        return new Refusal(
                Refusal.REQUEST_TIMEOUT,
                "the request did not arrive within %,d ms".formatted(limits.readTime().toMillis()));
    }

    /** Drops what follows, unless it is much: a client that is still sending reads no answer. */
    private Refusal tooLarge(Context context, long declared, long deadline) throws IOException {
        boolean waits = context.header(Header.EXPECT) != null;
        if (!waits && declared <= limits.bodyBytes() + MOST_DROPPED) {
            InputStream in = context.req().getInputStream();
            byte[] dropped = new byte[FIRST_BYTES];
            long left = MOST_DROPPED;
            for (int n = 0; n >= 0 && left > 0; left -= n) {
                n = next(in, dropped, 0, deadline);
            }
        }
        return new Refusal(
                Refusal.TOO_LARGE,
                "the request has more than the limit of %,d bytes: send a smaller picture"
                        .formatted(limits.bodyBytes()));
    }

    private void hold(Context context, int bytes) {
        if (!free.tryAcquire(bytes)) {
            throw Refusal.full("the service holds as many requests as its memory allows");
        }
        Integer before = context.attribute(HELD);
        context.attribute(HELD, bytes + (before == null ? 0 : before));
    }

    /** Gives the memory of an answered request back. */
    void release(Context context) {
        Integer held = context.attribute(HELD);
        if (held != null) {
            context.attribute(HELD, null);
            free.release(held);
        }
    }
}
