package org.coop4j.cli.options;

import java.time.Duration;
import org.coop4j.clip.MemoryLimit;
import org.coop4j.console.WrongUsage;
import org.coop4j.predict.PredictionLimits;
import org.coop4j.serve.ServiceOptions;
import picocli.CommandLine.Option;

/** What a service's clients may take, and how their pictures are batched. */
public final class ServeLimits {

    private static final String POSITIVE = "N";

    @Option(
            names = "--max-batch",
            defaultValue = "32",
            paramLabel = POSITIVE,
            converter = Converters.Positive.class,
            description =
                    "The most pictures that are encoded together (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = "--max-delay",
            defaultValue = "2",
            paramLabel = "MS",
            description =
                    "How long a picture waits for others to be encoded with, in milliseconds"
                            + " (default: ${DEFAULT-VALUE}).")
    private int delay;

    @Option(
            names = "--queue",
            defaultValue = "256",
            paramLabel = POSITIVE,
            converter = Converters.Positive.class,
            description =
                    "The most pictures that wait, for each classifier; more are answered with 429"
                            + " (default: ${DEFAULT-VALUE}).")
    private int queue;

    @Option(
            names = "--max-body",
            defaultValue = "16M",
            paramLabel = "SIZE",
            converter = Converters.Memory.class,
            description = "The most bytes of a request (default: ${DEFAULT-VALUE}).")
    private MemoryLimit body;

    @Option(
            names = "--max-pixels",
            defaultValue = "50000000",
            paramLabel = POSITIVE,
            converter = Converters.Positive.class,
            description = "The most pixels of a picture (default: ${DEFAULT-VALUE}).")
    private int pixels;

    @Option(
            names = "--read-time",
            defaultValue = "30",
            paramLabel = "S",
            converter = Converters.Positive.class,
            description =
                    "How long a request may take to arrive, in seconds (default:"
                            + " ${DEFAULT-VALUE}).")
    private int readTime;

    @Option(
            names = "--max-connections",
            defaultValue = "256",
            paramLabel = POSITIVE,
            converter = Converters.Positive.class,
            description =
                    "The most connections that are open at a time; more wait (default:"
                            + " ${DEFAULT-VALUE}).")
    private int connections;

    /** What is asked of each classifier's queue. */
    public PredictionLimits ofPictures() {
        return WrongUsage.unless(
                () -> new PredictionLimits(batch, Duration.ofMillis(delay), queue, pixels));
    }

    /** What is asked of clients. */
    public ServiceOptions.Limits ofRequests() {
        return WrongUsage.unless(
                () ->
                        ServiceOptions.Limits.standard()
                                .withBody(body.bytes())
                                .withReadTime(Duration.ofSeconds(readTime))
                                .withConnections(connections));
    }
}
