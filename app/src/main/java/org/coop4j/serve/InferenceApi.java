package org.coop4j.serve;

import static org.coop4j.serve.InferenceRequest.BYTES;
import static org.coop4j.serve.InferenceRequest.INPUT;
import static org.coop4j.serve.InferenceRequest.LABELS;
import static org.coop4j.serve.InferenceRequest.PREDICTED;
import static org.coop4j.serve.InferenceRequest.PROBABILITIES;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.coop4j.console.Json;
import org.coop4j.http.Uploads;
import org.coop4j.predict.Prediction;
import org.coop4j.run.Provenance;
import org.coop4j.serve.Classifiers.Answer;

/** The Open Inference Protocol, version 2, over REST: {@code /v2}. */
record InferenceApi(Classifiers classifiers, Uploads uploads) {

    private static final String MODEL = "/v2/models/{model}";

    /** A tensor: in an answer with its values in row-major order, in a description without. */
    private record Tensor(String name, String datatype, List<Integer> shape, List<?> data) {}

    void addTo(RoutesConfig routes) {
        ObjectNode server = Json.object()
                .put("name", "coop4j")
                .put("version", Provenance.coop4jVersion())
                .putPOJO("extensions", List.of());
        routes.get("/v2", c -> c.json(server));
        routes.get("/v2/health/live", c -> c.json(Map.of("live", true)));
        routes.get("/v2/health/ready", c -> c.json(Map.of("ready", true)));
        routes.get(MODEL, c -> c.json(model(classifiers.of(c))));
        routes.get(
                MODEL + "/ready",
                c -> c.json(Map.of("name", classifiers.of(c).info().name(), "ready", true)));
        routes.post(MODEL + "/infer", this::infer);
    }

    private static ObjectNode model(ServedClassifier served) {
        ClassifierInfo info = served.info();
        List<Integer> shape = List.of(-1, info.classNames().size());
        Tensor image = new Tensor(INPUT, BYTES, List.of(-1), null);
        return Json.object()
                .put("name", info.name())
                .put("platform", "coop4j")
                .putPOJO("inputs", List.of(image))
                .putPOJO("outputs", outputs(served.classifier().predictsSets(), shape, null, null, null));
    }

    private static List<Tensor> outputs(
            boolean sets,
            List<Integer> shape,
            List<String> labels,
            List<Float> probabilities,
            List<Boolean> predicted) {
        Stream<Tensor> ofSets = sets ? Stream.of(new Tensor(PREDICTED, "BOOL", shape, predicted)) : Stream.empty();
        return Stream.concat(
                        Stream.of(
                                new Tensor(LABELS, BYTES, shape, labels),
                                new Tensor(PROBABILITIES, "FP32", shape, probabilities)),
                        ofSets)
                .toList();
    }

    private void infer(Context context) throws IOException {
        ServedClassifier served = classifiers.of(context);
        InferenceRequest request = InferenceRequest.of(uploads.open(context));
        String name = served.info().name();
        boolean sets = served.classifier().predictsSets();
        context.future(() -> classifiers
                .classify(served, request.pictures(), request.why(), context)
                .thenAccept(answers -> context.json(response(name, sets, request, answers))));
    }

    private static ObjectNode response(String name, boolean sets, InferenceRequest request, List<Answer> answers) {
        int top = Math.min(request.top(), answers.get(0).ranked().size());
        List<Integer> shape = List.of(answers.size(), top);
        List<Prediction> all = answers.stream()
                .flatMap(answer -> answer.ranked().stream().limit(top))
                .toList();
        List<String> labels = all.stream().map(Prediction::label).toList();
        List<Float> probabilities =
                all.stream().map(p -> (float) p.probability()).toList();
        List<Boolean> predicted = all.stream().map(Prediction::predicted).toList();
        List<Tensor> outputs = outputs(sets, shape, labels, probabilities, predicted).stream()
                .filter(tensor -> request.outputs().contains(tensor.name()))
                .toList();
        ObjectNode response = Json.object().put("model_name", name);
        if (request.id() != null) {
            response.put("id", request.id());
        }
        if (request.why()) {
            response.putPOJO("why", answers.stream().map(Answer::why).toList());
        }
        return response.putPOJO("outputs", outputs);
    }
}
