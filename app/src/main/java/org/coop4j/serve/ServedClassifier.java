package org.coop4j.serve;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.image.ImageForm;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.InputImage;
import org.coop4j.predict.Prediction;
import org.eclipse.jetty.http.HttpStatus;

/**
 * A classifier that the service offers.
 *
 * @param info its description
 * @param classifier open as long as the service runs; closed by its owner
 */
public record ServedClassifier(ClassifierInfo info, ImageClassifier classifier) {

    /**
     * Classifies pictures together with those of other requests.
     *
     * @param pictures contents of image files
     * @param client the pictures are not decoded if it has left
     * @param answers runs the dependants of the result
     * @return for each picture all classes, the most probable first; or the {@link Refusal} of the first picture that
     *     cannot be read, or of all if the queue is full
     */
    CompletableFuture<List<List<Prediction>>> classify(List<byte[]> pictures, Clients.Client client, Executor answers) {
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
        List<CompletableFuture<List<Prediction>>> ranked = new ArrayList<>();
        try {
            for (CompletableFuture<List<Prediction>> one : classifier.submitAll(images)) {
                byte[] picture = pictures.get(ranked.size());
                ranked.add(one.exceptionallyCompose(e -> failed(e, picture)));
            }
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(Refusal.full(info.name() + " is busy: " + e.getMessage()));
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(new Refusal(HttpStatus.PAYLOAD_TOO_LARGE_413, e.getMessage()));
        }
        return CompletableFuture.allOf(ranked.toArray(CompletableFuture[]::new))
                .thenApplyAsync(
                        done -> ranked.stream().map(CompletableFuture::join).toList(), answers);
    }

    /** Refuses a picture of an unknown format as a bad request, and one of a known format as damaged or too large. */
    private static <T> CompletableFuture<T> failed(Throwable problem, byte[] picture) {
        Throwable cause = ServiceMetrics.cause(problem);
        if (cause instanceof CancellationException) {
            cause = new Refusal(HttpStatus.SERVICE_UNAVAILABLE_503, "the service is stopping");
        } else if (cause instanceof IOException) {
            boolean known = ImageForm.of(picture).isPresent();
            cause = new Refusal(
                    known ? HttpStatus.UNPROCESSABLE_ENTITY_422 : HttpStatus.BAD_REQUEST_400,
                    cause instanceof ImageException e ? e.problem() : cause.getMessage());
        }
        return CompletableFuture.failedFuture(cause);
    }
}
