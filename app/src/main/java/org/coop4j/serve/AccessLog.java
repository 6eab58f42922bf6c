package org.coop4j.serve;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A line of JSON for each request that was answered. */
final class AccessLog {

    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    private final OutputStream target;
    private boolean failed;

    AccessLog(OutputStream target) {
        this.target = target;
    }

    /**
     * A line.
     *
     * @param time when it was answered, in UTC
     * @param client the address that the request came from
     * @param bytes of its body, as it declares; -1 if it does not
     * @param ms from its headers to the end of the answer
     */
    private record Entry(
            String time,
            String client,
            String method,
            String path,
            long bytes,
            int status,
            float ms) {}

    synchronized void answered(Context context, float milliseconds) {
        Entry entry =
                new Entry(
                        Instant.now().toString(),
                        context.req().getRemoteAddr(),
                        context.req().getMethod(),
                        context.path(),
                        context.req().getContentLengthLong(),
                        context.statusCode(),
                        milliseconds);
        try {
            target.write(JsonAnswer.bytes(entry));
            target.write('\n');
            target.flush();
            failed = false;
        } catch (IOException e) {
            if (!failed) {
                LOG.warn("the access log cannot be written: {}", e.getMessage());
            }
            failed = true;
        }
    }
}
