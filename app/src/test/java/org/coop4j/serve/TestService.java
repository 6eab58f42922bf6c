package org.coop4j.serve;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.ShippedModel;
import org.coop4j.method.Classifier;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.predict.ImageClassifier;
import org.eclipse.jetty.util.thread.Scheduler;

/** A service on a free port with a zero-shot classifier of the shipped model. */
final class TestService implements AutoCloseable {

    static final List<String> CLASSES = List.of("dog", "car", "house", "flower", "fish", "star");

    private final Clip clip;
    final Hindrance classifier;
    private final ImageClassifier images;
    private final PredictionService service;

    /** Time of the service's clients. */
    private final Scheduler time;

    private final int port;

    private TestService(
            Clip clip,
            Hindrance classifier,
            EncodingLimits limits,
            ServiceOptions options,
            Optional<OutputStream> log,
            Optional<Double> threshold,
            Scheduler time)
            throws IOException {
        this.clip = clip;
        this.classifier = classifier;
        this.images = ImageClassifier.of(clip, classifier, limits);
        ClassifierInfo info = ClassifierInfo.of(
                "things", classifier.save(), clip.model().path(), Optional.empty(), threshold.orElse(null));
        this.time = time;
        this.service = PredictionService.start(options, List.of(new ServedClassifier(info, images)), log, time);
        this.port = service.port();
    }

    /** Starts a service with the model unpacked in a folder, for whose clients no time passes. */
    static TestService start(Path folder, EncodingLimits limits, ServiceOptions options, Optional<OutputStream> log)
            throws IOException {
        return start(folder, limits, options, log, Optional.empty(), new ManualClock());
    }

    static TestService start(
            Path folder,
            EncodingLimits limits,
            ServiceOptions options,
            Optional<OutputStream> log,
            Optional<Double> threshold,
            Scheduler time)
            throws IOException {
        Clip clip = Clip.open(ShippedModel.file(folder));
        Classifier classifier = PromptEnsemble.of("a drawing of a {}.").classifier(clip, CLASSES);
        return new TestService(clip, new Hindrance(classifier), limits, options, log, threshold, time);
    }

    static TestService start(Path folder) throws IOException {
        return start(folder, EncodingLimits.standard(), onLoopback(), Optional.empty());
    }

    /** Returns limits of 16 MB per body, 10 minutes and 256 connections. */
    static ServiceOptions.Limits limits() {
        return ServiceOptions.Limits.of(16 << 20, Duration.ofMinutes(10), 256);
    }

    /** Returns the options of a service on this machine alone. */
    static ServiceOptions onLoopback(int port, ServiceOptions.Limits limits) {
        return new ServiceOptions("127.0.0.1", port, Optional.empty(), Optional.empty(), limits);
    }

    static ServiceOptions onLoopback() {
        return onLoopback(0, limits());
    }

    /** Returns the classifier of the service. */
    ImageClassifier images() {
        return images;
    }

    /** Returns the clock of a service that was not given another. */
    ManualClock clock() {
        return (ManualClock) time;
    }

    /** Stops the service, whose classifier stays open. */
    void stop() {
        service.close();
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    @Override
    public void close() throws IOException {
        service.close();
        images.close();
        classifier.close();
        clip.close();
    }
}
