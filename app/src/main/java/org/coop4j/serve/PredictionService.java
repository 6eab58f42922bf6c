package org.coop4j.serve;

import static org.coop4j.serve.InferenceRequest.JSON;

import io.javalin.config.JavalinConfig;
import io.javalin.http.Header;
import io.javalin.json.JavalinJackson;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Resource;
import org.coop4j.http.ServiceOptions;
import org.coop4j.http.WebServer;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;
import org.eclipse.jetty.util.thread.Scheduler;

/** Serves classifiers over HTTP until it is closed, which refuses new requests and answers those that it has. */
public final class PredictionService implements AutoCloseable {

    /** The page to try classifiers and the description of the API, which hold no data of the user: types by path. */
    private static final Map<String, String> PAGES = Map.of(
            "/", "text/html; charset=utf-8",
            "/page.css", "text/css; charset=utf-8",
            "/page.js", "text/javascript; charset=utf-8",
            "/icon.svg", "image/svg+xml",
            "/openapi.yaml", "application/yaml");

    final WebServer server;
    private final ServiceMetrics metrics = new ServiceMetrics();
    private final Classifiers classifiers;
    private final Map<String, ServedPool> pools = new LinkedHashMap<>();

    private PredictionService(WebServer server, List<ServedClassifier> served, List<ServedPool> pools, boolean why) {
        this.server = server;
        pools.forEach(pool -> this.pools.put(pool.name(), pool));
        this.classifiers = new Classifiers(served, why, metrics, server.threads());
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
        return start(options, served, List.of(), false, accessLog);
    }

    /**
     * Starts a service that also searches in folders of pictures.
     *
     * @param why true to draw heat maps for requests that ask for them
     */
    public static PredictionService start(
            ServiceOptions options,
            List<ServedClassifier> served,
            List<ServedPool> pools,
            boolean why,
            Optional<OutputStream> accessLog)
            throws IOException {
        return start(options, served, pools, why, accessLog, new ScheduledExecutorScheduler("coop4j-clock", true));
    }

    /** Starts a service with a clock for the time of requests and of closing. */
    static PredictionService start(
            ServiceOptions options,
            List<ServedClassifier> served,
            List<ServedPool> pools,
            boolean why,
            Optional<OutputStream> accessLog,
            Scheduler clock)
            throws IOException {
        PredictionService service = new PredictionService(new WebServer(options, accessLog, clock), served, pools, why);
        try {
            service.server.start(
                    service::configure,
                    path -> PAGES.containsKey(path) || path.equals("/ping") || path.startsWith("/v2/health/"),
                    service.metrics::answered);
        } catch (IOException e) {
            service.metrics.close();
            throw e;
        }
        return service;
    }

    /** Returns the port that it listens on. */
    public int port() {
        return server.http().port();
    }

    /** Describes the classifiers in the metrics, after one was replaced. */
    public void describe() {
        classifiers.describe();
    }

    private void configure(JavalinConfig config) {
        config.jsonMapper(new JavalinJackson(JSON, false));
        PAGES.forEach((path, type) -> {
            byte[] content =
                    Resource.bytes(PredictionService.class, path.equals("/") ? "page.html" : path.substring(1));
            config.routes.get(path, c -> c.contentType(type)
                    .header(Header.CACHE_CONTROL, "no-cache")
                    .result(content));
        });
        new PredictionsApi(classifiers, server.uploads()).addTo(config.routes);
        new InferenceApi(classifiers, server.uploads()).addTo(config.routes);
        new EmbeddingsApi(classifiers, server.uploads()).addTo(config.routes);
        new VisionApi(classifiers, server.uploads()).addTo(config.routes);
        new PoolApi(classifiers, pools, server.uploads()).addTo(config.routes);
        metrics.addTo(config.routes);
    }

    /** Refuses new requests, waits for the answers to accepted ones for a limited time, and ends. */
    @Override
    public void close() {
        server.close(classifiers::cancel);
        classifiers.close();
        metrics.close();
    }
}
