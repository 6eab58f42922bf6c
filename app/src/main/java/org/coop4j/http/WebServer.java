package org.coop4j.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.eclipse.jetty.http.HttpStatus.INTERNAL_SERVER_ERROR_500;
import static org.eclipse.jetty.http.HttpStatus.REQUEST_TIMEOUT_408;
import static org.eclipse.jetty.http.HttpStatus.UNAUTHORIZED_401;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.Header;
import io.javalin.http.HttpResponseException;
import io.javalin.router.Endpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.coop4j.base.Log;
import org.coop4j.console.Json;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.NanoTime;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;

/** A server within limits on its clients. Closing refuses new requests and answers those that it has. */
public final class WebServer {

    private static final Logger LOG = Log.of(WebServer.class);

    /** Headers of every answer: pages may exchange data with their server only. */
    static final Map<String, String> SECURITY = Map.of(
            Header.CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                    + " img-src 'self' blob: data:; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'",
            Header.X_CONTENT_TYPE_OPTIONS,
            "nosniff",
            Header.REFERRER_POLICY,
            "no-referrer");

    /** Time to write the answers of requests that closing gives up. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

    /** Version, trace, span and flags, as in W3C's Trace Context. */
    private static final Pattern TRACE = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?");

    private static final String SCHEME = "Bearer ";

    /** Attribute of a request: the pattern of its path. */
    private static final String PATTERN = "pattern";

    /** Threads for selectors and answers, in addition to those that read requests. */
    private static final int MORE_THREADS = 16;

    private final ServiceOptions options;
    private final Scheduler clock;
    private final QueuedThreadPool threads;
    private final Clients clients;
    private final Uploads uploads;
    private final Optional<OutputStream> accessLog;
    private boolean logFailed;
    private Javalin http;

    /** Counts requests. */
    public interface Counter {

        /**
         * Counts a request, whether it was answered by a route or by Jetty.
         *
         * @param pattern of its path, or "none"
         */
        void answered(String method, String pattern, int status, long nanos);
    }

    /**
     * Prepares a server.
     *
     * @param accessLog receives a line of JSON for each request, unless empty
     * @param clock for the time of requests and of closing; stopped with the server
     */
    public WebServer(ServiceOptions options, Optional<OutputStream> accessLog, Scheduler clock) {
        this.options = options;
        this.accessLog = accessLog;
        this.clock = clock;
        this.threads = new QueuedThreadPool(options.limits().connections() + MORE_THREADS);
        threads.setName("coop4j-http");
        this.clients = new Clients(options, clock);
        this.uploads = new Uploads(options.limits());
    }

    /** Returns the threads that write answers. */
    public Executor threads() {
        return threads;
    }

    /** Returns the bodies of requests. */
    public Uploads uploads() {
        return uploads;
    }

    /** Returns the running server. */
    public Javalin http() {
        return http;
    }

    /**
     * Starts the server.
     *
     * @param site adds the routes
     * @param open selects paths that need no token
     * @throws IOException if it cannot listen, or its host is unknown
     */
    public void start(Consumer<JavalinConfig> site, Predicate<String> open, Counter counter) throws IOException {
        Gate gate = new Gate(options, clients);
        http = Javalin.create(config -> {
            configure(config, gate, counter);
            options.token().ifPresent(token -> config.routes.before(context -> requireToken(context, token, open)));
            config.routes.before(context -> SECURITY.forEach(context::header));
            site.accept(config);
            config.routes.after(uploads::release);
            config.routes.after(context -> {
                Endpoint endpoint = context.endpoints().lastHttpEndpoint();
                context.attribute(PATTERN, endpoint == null ? null : endpoint.path);
            });
            config.routes.exception(HttpResponseException.class, this::refused);
            config.routes.exception(Exception.class, this::failed);
        });
        try {
            http.start();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Requires the token in every request except those for open paths. */
    private static void requireToken(Context context, String token, Predicate<String> open) {
        String given = Objects.requireNonNullElse(context.header(Header.AUTHORIZATION), "");
        if (given.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && MessageDigest.isEqual(
                        given.substring(SCHEME.length()).strip().getBytes(UTF_8), token.getBytes(UTF_8))) {
            Clients.of(context).trust();
        } else if (!open.test(context.path())
                && !HandlerType.OPTIONS.equals(context.method())) { // browsers ask before they send tokens
            throw new Refusal(
                    UNAUTHORIZED_401, "expected the header \"Authorization: Bearer TOKEN\" with this service's token");
        }
    }

    /** Sets what all servers have: no banner, no compression, and 405 for other methods of a path. */
    static void quiet(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
    }

    private void configure(JavalinConfig config, Gate gate, Counter counter) {
        quiet(config);
        config.http.asyncTimeout = 0; // the queue is bounded, and all its pictures are answered
        config.jetty.threadPool = threads;
        config.jetty.modifyServer(server -> {
            server.setStopTimeout(
                    options.limits().drainTime().plus(LAST_ANSWERS).toMillis());
            server.addBean(clock);
            server.insertHandler(gate);
            server.insertHandler(new GracefulHandler());
            server.setErrorHandler(new Errors());
            server.setRequestLog((request, response) -> answered(counter, request, response));
        });
        config.jetty.modifyServletContextHandler(servlets -> servlets.setErrorHandler(new Errors()));
        config.jetty.addConnector(this::connector);
        options.allowedOrigin()
                .ifPresent(origin -> config.bundledPlugins.enableCors(cors -> cors.addRule(rule -> {
                    if (origin.equals("*")) {
                        rule.anyHost();
                    } else {
                        rule.allowHost(origin);
                    }
                })));
    }

    private Connector connector(Server server, HttpConfiguration http) {
        http.setSendServerVersion(false);
        ServerConnector connector =
                new ServerConnector(server, null, null, null, -1, -1, new HttpConnectionFactory(http)) {
                    @Override
                    protected SocketChannelEndPoint newEndPoint(
                            SocketChannel channel, ManagedSelector selector, SelectionKey key) {
                        SocketChannelEndPoint one = new Clients.PeekingEndPoint(channel, selector, key, getScheduler());
                        one.setIdleTimeout(getIdleTimeout());
                        return one;
                    }
                };
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(options.limits().readTime().toMillis());
        connector.addBean(clients);
        server.addBean(new NetworkConnectionLimit(options.limits().connections(), connector));
        try {
            connector.open();
        } catch (IOException e) {
            String reason = (e.getCause() == null ? e : e.getCause()).getMessage();
            throw new UncheckedIOException(new IOException(
                    "cannot listen on %s:%d (%s): give another --port or --host"
                            .formatted(options.host(), options.port(), reason),
                    e));
        }
        return connector;
    }

    private void refused(HttpResponseException refusal, Context context) {
        if (refusal.getStatus() != REQUEST_TIMEOUT_408) {
            uploads.dropRest(context);
        }
        Refusal.answer(refusal, context);
    }

    private void failed(Exception problem, Context context) {
        LOG.error("{} {} failed", context.method(), context.path(), problem);
        refused(new Refusal(INTERNAL_SERVER_ERROR_500, Errors.INTERNAL), context);
    }

    private void answered(Counter counter, Request request, Response response) {
        String pattern = Objects.requireNonNullElse((String) request.getAttribute(PATTERN), "none");
        long nanos = NanoTime.since(request.getHeadersNanoTime());
        counter.answered(request.getMethod(), pattern, response.getStatus(), nanos);
        ObjectNode line = Json.object()
                .put("time", Instant.now().toString())
                .put("client", Request.getRemoteAddr(request))
                .put("method", request.getMethod())
                .put("path", request.getHttpURI().getPath())
                .put("bytes", request.getLength()) // declared, or -1
                .put("status", response.getStatus())
                .put("ms", nanos / 1e6f);
        String trace = request.getHeaders().get("traceparent");
        if (trace != null && TRACE.matcher(trace).matches()) {
            line.put("traceparent", trace);
        }
        accessLog.ifPresent(log -> write(log, line));
    }

    private synchronized void write(OutputStream log, ObjectNode line) {
        try {
            log.write((Errors.JSON.writeValueAsString(line) + "\n").getBytes(UTF_8));
            log.flush();
            logFailed = false;
        } catch (IOException e) {
            if (!logFailed) {
                LOG.warn("cannot write the access log: {}", e.getMessage());
            }
            logFailed = true;
        }
    }

    /**
     * Refuses new requests, waits for the answers to accepted ones for a limited time, and ends.
     *
     * @param cancel gives up the work for requests that are not answered in time
     */
    public void close(Runnable cancel) {
        clock.schedule(cancel, options.limits().drainTime().toMillis(), TimeUnit.MILLISECONDS);
        http.stop(); // and the clock
    }
}
