package org.coop4j.serve;

import static org.eclipse.jetty.http.HttpStatus.TOO_MANY_REQUESTS_429;

import io.javalin.config.RoutesConfig;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.coop4j.base.Machine;
import org.coop4j.http.Gate;
import org.coop4j.http.Refusal;

/** Measurements of a running service in Prometheus' format: {@code GET /metrics}. */
final class ServiceMetrics implements AutoCloseable {

    /** Upper bounds of the histogram of times. */
    private static final Duration[] BUCKETS = IntStream.of(
                    5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)
            .mapToObj(Duration::ofMillis)
            .toArray(Duration[]::new);

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collector = new JvmGcMetrics();

    ServiceMetrics() {
        List.of(new JvmMemoryMetrics(), new JvmThreadMetrics(), new ProcessorMetrics(), new UptimeMetrics(), collector)
                .forEach(metrics -> metrics.bindTo(registry));
        if (Machine.memory().isPresent()) {
            Gauge.builder("process.resident.memory", () -> Machine.memory().orElse(0))
                    .description("Memory of the process, with that of the models")
                    .baseUnit("bytes")
                    .register(registry);
        }
    }

    void addTo(RoutesConfig routes) {
        String type = "text/plain; version=0.0.4; charset=utf-8";
        routes.get("/metrics", c -> c.contentType(type).result(registry.scrape()));
    }

    /** Measures a classifier's queue. */
    void add(ServedClassifier served) {
        Tags tags = Tags.of("model", served.info().name());
        Gauge.builder("coop.queue.images", served.classifier(), c -> c.waiting())
                .description("Images and texts in the queue")
                .tags(tags)
                .register(registry);
        FunctionCounter.builder("coop.batches", served.classifier(), c -> c.batches())
                .description("Encoded batches; images divided by batches is their mean size")
                .tags(tags)
                .register(registry);
        describe(served);
        for (String result : List.of("classified", "embedded", "unreadable", "refused", "failed")) {
            count(served, result, 0);
        }
    }

    /** Describes a classifier, in place of what was said of it before. */
    void describe(ServedClassifier served) {
        Tags tags = Tags.of("model", served.info().name());
        Tags all =
                tags.and("method", served.info().method(), "clip", served.info().model());
        if (registry.find("coop.classifier").tags(all).meter() == null) {
            registry.find("coop.classifier").tags(tags).meters().forEach(registry::remove);
            Gauge.builder("coop.classifier", () -> 1)
                    .description("A served classifier with its method and model")
                    .tags(all)
                    .register(registry);
        }
    }

    private void count(ServedClassifier served, String result, int images) {
        registry.counter("coop.images", "model", served.info().name(), "result", result)
                .increment(images);
    }

    /**
     * Counts a request's images and texts.
     *
     * @param done result unless there is a problem
     * @param problem null if all went well
     */
    void count(ServedClassifier served, int images, String done, Throwable problem) {
        String result = problem == null ? done : "failed";
        if (cause(problem) instanceof Refusal refusal) {
            result = refusal.getStatus() == TOO_MANY_REQUESTS_429 ? "refused" : "unreadable";
        }
        count(served, result, images);
    }

    /** Unwraps the problem of a stage on which others depend. */
    static Throwable cause(Throwable problem) {
        return problem instanceof CompletionException e ? e.getCause() : problem;
    }

    /**
     * Measures an answered request.
     *
     * @param method of the request, which is counted as "other" if it is unknown
     * @param uri pattern of its path
     */
    void answered(String method, String uri, int status, long nanos) {
        Timer.builder("http.server.requests")
                .description("Requests, from their headers to the end of the answer")
                .tags(
                        "method",
                        Gate.METHODS.contains(method) ? method : "other",
                        "uri",
                        uri,
                        "status",
                        Integer.toString(status))
                .serviceLevelObjectives(BUCKETS)
                .register(registry)
                .record(Duration.ofNanos(nanos));
    }

    @Override
    public void close() {
        collector.close();
        registry.close();
    }
}
