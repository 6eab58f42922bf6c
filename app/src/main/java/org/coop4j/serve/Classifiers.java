package org.coop4j.serve;

import static java.util.concurrent.CompletableFuture.failedFuture;
import static org.eclipse.jetty.http.HttpStatus.BAD_REQUEST_400;
import static org.eclipse.jetty.http.HttpStatus.NOT_FOUND_404;
import static org.eclipse.jetty.http.HttpStatus.PAYLOAD_TOO_LARGE_413;
import static org.eclipse.jetty.http.HttpStatus.SERVICE_UNAVAILABLE_503;
import static org.eclipse.jetty.http.HttpStatus.UNPROCESSABLE_ENTITY_422;

import com.fasterxml.jackson.databind.JsonNode;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.coop4j.base.RefusedException;
import org.coop4j.clip.EncodingQueue;
import org.coop4j.clip.EncodingQueue.Input;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.InputImage;
import org.coop4j.http.Clients;
import org.coop4j.http.Refusal;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.ImageDecoder.ImageException;
import org.coop4j.page.HeatPicture;
import org.coop4j.predict.Prediction;
import org.coop4j.serve.EmbeddingsApi.Item;

/** The classifiers that a service offers, by name. */
final class Classifiers implements AutoCloseable {

    /** Heat maps that wait at most. */
    private static final int MAPS = 64;

    private final Map<String, ServedClassifier> byName = new LinkedHashMap<>();

    /** A classifier for each name of a model that encodes: its own and its CLIP's. */
    private final Map<String, ServedClassifier> encoders = new LinkedHashMap<>();

    private final ServiceMetrics metrics;
    private final Executor answers;
    private final ExecutorService maps; // one after another; null if the service draws none
    private final Semaphore places = new Semaphore(MAPS);

    /**
     * A picture's classes, the most probable first.
     *
     * @param why the heat map of the first; null if it was not asked for
     */
    record Answer(List<Prediction> ranked, JsonNode why) {}

    /**
     * @param why true to draw heat maps
     * @param answers threads that write answers, so that no queue waits for a slow client
     */
    Classifiers(List<ServedClassifier> served, boolean why, ServiceMetrics metrics, Executor answers) {
        for (ServedClassifier one : served) {
            byName.put(one.info().name(), one);
            metrics.add(one);
        }
        encoders.putAll(byName);
        served.forEach(one -> encoders.putIfAbsent(one.info().clip(), one));
        this.metrics = metrics;
        this.answers = answers;
        this.maps = why ? Executors.newSingleThreadExecutor() : null;
    }

    List<ClassifierInfo> infos() {
        return byName.values().stream().map(ServedClassifier::info).toList();
    }

    /** Describes the classifiers in the metrics. */
    void describe() {
        byName.values().forEach(metrics::describe);
    }

    /** Returns the classifier that a request's path names. */
    ServedClassifier of(Context context) {
        return of(byName, "classifier", context.pathParam("model"));
    }

    /** Returns a classifier whose model encodes texts and pictures under a name; without one, of the only CLIP. */
    ServedClassifier encoder(String name) {
        if (name != null) {
            return of(encoders, "model", name);
        }
        ServedClassifier first = byName.values().iterator().next();
        boolean only = byName.values().stream()
                .allMatch(one -> one.classifier().clip() == first.classifier().clip());
        Refusal.require(only, "model: expected one of " + encoders.keySet());
        return first;
    }

    /** Returns the classifier of a name, or else the only one. */
    ServedClassifier named(String name) {
        return byName.size() == 1 ? byName.values().iterator().next() : of(byName, "classifier", name);
    }

    /** Returns the names of models that encode. */
    Set<String> encoders() {
        return encoders.keySet();
    }

    /** Returns what a request names, or refuses the name. */
    static <T> T of(Map<String, T> all, String kind, String name) {
        T served = all.get(name);
        if (served == null) {
            throw new Refusal(
                    NOT_FOUND_404, "no %s is called \"%s\": expected one of %s".formatted(kind, name, all.keySet()));
        }
        return served;
    }

    /**
     * Classifies a request's pictures together with those of others, and counts them.
     *
     * @param pictures contents of image files
     * @param why true to draw the heat map of each picture's most probable class
     * @return an answer for each picture, or the {@link Refusal} of the first picture that cannot be read, or of all if the
     *     queue is full
     */
    CompletableFuture<List<Answer>> classify(
            ServedClassifier served, List<byte[]> pictures, boolean why, Context context) {
        Refusal.require(!why || maps != null, "why: the service draws no heat maps: start it with coop serve --why");
        Refusal.require(!why || pictures.size() <= MAPS, "why: expected at most %d pictures".formatted(MAPS));
        List<InputImage> images = IntStream.range(0, pictures.size())
                .mapToObj(i -> image(pictures.get(i), i, pictures.size()))
                .toList();
        return submit(served, pictures, "classified", context, () -> {
            List<CompletableFuture<List<Prediction>>> all = served.classifier().submitAll(images);
            if (why && !places.tryAcquire(images.size())) {
                all.forEach(one -> one.cancel(false));
                throw new RejectedExecutionException("%d heat maps wait".formatted(MAPS));
            }
            return IntStream.range(0, images.size())
                    .mapToObj(i -> answer(served, images.get(i), all.get(i), why))
                    .toList();
        });
    }

    private CompletableFuture<Answer> answer(
            ServedClassifier served, InputImage image, CompletableFuture<List<Prediction>> classes, boolean why) {
        CompletableFuture<Answer> answer = why
                ? classes.thenApplyAsync(ranked -> new Answer(ranked, map(served, image, ranked)), maps)
                : classes.thenApply(ranked -> new Answer(ranked, null));
        CompletableFuture<?> unused = answer.whenComplete((done, problem) -> {
            classes.cancel(false); // if the answer was
            places.release(why ? 1 : 0);
        });
        return answer;
    }

    private JsonNode map(ServedClassifier served, InputImage image, List<Prediction> ranked) {
        try {
            return HeatPicture.json(served.classifier().why(image, ranked.get(0).label()));
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /**
     * Encodes a request's texts and pictures together with those of others, and counts them.
     *
     * @return unit vectors, or a {@link Refusal} as of {@link #classify}
     */
    CompletableFuture<List<float[]>> embed(ServedClassifier served, List<Item> items, Context context) {
        List<byte[]> pictures = new ArrayList<>();
        List<Input> inputs = new ArrayList<>();
        for (Item item : items) {
            inputs.add(
                    item.image() == null
                            ? new EncodingQueue.Text(item.text())
                            : new EncodingQueue.Image(
                                    image(item.image(), inputs.size(), items.size()), FeatureKind.EMBEDDED));
            pictures.add(item.image());
        }
        return submit(
                served, pictures, "embedded", context, () -> served.classifier().submitEmbeddings(inputs));
    }

    private static InputImage image(byte[] picture, int index, int count) {
        return InputImage.of(picture, count == 1 ? "of the request" : Integer.toString(index));
    }

    /**
     * @param pictures contents of the image files, null for a text
     * @param done result in the metrics
     */
    private <T> CompletableFuture<List<T>> submit(
            ServedClassifier served,
            List<byte[]> pictures,
            String done,
            Context context,
            Supplier<List<CompletableFuture<T>>> submission) {
        List<CompletableFuture<T>> submitted = new ArrayList<>();
        List<CompletableFuture<T>> results = new ArrayList<>();
        try {
            submitted.addAll(submission.get());
            for (CompletableFuture<T> one : submitted) {
                byte[] picture = pictures.get(results.size());
                results.add(one.exceptionallyCompose(e -> failed(e, picture)));
            }
        } catch (RejectedExecutionException | IllegalArgumentException e) {
            results.add(failedFuture(noRoom(served, e)));
        }
        CompletableFuture<Void> all = CompletableFuture.allOf(results.toArray(CompletableFuture[]::new));
        return Clients.of(context)
                .whileConnected(all, () -> submitted.forEach(one -> one.cancel(false)))
                .thenApplyAsync(
                        ignored -> results.stream().map(CompletableFuture::join).toList(), answers)
                .whenComplete((answer, problem) -> metrics.count(served, pictures.size(), done, problem));
    }

    /** Checks that a request's texts and pictures fit into the queue, before work is done for them. */
    void requirePlaces(ServedClassifier served, int inputs) {
        try {
            served.classifier().requirePlaces(inputs);
        } catch (RejectedExecutionException | IllegalArgumentException e) {
            Refusal refusal = noRoom(served, e);
            metrics.count(served, inputs, "refused", refusal);
            throw refusal;
        }
    }

    /** Returns the refusal of more texts and pictures than the queue takes now, or ever. */
    private static Refusal noRoom(ServedClassifier served, RuntimeException problem) {
        return problem instanceof RejectedExecutionException
                ? Refusal.full(served.info().name() + " is busy: " + problem.getMessage())
                : new Refusal(PAYLOAD_TOO_LARGE_413, problem.getMessage());
    }

    /** Refuses a picture of an unknown format as a bad request, and one of a known format as damaged or too large. */
    private static <T> CompletableFuture<T> failed(Throwable problem, byte[] picture) {
        Throwable cause = ServiceMetrics.cause(problem);
        if (cause instanceof CancellationException) {
            cause = new Refusal(SERVICE_UNAVAILABLE_503, "the service is stopping");
        } else if (cause instanceof RefusedException) { // of a model without maps
            cause = Refusal.badRequest("why: " + cause.getMessage());
        } else if (cause instanceof IOException) {
            boolean known = ImageDecoder.knows(picture);
            cause = new Refusal(
                    known ? UNPROCESSABLE_ENTITY_422 : BAD_REQUEST_400,
                    cause instanceof ImageException e ? e.problem() : cause.getMessage());
        }
        return failedFuture(cause);
    }

    /** Gives up the pictures that are not classified yet, whose requests are answered with 503. */
    void cancel() {
        byName.values().forEach(served -> served.classifier().cancelSubmitted());
    }

    /** Ends the thread that draws. */
    @Override
    public void close() {
        if (maps != null) {
            maps.shutdown();
        }
    }
}
