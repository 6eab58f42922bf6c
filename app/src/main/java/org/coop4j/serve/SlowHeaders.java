package org.coop4j.serve;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;

/**
 * Closes connections whose request's headers do not arrive in time. Jetty's idle timeout begins
 * anew with each byte, so that a client could hold a connection with a byte now and then.
 */
final class SlowHeaders implements Connection.Listener, AutoCloseable {

    /** How often a connection is looked at within the time. */
    private static final int LOOKS = 4;

    private final long limit;
    private final Map<Connection, Seen> connections = new ConcurrentHashMap<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "coop4j-slow-clients");
        thread.setDaemon(true);
        return thread;
    });

    SlowHeaders(Duration readTime) {
        limit = readTime.toNanos();
        long pause = Math.max(1, readTime.toMillis() / LOOKS);
        ScheduledFuture<?> unused = clock.scheduleWithFixedDelay(this::look, pause, pause, TimeUnit.MILLISECONDS);
    }

    /**
     * When nothing of a request had arrived yet.
     *
     * @param bytes that had arrived then
     * @param nanos the system's time then
     */
    private record Seen(long bytes, long nanos) {

        static Seen now(Connection connection) {
            return new Seen(connection.getBytesIn(), System.nanoTime());
        }
    }

    @Override
    public void onOpened(Connection connection) {
        connections.put(connection, new Seen(0, System.nanoTime()));
    }

    @Override
    public void onClosed(Connection connection) {
        connections.remove(connection);
    }

    private void look() {
        connections.replaceAll((connection, seen) -> {
            boolean atWork = connection.getMessagesIn() != connection.getMessagesOut();
            if (atWork || connection.getBytesIn() == seen.bytes()) {
                return Seen.now(connection);
            }
            if (System.nanoTime() - seen.nanos() > limit) {
                connection.getEndPoint().close();
            }
            return seen;
        });
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
