package org.coop4j.serve;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.predict.Prediction;
import org.coop4j.run.Provenance;

/** The Open Inference Protocol, version 2, over REST: {@code /v2}. */
record InferenceApi(Classifiers classifiers, Uploads uploads) {

    private static final String MODEL = "/v2/models/{model}";

    private record Server(String name, String version, List<String> extensions) {}

    private record Model(
            String name, String platform, List<TensorInfo> inputs, List<TensorInfo> outputs) {}

    private record TensorInfo(String name, String datatype, List<Integer> shape) {}

    private record Response(String model_name, String id, List<Tensor> outputs) {}

    /** Values in row-major order. */
    private record Tensor(String name, String datatype, List<Integer> shape, List<?> data) {}

    void addTo(RoutesConfig routes) {
        routes.get("/v2", c -> JsonAnswer.write(server(), c));
        routes.get("/v2/health/live", c -> JsonAnswer.write(Map.of("live", true), c));
        routes.get("/v2/health/ready", c -> JsonAnswer.write(Map.of("ready", true), c));
        routes.get(MODEL, c -> JsonAnswer.write(model(classifiers.of(c)), c));
        routes.get(
                MODEL + "/ready",
                c -> {
                    String name = classifiers.of(c).info().name();
                    JsonAnswer.write(Map.of("name", name, "ready", true), c);
                });
        routes.post(MODEL + "/infer", this::infer);
    }

    private static Server server() {
        return new Server("coop4j", Provenance.coop4jVersion(), List.of());
    }

    private static Model model(ServedClassifier served) {
        int classes = served.info().classNames().size();
        return new Model(
                served.info().name(),
                "coop4j",
                List.of(
                        new TensorInfo(
                                InferenceRequest.INPUT, InferenceRequest.BYTES, List.of(-1))),
                List.of(
                        new TensorInfo(
                                InferenceRequest.LABELS,
                                InferenceRequest.BYTES,
                                List.of(-1, classes)),
                        new TensorInfo(
                                InferenceRequest.PROBABILITIES, "FP32", List.of(-1, classes))));
    }

    private void infer(Context context) throws IOException {
        ServedClassifier served = classifiers.of(context);
        InferenceRequest request = InferenceRequest.of(uploads.read(context));
        context.future(
                () ->
                        classifiers
                                .classify(served, request.pictures())
                                .thenAccept(
                                        ranked ->
                                                JsonAnswer.write(
                                                        response(served, request, ranked),
                                                        context)));
    }

    private static Response response(
            ServedClassifier served, InferenceRequest request, List<List<Prediction>> ranked) {
        int top = Math.min(request.top(), served.info().classNames().size());
        List<Integer> shape = List.of(ranked.size(), top);
        List<String> labels = new ArrayList<>();
        List<Float> probabilities = new ArrayList<>();
        for (List<Prediction> picture : ranked) {
            for (Prediction prediction : picture.subList(0, top)) {
                labels.add(prediction.label());
                probabilities.add((float) prediction.probability());
            }
        }
        List<Tensor> outputs = new ArrayList<>();
        if (request.outputs().contains(InferenceRequest.LABELS)) {
            outputs.add(new Tensor(InferenceRequest.LABELS, InferenceRequest.BYTES, shape, labels));
        }
        if (request.outputs().contains(InferenceRequest.PROBABILITIES)) {
            outputs.add(new Tensor(InferenceRequest.PROBABILITIES, "FP32", shape, probabilities));
        }
        return new Response(served.info().name(), request.id(), outputs);
    }
}
