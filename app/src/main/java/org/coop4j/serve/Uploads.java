package org.coop4j.serve;

import io.javalin.http.Context;
import io.javalin.http.Header;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;

/**
 * Reads the bodies of requests within the limits of one body, of all bodies together, and of time.
 * Memory is taken as bytes arrive, whatever a client declares, and stays counted until its request
 * is answered.
 */
final class Uploads {

    private static final int PART_BYTES = 1 << 14;

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
            throw tooLarge();
        }
        InputStream in = context.req().getInputStream();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        byte[] part = new byte[PART_BYTES];
        for (int n = next(in, part, deadline); n >= 0; n = next(in, part, deadline)) {
            if (body.size() + n > limits.bodyBytes()) {
                throw tooLarge();
            }
            hold(context, n);
            body.write(part, 0, n);
        }
        return body.toByteArray();
    }

    private int next(InputStream in, byte[] target, long deadline) throws IOException {
        try {
            int n = in.read(target);
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
                "the request did not arrive within %,d ms"
                        .formatted(limits.readTime().toMillis()));
    }

    private Refusal tooLarge() {
        return new Refusal(
                Refusal.TOO_LARGE,
                "the request has more than the limit of %,d bytes: send a smaller picture"
                        .formatted(limits.bodyBytes()));
    }

    /**
     * Drops what a refused request still sends, since a client that is sending reads no answer;
     * where that is too much, too slow, or not sent before the answer, the connection ends with it.
     */
    void dropRest(Context context) {
        boolean waits = context.header(Header.EXPECT) != null;
        long declared = context.req().getContentLengthLong();
        if (waits || declared > limits.bodyBytes() + MOST_DROPPED || !dropped(context)) {
            context.header(Header.CONNECTION, "close");
        }
    }

    private boolean dropped(Context context) {
        long deadline = System.nanoTime() + limits.readTime().toNanos();
        byte[] dropped = new byte[PART_BYTES];
        try {
            InputStream in = context.req().getInputStream();
            for (long left = MOST_DROPPED; left > 0; ) {
                int n = next(in, dropped, deadline);
                if (n < 0) {
                    return true;
                }
                left -= n;
            }
            return false;
        } catch (IOException | Refusal e) {
            return false;
        }
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
