package org.coop4j.serve;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.predict.Prediction;

/** The API that takes a picture as it is: {@code POST /predictions/NAME}. */
record PredictionsApi(Classifiers classifiers, Uploads uploads) {

    /** A class of an answer. */
    private record RankedClass(String className, float probability) {

        static RankedClass of(Prediction prediction) {
            return new RankedClass(prediction.label(), (float) prediction.probability());
        }
    }

    void addTo(RoutesConfig routes) {
        routes.get("/ping", c -> c.json(Map.of("status", "Healthy")));
        routes.get("/models", c -> c.json(classifiers.infos()));
        routes.post("/predictions/{model}", this::predict);
    }

    private void predict(Context context) throws IOException {
        ServedClassifier served = classifiers.of(context);
        int top = top(context.queryParam("top_k"));
        byte[] body = uploads.read(context);
        byte[] picture = context.isMultipartFormData() ? MultipartPicture.of(body, context.contentType()) : body;
        if (picture.length == 0) {
            throw new Refusal(
                    Refusal.BAD_REQUEST,
                    "the request has no picture: send one as its body, or as the part data of a" + " form");
        }
        context.future(() -> classifiers
                .classify(served, List.of(picture))
                .thenAccept(ranked -> context.json(
                        ranked.get(0).stream().limit(top).map(RankedClass::of).toList())));
    }

    private static int top(String given) {
        if (given == null) {
            return Integer.MAX_VALUE;
        }
        if (!given.matches("[1-9][0-9]{0,8}")) {
            throw new Refusal(Refusal.BAD_REQUEST, "top_k: expected a number of classes, got \"" + given + '"');
        }
        return Integer.parseInt(given);
    }
}
