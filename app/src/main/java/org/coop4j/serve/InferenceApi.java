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
    private static final String FLOATS = "FP32";

    private record Server(String name, String version, List<String> extensions) {}

    private record Model(String name, String platform, List<Tensor> inputs, List<Tensor> outputs) {}

    private record Response(String model_name, String id, List<Tensor> outputs) {}

    /** A tensor; with its values in row-major order where it is an answer's, without where it is described. */
    private record Tensor(String name, String datatype, List<Integer> shape, List<?> data) {}

    void addTo(RoutesConfig routes) {
        routes.get("/v2", c -> c.json(server()));
        routes.get("/v2/health/live", c -> c.json(Map.of("live", true)));
        routes.get("/v2/health/ready", c -> c.json(Map.of("ready", true)));
        routes.get(MODEL, c -> c.json(model(classifiers.of(c))));
        routes.get(MODEL + "/ready", c -> {
            String name = classifiers.of(c).info().name();
            c.json(Map.of("name", name, "ready", true));
        });
        routes.post(MODEL + "/infer", this::infer);
    }

    private static Server server() {
        return new Server("coop4j", Provenance.coop4jVersion(), List.of());
    }

    private static Model model(ServedClassifier served) {
        List<Integer> shape = List.of(-1, served.info().classNames().size());
        return new Model(
                served.info().name(),
                "coop4j",
                List.of(new Tensor(InferenceRequest.INPUT, InferenceRequest.BYTES, List.of(-1), null)),
                List.of(
                        new Tensor(InferenceRequest.LABELS, InferenceRequest.BYTES, shape, null),
                        new Tensor(InferenceRequest.PROBABILITIES, FLOATS, shape, null)));
    }

    private void infer(Context context) throws IOException {
        ServedClassifier served = classifiers.of(context);
        InferenceRequest request = InferenceRequest.of(uploads.read(context));
        context.future(() -> classifiers
                .classify(served, request.pictures())
                .thenAccept(ranked -> context.json(response(served, request, ranked))));
    }

    private static Response response(ServedClassifier served, InferenceRequest request, List<List<Prediction>> ranked) {
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
            outputs.add(new Tensor(InferenceRequest.PROBABILITIES, FLOATS, shape, probabilities));
        }
        return new Response(served.info().name(), request.id(), outputs);
    }
}
