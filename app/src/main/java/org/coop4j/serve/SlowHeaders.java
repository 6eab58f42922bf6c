package org.coop4j.serve;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections whose request headers do not arrive in time. Jetty's idle timeout restarts with each byte, so that
 * a client could hold a connection by sending one now and then.
 */
record SlowHeaders(Scheduler clock, Duration readTime) implements Connection.Listener {

    /** Checks of a connection within the time. */
    private static final int CHECKS = 4;

    @Override
    public void onOpened(Connection connection) {
        check(connection, 0, System.nanoTime());
    }

    @Override
    public void onClosed(Connection connection) {}

    /**
     * Checks a connection now and again.
     *
     * @param bytes received when it last was between two requests, or at work on one
     * @param nanos the system's time then
     */
    private void check(Connection connection, long bytes, long nanos) {
        long received = connection.getBytesIn();
        long now = System.nanoTime();
        boolean atWork = connection.getMessagesIn() != connection.getMessagesOut();
        boolean sendsHeaders = !atWork && received != bytes;
        if (sendsHeaders && now - nanos > readTime.toNanos()) {
            connection.getEndPoint().close();
        }
        if (connection.getEndPoint().isOpen()) {
            clock.schedule(
                    () -> check(connection, sendsHeaders ? bytes : received, sendsHeaders ? nanos : now),
                    readTime.toNanos() / CHECKS,
                    TimeUnit.NANOSECONDS);
        }
    }
}
