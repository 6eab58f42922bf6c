package org.coop4j.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.coop4j.serve.InferenceRequest.JSON;
import static org.eclipse.jetty.http.HttpStatus.INTERNAL_SERVER_ERROR_500;
import static org.eclipse.jetty.http.HttpStatus.REQUEST_TIMEOUT_408;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.json.JavalinJackson;
import io.javalin.router.Endpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.coop4j.base.Log;
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
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;

/** Serves classifiers over HTTP until it is closed, which refuses new requests and answers those that it has. */
public final class PredictionService implements AutoCloseable {

    private static final Logger LOG = Log.of(PredictionService.class);

    /** Time to write the answers of requests that closing gives up. */
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

    /** Attribute of a request: the pattern of its path. */
    private static final String PATTERN = "pattern";

    /** Threads for selectors and answers, in addition to those that read requests. */
    private static final int MORE_THREADS = 16;

    private final ServiceOptions options;
    private final QueuedThreadPool threads;
    private final ServiceMetrics metrics = new ServiceMetrics();
    private final Optional<OutputStream> accessLog;
    private final Uploads uploads;
    private final Scheduler clock;
    private final Clients clients;
    private final Gate gate;
    private final Classifiers classifiers;
    final Javalin http;
    private boolean logFailed;

    private PredictionService(
            ServiceOptions options, List<ServedClassifier> served, Optional<OutputStream> log, Scheduler clock)
            throws UnknownHostException {
        this.options = options;
        this.clock = clock;
        this.threads = new QueuedThreadPool(options.limits().connections() + MORE_THREADS);
        threads.setName("coop4j-http");
        this.accessLog = log;
        this.clients = new Clients(options, clock);
        this.gate = new Gate(options, clients);
        this.uploads = new Uploads(options.limits());
        this.classifiers = new Classifiers(served, metrics, threads);
        this.http = Javalin.create(this::configure);
    }

    /**
     * Starts a service.
     *
     * @param served the classifiers; they must stay open until the service is closed
     * @param accessLog receives a line of JSON for each request, unless empty
     * @throws IOException if it cannot listen
     */
    public static PredictionService start(
            ServiceOptions options, List<ServedClassifier> served, Optional<OutputStream> accessLog)
            throws IOException {
        return start(options, served, accessLog, new ScheduledExecutorScheduler("coop4j-clock", true));
    }

    /** Starts a service with a clock for the time of requests and of closing. */
    static PredictionService start(
            ServiceOptions options, List<ServedClassifier> served, Optional<OutputStream> accessLog, Scheduler clock)
            throws IOException {
        PredictionService service = new PredictionService(options, served, accessLog, clock);
        try {
            service.http.start();
        } catch (UncheckedIOException e) {
            service.metrics.close();
            throw e.getCause();
        }
        return service;
    }

    /** Returns the port that it listens on. */
    public int port() {
        return http.port();
    }

    /** Sets what all servers have: no banner, no compression, and 405 for other methods of a path. */
    static void quiet(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
    }

    private void configure(JavalinConfig config) {
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
            server.setRequestLog(this::answered);
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
        config.jsonMapper(new JavalinJackson(JSON, false));
        addTo(config.routes);
    }

    private Connector connector(Server server, HttpConfiguration http) {
        http.setSendServerVersion(false);
        ServerConnector connector =
                new ServerConnector(server, null, null, null, -1, -1, new HttpConnectionFactory(http));
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

    private void addTo(RoutesConfig routes) {
        options.token().map(BearerToken::new).ifPresent(token -> routes.before(token::require));
        Pages.addTo(routes);
        new PredictionsApi(classifiers, uploads).addTo(routes);
        new InferenceApi(classifiers, uploads).addTo(routes);
        new EmbeddingsApi(classifiers, uploads).addTo(routes);
        metrics.addTo(routes);
        routes.after(uploads::release);
        routes.after(context -> {
            Endpoint endpoint = context.endpoints().lastHttpEndpoint();
            context.attribute(PATTERN, endpoint == null ? null : endpoint.path);
        });
        routes.exception(HttpResponseException.class, this::refused);
        routes.exception(Exception.class, this::failed);
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

    /** Counts and logs a request, whether it was answered here or by Jetty. */
    private void answered(Request request, Response response) {
        String pattern = Objects.requireNonNullElse((String) request.getAttribute(PATTERN), "none");
        long nanos = NanoTime.since(request.getHeadersNanoTime());
        metrics.answered(request.getMethod(), pattern, response.getStatus(), nanos);
        LogLine line = new LogLine(
                Instant.now().toString(),
                Request.getRemoteAddr(request),
                request.getMethod(),
                request.getHttpURI().getPath(),
                request.getLength(),
                response.getStatus(),
                nanos / 1e6f);
        accessLog.ifPresent(log -> write(log, line));
    }

    /**
     * A line of the access log.
     *
     * @param bytes declared by the request, or -1
     */
    private record LogLine(String time, String client, String method, String path, long bytes, int status, float ms) {}

    private synchronized void write(OutputStream log, LogLine line) {
        try {
            log.write((JSON.writeValueAsString(line) + "\n").getBytes(UTF_8));
            log.flush();
            logFailed = false;
        } catch (IOException e) {
            if (!logFailed) {
                LOG.warn("cannot write the access log: {}", e.getMessage());
            }
            logFailed = true;
        }
    }

    /** Refuses new requests, waits for the answers to accepted ones for a limited time, and ends. */
    @Override
    public void close() {
        clock.schedule(classifiers::cancel, options.limits().drainTime().toMillis(), MILLISECONDS);
        http.stop(); // and the clock
        metrics.close();
    }
}
