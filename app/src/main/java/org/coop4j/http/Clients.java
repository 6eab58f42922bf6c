package org.coop4j.http;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.javalin.http.Context;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.NanoTime;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * The connected clients. A request must arrive in time, from its first byte to its last: Jetty's idle timeout restarts
 * with each byte. Where a token is required, clients that have not shown it get less time, and make room for others.
 */
public final class Clients implements Connection.Listener {

    /** Maximum time for a request from a client without the token. */
    private static final Duration STRANGERS = Duration.ofSeconds(5);

    /** Time to answer a request that did not arrive in time, before its connection is closed. */
    private static final Duration LAST_WORD = Duration.ofSeconds(1);

    private final ServiceOptions options;
    private final Scheduler clock;

    /** The oldest connection first. */
    private final Map<Connection, Client> connected = new LinkedHashMap<>();

    Clients(ServiceOptions options, Scheduler clock) {
        this.options = options;
        this.clock = clock;
    }

    @Override
    public void onOpened(Connection connection) {
        Client client = new Client(connection, options.token().isEmpty());
        Optional<Client> oldestStranger;
        synchronized (connected) {
            boolean full = connected.size() + 1 >= options.limits().connections();
            oldestStranger = connected.values().stream()
                    .filter(one -> full && !one.known)
                    .findFirst();
            connected.put(connection, client);
        }
        oldestStranger.ifPresent(Client::close);
        client.limit(NanoTime.now());
    }

    @Override
    public void onClosed(Connection connection) {
        Client client;
        synchronized (connected) {
            client = connected.remove(connection);
        }
        if (client != null) {
            client.arrived();
        }
    }

    /** Notes the beginning of a request, whose headers have arrived. */
    void begin(Request request) {
        Connection connection = request.getConnectionMetaData().getConnection();
        Client client;
        synchronized (connected) { // one that has been closed may still be answering
            client = connected.getOrDefault(connection, new Client(connection, true));
        }
        request.setAttribute(Client.class.getName(), client);
        client.begin(request);
    }

    /** Returns the client of a request. */
    public static Client of(Context context) {
        return context.attribute(Client.class.getName());
    }

    /** A client with its time for the request that it sends. */
    public final class Client {

        private final Connection connection;
        private volatile boolean known;

        private volatile boolean hurried;

        private long begun;
        private Scheduler.Task deadline = () -> false;

        /** Bytes that its request holds in memory. */
        int held;

        /**
         * @param known true unless it has yet to show the token
         */
        private Client(Connection connection, boolean known) {
            this.connection = connection;
            this.known = known;
        }

        private Duration patience() {
            Duration all = options.limits().readTime();
            return known || all.compareTo(STRANGERS) < 0 ? all : STRANGERS;
        }

        /** Limits the time of a request, or of the wait for one, which began at a time. */
        private synchronized void limit(long start) {
            begun = start;
            deadline.cancel();
            long left = patience().toNanos() - NanoTime.since(start);
            deadline = clock.schedule(this::expire, Math.max(0, left), NANOSECONDS);
        }

        /** Fails the reading of a request, which is answered, or else closes the connection. */
        private void expire() {
            if (connection.onIdleExpired(new TimeoutException())) {
                close();
            } else {
                clock.schedule(this::close, LAST_WORD.toMillis(), MILLISECONDS);
            }
        }

        private void close() {
            connection.getEndPoint().close();
        }

        private void begin(Request request) {
            long start = request.getBeginNanoTime();
            limit(start);
            Request.addCompletionListener(request, failure -> end(start));
        }

        private synchronized void end(long start) {
            if (begun == start && connection.getEndPoint().isOpen()) { // the next one may have begun
                limit(NanoTime.now());
            }
        }

        /** Notes that the client has shown the token. */
        synchronized void trust() {
            known = true;
            limit(begun);
        }

        /** Notes that the whole request has arrived. */
        synchronized void arrived() {
            deadline.cancel();
        }

        /**
         * Returns true if the client has closed the connection while its request was at work, when nobody else reads
         * from it. What it sends then is lost: see {@link #isHurried}.
         */
        public boolean hasLeft() {
            try {
                SocketChannel channel = (SocketChannel) connection.getEndPoint().getTransport();
                int bytes = channel.read(ByteBuffer.allocate(1));
                if (bytes > 0) {
                    hurried = true;
                }
                return bytes < 0;
            } catch (IOException e) {
                return true;
            }
        }

        /** Returns true if the client sent another request before the answer: the connection must be closed. */
        public boolean isHurried() {
            return hurried;
        }
    }
}
