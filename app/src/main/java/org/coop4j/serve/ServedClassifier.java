package org.coop4j.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.coop4j.image.ImageException;
import org.coop4j.image.ImageForm;
import org.coop4j.predict.ImageClassifier;
import org.coop4j.predict.InputImage;
import org.coop4j.predict.Prediction;

/**
 * A classifier that the service offers.
 *
 * @param info what is known of it
 * @param classifier open as long as the service runs; its owner closes it
 */
public record ServedClassifier(ClassifierInfo info, ImageClassifier classifier) {

    /**
     * Classifies pictures together with those of other requests.
     *
     * @param pictures content of image files
     * @param answers runs what depends on the result
     * @return a list a picture: all classes, the most probable first; or the {@link Refusal} of the
     *     first picture that cannot be read, or of all if the queue has no place for them
     */
    CompletableFuture<List<List<Prediction>>> classify(List<byte[]> pictures, Executor answers) {
        List<CompletableFuture<List<Prediction>>> ranked = new ArrayList<>();
        try {
            for (int i = 0; i < pictures.size(); i++) {
                byte[] picture = pictures.get(i);
                String name = pictures.size() == 1 ? "of the request" : Integer.toString(i);
                ranked.add(
                        classifier.submit(InputImage.of(picture, name)).exceptionallyCompose(e -> failed(e, picture)));
            }
        } catch (RejectedExecutionException e) {
            ranked.forEach(waiting -> waiting.cancel(false));
            return CompletableFuture.failedFuture(Refusal.full(info.name() + " is busy: " + e.getMessage()));
        }
        return CompletableFuture.allOf(ranked.toArray(CompletableFuture[]::new))
                .thenApplyAsync(
                        done -> ranked.stream().map(CompletableFuture::join).toList(), answers);
    }

    /** A picture of no known form is no picture; one of a known form is damaged or too large. */
    private static <T> CompletableFuture<T> failed(Throwable problem, byte[] picture) {
        Throwable cause = problem instanceof CompletionException e ? e.getCause() : problem;
        if (cause instanceof ImageException) {
            boolean known = ImageForm.of(picture).isPresent();
            return CompletableFuture.failedFuture(
                    new Refusal(known ? Refusal.DAMAGED : Refusal.BAD_REQUEST, cause.getMessage()));
        }
        return CompletableFuture.failedFuture(cause);
    }
}
