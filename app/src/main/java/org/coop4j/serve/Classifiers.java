package org.coop4j.serve;

import static org.eclipse.jetty.http.HttpStatus.BAD_REQUEST_400;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;
import static org.eclipse.jetty.http.HttpStatus.PAYLOAD_TOO_LARGE_413;
import static org.eclipse.jetty.http.HttpStatus.SERVICE_UNAVAILABLE_503;
import static org.eclipse.jetty.http.HttpStatus.UNPROCESSABLE_ENTITY_422;

import io.javalin.http.Context;
import io.javalin.http.Header;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.image.ImageForm;
import org.coop4j.predict.InputImage;
import org.coop4j.predict.Prediction;
import org.coop4j.serve.Clients.Client;

/** The classifiers that a service offers, by name. */
final class Classifiers {

    private final Map<String, ServedClassifier> byName = new LinkedHashMap<>();
    private final ServiceMetrics metrics;
    private final Executor answers;

    /**
     * @param answers threads that write answers, so that no queue waits for a slow client
     */
    Classifiers(List<ServedClassifier> served, ServiceMetrics metrics, Executor answers) {
        for (ServedClassifier one : served) {
            byName.put(one.info().name(), one);
            metrics.add(one);
        }
        this.metrics = metrics;
        this.answers = answers;
    }

    List<ClassifierInfo> infos() {
        return byName.values().stream().map(ServedClassifier::info).toList();
    }

    /** Returns the classifier that a request's path names. */
    ServedClassifier of(Context context) {
        String name = context.pathParam("model");
        ServedClassifier served = byName.get(name);
        if (served == null) {
            throw new Refusal(
                    NOT_FOUND_404,
                    "no classifier is called \"" + name + "\": expected one of " + byName.keySet());
        }
        return served;
    }

    /**
     * Classifies a request's pictures together with those of others, and counts them.
     *
     * @param pictures contents of image files
     * @return for each picture all classes, the most probable first; or the {@link Refusal} of the first picture that
     *     cannot be read, or of all if the queue is full
     */
    CompletableFuture<List<List<Prediction>>> classify(
            ServedClassifier served, List<byte[]> pictures, Context context) {
        Client client = Clients.of(context);
        List<InputImage> images = new ArrayList<>();
        for (byte[] picture : pictures) {
            String name = pictures.size() == 1 ? "of the request" : Integer.toString(images.size());
            InputImage image = InputImage.of(picture, name);
            images.add((reader, target, offset) -> {
                if (client.hasLeft()) {
                    throw new IOException("the client has left");
                }
                image.read(reader, target, offset);
            });
        }
        return submit(served, pictures, images).whenComplete((ranked, problem) -> {
            metrics.count(served, pictures.size(), problem);
            if (client.isHurried()) {
                context.header(Header.CONNECTION, "close");
            }
        });
    }

    private CompletableFuture<List<List<Prediction>>> submit(
            ServedClassifier served, List<byte[]> pictures, List<InputImage> images) {
        List<CompletableFuture<List<Prediction>>> ranked = new ArrayList<>();
        try {
            for (CompletableFuture<List<Prediction>> one : served.classifier().submitAll(images)) {
                byte[] picture = pictures.get(ranked.size());
                ranked.add(one.exceptionallyCompose(e -> failed(e, picture)));
            }
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(Refusal.full(served.info().name() + " is busy: " + e.getMessage()));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(new Refusal(PAYLOAD_TOO_LARGE_413, e.getMessage()));
        }
        return CompletableFuture.allOf(ranked.toArray(CompletableFuture[]::new))
                .thenApplyAsync(
                        done -> ranked.stream().map(CompletableFuture::join).toList(), answers);
    }

    /** Refuses a picture of an unknown format as a bad request, and one of a known format as damaged or too large. */
    private static <T> CompletableFuture<T> failed(Throwable problem, byte[] picture) {
        Throwable cause = ServiceMetrics.cause(problem);
        if (cause instanceof CancellationException) {
            cause = new Refusal(SERVICE_UNAVAILABLE_503, "the service is stopping");
        } else if (cause instanceof IOException) {
            boolean known = ImageForm.of(picture).isPresent();
            cause = new Refusal(
                    known ? UNPROCESSABLE_ENTITY_422 : BAD_REQUEST_400,
                    cause instanceof ImageException e ? e.problem() : cause.getMessage());
        }
        return CompletableFuture.failedFuture(cause);
    }

    /** Gives up the pictures that are not classified yet, whose requests are answered with 503. */
    void cancel() {
        byName.values().forEach(served -> served.classifier().cancelSubmitted());
    }
}
