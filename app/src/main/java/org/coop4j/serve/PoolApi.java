package org.coop4j.serve;

import static org.coop4j.http.Refusal.require;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.console.Json;
import org.coop4j.http.Uploads;
import org.coop4j.pool.Search;
import org.coop4j.serve.EmbeddingsApi.Item;

/** {@code POST /pool/search}: pictures of folders that were given at the start, by words or by other pictures. */
record PoolApi(Classifiers classifiers, Map<String, ServedPool> pools, Uploads uploads) {

    static final String PATH = "/pool/search";

    private static final int TOP = 20;
    private static final int MOST = 1_000;

    /**
     * A request.
     *
     * @param pool name of a folder; may be null if there is one
     * @param words what the pictures show; null to search by pictures
     * @param not what they do not show; may be null
     * @param like pictures that they resemble: paths of the pool's own, and others as images
     * @param unlike pictures that they do not resemble
     * @param top how many; 20 if null
     */
    record Body(
            String pool,
            String words,
            String not,
            @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) List<Item> like,
            @JsonFormat(with = JsonFormat.Feature.ACCEPT_SINGLE_VALUE_AS_ARRAY) List<Item> unlike,
            Integer top) {

        Body {
            like = like == null ? List.of() : like;
            unlike = unlike == null ? List.of() : unlike;
        }
    }

    void addTo(RoutesConfig routes) {
        if (!pools.isEmpty()) {
            routes.post(PATH, this::search);
        }
    }

    private void search(Context context) throws IOException {
        Body body = EmbeddingsApi.read(Body.class, uploads.open(context).readAllBytes());
        require(body != null, "expected {\"words\": …}, or {\"like\": [\"PATH\", {\"image\": BASE64}]}");
        require((body.words == null) != body.like.isEmpty(), "expected either words or like");
        require(body.not == null || body.words != null, "not: goes with words");
        require(body.unlike.isEmpty() || !body.like.isEmpty(), "unlike: goes with like");
        int top = Objects.requireNonNullElse(body.top, TOP);
        require(top >= 1 && top <= MOST, "top: expected 1 to %d, got %d".formatted(MOST, top));
        ServedPool pool = pool(body.pool);
        List<Item> examples = Stream.of(body.like, body.unlike)
                .flatMap(List::stream)
                .peek(item -> require(item != null, "like: expected paths and images, got null"))
                .toList();
        List<Item> texts = Stream.of(body.words, body.not)
                .filter(Objects::nonNull)
                .map(words -> new Item(Search.prompt(words), null))
                .toList();
        List<Item> unknown = Stream.concat(texts.stream(), examples.stream().filter(item -> item.image() != null))
                .toList();
        Map<String, Integer> rows = new HashMap<>();
        for (int i = 0; i < pool.paths().size(); i++) {
            rows.put(pool.paths().get(i), i);
        }
        examples.stream()
                .filter(item -> item.text() != null)
                .forEach(item -> require(rows.containsKey(item.text()), "the pool has no picture " + item.text()));
        Function<List<float[]>, double[]> scores = vectors -> {
            if (body.words != null) {
                return pool.search().words(vectors.get(0), body.not == null ? null : vectors.get(1));
            }
            List<float[]> all = new ArrayList<>();
            int next = 0;
            for (Item item : examples) {
                all.add(
                        item.image() != null
                                ? vectors.get(next++)
                                : pool.units().row(rows.get(item.text())));
            }
            int width = pool.units().width();
            return pool.search()
                    .like(
                            FeatureMatrix.of(all.subList(0, body.like.size()), width),
                            FeatureMatrix.of(all.subList(body.like.size(), all.size()), width));
        };
        if (unknown.isEmpty()) {
            context.json(answer(pool, scores.apply(List.of()), top));
            return;
        }
        classifiers.requirePlaces(pool.encoder(), unknown.size());
        texts.forEach(item -> EmbeddingsApi.tokens(pool.encoder().classifier().clip(), item)); // refuses those too long
        context.future(() -> classifiers
                .embed(pool.encoder(), unknown, context)
                .thenAccept(vectors -> context.json(answer(pool, scores.apply(vectors), top))));
    }

    private ServedPool pool(String name) {
        require(name != null || pools.size() == 1, "pool: expected one of " + pools.keySet());
        return name == null ? pools.values().iterator().next() : Classifiers.of(pools, "pool", name);
    }

    private static ObjectNode answer(ServedPool pool, double[] scores, int top) {
        List<ObjectNode> results = IntStream.of(Search.best(scores, top))
                .mapToObj(
                        row -> Json.object().put("path", pool.paths().get(row)).put("score", scores[row]))
                .toList();
        return Json.object().put("pool", pool.name()).putPOJO("results", results);
    }
}
