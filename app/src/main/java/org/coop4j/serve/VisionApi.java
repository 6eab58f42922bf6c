package org.coop4j.serve;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.averagingDouble;
import static java.util.stream.Collectors.groupingBy;
import static org.coop4j.http.Refusal.require;

import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.coop4j.console.Json;
import org.coop4j.http.Refusal;
import org.coop4j.http.Uploads;
import org.coop4j.predict.Prediction;
import org.coop4j.serve.Classifiers.Answer;

/** {@code POST /api/v1/vision/labels}: the labels of a photo, as PhotoPrism asks an external service for them. */
record VisionApi(Classifiers classifiers, Uploads uploads) {

    static final String PATH = "/api/v1/vision/labels";

    private static final String EXPECTED = "images: expected thumbnails of one photo as data URLs in base64";

    /**
     * A request; other properties are ignored.
     *
     * @param id the client's own, or null
     * @param model name of a classifier, with a version or without; may be null if there is one
     * @param images thumbnails of one photo
     */
    private record Body(
            String id,
            String model,
            String url,
            @JsonDeserialize(contentUsing = EmbeddingsApi.Picture.class) List<byte[]> images) {}

    void addTo(RoutesConfig routes) {
        routes.post(PATH, this::labels);
    }

    private void labels(Context context) throws IOException {
        Body body = EmbeddingsApi.read(Body.class, uploads.open(context).readAllBytes());
        require(body != null, EXPECTED);
        context.attribute(Refusal.ID, body.id);
        require(body.url == null || body.url.isEmpty(), "url: " + EmbeddingsApi.ADDRESS);
        require(body.images != null && !body.images.isEmpty() && !body.images.contains(null), EXPECTED);
        ServedClassifier served = classifiers.named(body.model == null ? "" : body.model.replaceFirst(":.*", ""));
        ClassifierInfo info = served.info();
        boolean sets = served.classifier().predictsSets();
        context.future(() -> classifiers
                .classify(served, body.images, false, context)
                .thenAccept(thumbnails ->
                        context.json(answer(body.id, info.name(), labels(thumbnails, sets, info.least())))));
    }

    /** Merges the answers for one photo: the likeliest label by mean probability, or those of sets that half predict. */
    private static List<ObjectNode> labels(List<Answer> thumbnails, boolean sets, double least) {
        Map<String, Double> probabilities = means(thumbnails, Prediction::probability);
        Map<String, Double> predicted = means(thumbnails, one -> one.predicted() ? 1 : 0);
        return probabilities.entrySet().stream()
                .sorted(comparing(one -> -one.getValue()))
                .limit(sets ? probabilities.size() : 1)
                .filter(one -> one.getValue() >= least && (!sets || predicted.get(one.getKey()) >= 0.5))
                .map(one -> Json.object()
                        .put("name", one.getKey())
                        .put("source", "image")
                        .put("confidence", one.getValue().floatValue())
                        .put("topicality", one.getValue().floatValue()))
                .toList();
    }

    private static Map<String, Double> means(List<Answer> thumbnails, ToDoubleFunction<Prediction> value) {
        return thumbnails.stream()
                .flatMap(one -> one.ranked().stream())
                .collect(groupingBy(Prediction::label, averagingDouble(value)));
    }

    private static ObjectNode answer(String id, String name, List<ObjectNode> labels) {
        ObjectNode answer = id == null ? Json.object() : Json.object().put("id", id);
        answer.put("code", 200);
        answer.putObject("model").put("type", "labels").put("name", name).put("version", "latest");
        answer.putObject("result").putPOJO("labels", labels);
        return answer;
    }
}
