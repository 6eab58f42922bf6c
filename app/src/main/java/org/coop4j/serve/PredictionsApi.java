package org.coop4j.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.coop4j.console.Json;
import org.coop4j.http.Refusal;
import org.coop4j.http.Uploads;
import org.coop4j.serve.Classifiers.Answer;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData.Parser;
import org.eclipse.jetty.http.MultiPartFormData.Parts;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Promise;

/** {@code POST /predictions/NAME}: a picture as the body of a request, or as a part of a form. */
record PredictionsApi(Classifiers classifiers, Uploads uploads) {

    /** Part of a form that holds the picture, as in curl's {@code -F data=@photo.jpg}. */
    private static final String PART = "data";

    private static final int MAX_PARTS = 16;

    void addTo(RoutesConfig routes) {
        routes.get("/ping", c -> c.json(Map.of("status", "Healthy")));
        routes.get("/models", c -> c.json(classifiers.infos()));
        routes.post("/predictions/{model}", this::predict);
    }

    private void predict(Context context) throws IOException {
        ServedClassifier served = classifiers.of(context);
        int top = InferenceRequest.top(context.queryParam("top_k"));
        String why = Objects.requireNonNullElse(context.queryParam("why"), "false");
        Refusal.require(why.matches("true|false"), "why: expected true or false");
        byte[] body = uploads.open(context).readAllBytes();
        byte[] picture = context.isMultipartFormData() ? part(body, context.contentType()) : body;
        Refusal.require(
                picture.length > 0, "the request has no picture: send one as the body, or as the part data of a form");
        boolean all = top < Integer.MAX_VALUE || !served.classifier().predictsSets();
        context.future(() -> classifiers
                .classify(served, List.of(picture), why.equals("true"), context)
                .thenAccept(answers -> context.json(classes(answers.get(0), all, top))));
    }

    private static List<ObjectNode> classes(Answer answer, boolean all, int top) {
        List<ObjectNode> classes = answer.ranked().stream()
                .filter(one -> all || one.predicted())
                .limit(top)
                .map(one -> Json.object() // names of DJL Serving
                        .put("className", one.label())
                        .put("probability", (float) one.probability()))
                .toList();
        if (answer.why() != null && !classes.isEmpty()) {
            classes.get(0).set("why", answer.why());
        }
        return classes;
    }

    /** Returns the picture of a form (multipart/form-data). */
    private static byte[] part(byte[] body, String contentType) throws IOException {
        String boundary = MultiPart.extractBoundary(contentType);
        if (boundary == null) {
            throw malformed("its Content-Type has no boundary");
        }
        Parser parser = new Parser(boundary);
        parser.setMaxParts(MAX_PARTS);
        parser.setMaxLength(body.length);
        parser.setMaxMemoryFileSize(-1); // parts of any size stay in memory
        CompletableFuture<Parts> parsed = new CompletableFuture<>();
        parser.parse(Content.Source.from(ByteBuffer.wrap(body)), Promise.Invocable.toPromise(parsed));
        try (Parts parts = parsed.join()) {
            for (MultiPart.Part part : parts) {
                if (PART.equals(part.getName())) {
                    return BufferUtil.toArray(Content.Source.asByteBuffer(part.getContentSource()));
                }
            }
            throw malformed("it has no part called " + PART);
        } catch (CompletionException e) {
            throw malformed(e.getCause().getMessage());
        }
    }

    private static Refusal malformed(String reason) {
        return Refusal.badRequest("cannot read the form: " + reason + "; expected the picture as the part " + PART);
    }
}
