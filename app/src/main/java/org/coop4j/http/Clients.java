package org.coop4j.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Comparator.comparing;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.eclipse.jetty.http.HttpVersion.HTTP_1_1;

import io.javalin.http.Context;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.NanoTime;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * The connected clients. A request must arrive in time, from its first byte to its last: Jetty's idle timeout restarts
 * with each byte. Where a token is required, clients that have not shown it get less time. When places run out, a
 * client whose request is not at work makes room: one without the token first, then one of the address that has the
 * most, then one that has been answered before, then the longest idle.
 */
public final class Clients implements Connection.Listener {

    /** Maximum time for a request from a client without the token. */
    private static final Duration STRANGERS = Duration.ofSeconds(5);

    /** Time to answer a request that did not arrive in time, before its connection is closed. */
    private static final Duration LAST_WORD = Duration.ofSeconds(1);

    /** Time between two looks at a client whose request is at work. */
    static final Duration LOOK = Duration.ofMillis(100);

    /** Sent to a client that may have closed; every client skips it. */
    private static final byte[] STILL_THERE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII);

    private final ServiceOptions options;
    private final Scheduler clock;
    private final Map<Connection, Client> connected = new HashMap<>();

    Clients(ServiceOptions options, Scheduler clock) {
        this.options = options;
        this.clock = clock;
    }

    @Override
    public void onOpened(Connection connection) {
        Client client = new Client(connection, options.token().isEmpty());
        Optional<Client> leaving;
        synchronized (connected) {
            leaving = inTheWay(1);
            connected.put(connection, client);
        }
        leaving.ifPresent(Client::close);
        client.limit(NanoTime.now());
    }

    /** Chooses the client that leaves to make room, if those that stay and {@code more} new ones take all places. */
    private Optional<Client> inTheWay(int more) {
        List<Client> staying = connected.values().stream().filter(Client::stays).toList();
        if (staying.size() + more < options.limits().connections()) {
            return Optional.empty();
        }
        Map<Object, Long> ofAddress = staying.stream().collect(groupingBy(Client::address, counting()));
        Optional<Client> leaving = staying.stream()
                .filter(one -> !one.atWork)
                .max(comparing((Client one) -> !one.known)
                        .thenComparing(one -> ofAddress.get(one.address()))
                        .thenComparing(one -> one.answered)
                        .thenComparing(Client::idleMillis));
        leaving.ifPresent(one -> one.leaves = true);
        return leaving;
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

        /** True from the end of its request to that of the answer. */
        private volatile boolean atWork;

        /** True once a request of its has been answered. */
        private volatile boolean answered;

        /** True once it was chosen to make room; its connection is closed soon after. */
        private volatile boolean leaves;

        /** True if its request may be answered by 100 first, as those of HTTP/1.0 may not. */
        private volatile boolean mayBeAsked;

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

        private boolean stays() {
            return !leaves && connection.getEndPoint().isOpen();
        }

        private Object address() {
            return connection.getEndPoint().getRemoteSocketAddress() instanceof InetSocketAddress at
                    ? at.getAddress()
                    : "";
        }

        private long idleMillis() {
            return endPoint().getIdleFor();
        }

        private PeekingEndPoint endPoint() {
            return (PeekingEndPoint) connection.getEndPoint();
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
            mayBeAsked = request.getConnectionMetaData().getHttpVersion() == HTTP_1_1;
            limit(start);
            Request.addCompletionListener(request, failure -> end(start));
        }

        private void end(long start) {
            answered = true;
            synchronized (this) {
                if (begun == start && connection.getEndPoint().isOpen()) { // the next one may have begun
                    atWork = false;
                    limit(NanoTime.now());
                }
            }
            Optional<Client> leaving;
            synchronized (connected) {
                leaving = inTheWay(0);
            }
            leaving.ifPresent(Client::close);
        }

        /** Notes that the client has shown the token. */
        synchronized void trust() {
            known = true;
            limit(begun);
        }

        /** Notes that the whole request has arrived. */
        synchronized void arrived() {
            deadline.cancel();
            atWork = true;
        }

        /**
         * Ends the work for a request once its client has left.
         *
         * @param end completes the work
         * @return completed when the work is, and nobody looks at the client any more
         */
        public <T> CompletableFuture<T> whileConnected(CompletableFuture<T> work, Runnable end) {
            Watch watch = new Watch(end);
            watch.look();
            return work.whenComplete((result, problem) -> watch.stop());
        }

        /**
         * Returns true if the client has closed the connection while its request was at work, when nobody else reads
         * from it. One that will not send more, but may still read, is sent what it skips: if it has closed, its system
         * refuses that until the next time.
         */
        public boolean hasLeft() {
            return endPoint().hasLeft(mayBeAsked);
        }

        /** Looks at the client from time to time. */
        private final class Watch {

            private final Runnable end;
            private boolean over;

            Watch(Runnable end) {
                this.end = end;
            }

            synchronized void look() {
                if (over) {
                    return;
                }
                if (hasLeft()) {
                    end.run();
                } else {
                    clock.schedule(this::look, LOOK.toMillis(), MILLISECONDS);
                }
            }

            synchronized void stop() {
                over = true;
            }
        }
    }

    /** A connection that can be looked at without taking what arrives from its reader. */
    static final class PeekingEndPoint extends SocketChannelEndPoint {

        private static final int MOST_SEEN = 1 << 10;

        private ByteBuffer seen = BufferUtil.EMPTY_BUFFER;
        private int looks;

        PeekingEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
            super(channel, selector, key, scheduler);
        }

        @Override
        public int fill(ByteBuffer buffer) throws IOException {
            synchronized (this) {
                if (seen.hasRemaining()) {
                    return BufferUtil.append(buffer, seen);
                }
            }
            return super.fill(buffer);
        }

        /** Returns true if the client has closed the connection, or half of it and does not answer. */
        private synchronized boolean hasLeft(boolean mayBeAsked) {
            if (seen.hasRemaining()) {
                return false;
            }
            try {
                ByteBuffer next = ByteBuffer.allocate(MOST_SEEN);
                if (getChannel().read(next) >= 0) {
                    seen = next.flip();
                    return false;
                }
                if (mayBeAsked && Integer.bitCount(++looks) == 1) { // ever less often
                    getChannel().write(ByteBuffer.wrap(STILL_THERE)); // fails after the refusal of an earlier one
                }
                return !mayBeAsked;
            } catch (IOException e) {
                return true;
            }
        }
    }
}
