package org.coop4j.serve;

import io.javalin.http.Context;
import io.javalin.http.Header;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.coop4j.predict.Prediction;
import org.eclipse.jetty.http.HttpStatus;

/** The classifiers that a service offers, by name. */
final class Classifiers {

    private final Map<String, ServedClassifier> byName = new LinkedHashMap<>();
    private final ServiceMetrics metrics;
    private final Executor answers;

    /**
     * @param answers threads that write answers, so that no queue waits for a slow client
     */
    Classifiers(List<ServedClassifier> served, ServiceMetrics metrics, Executor answers) {
        for (ServedClassifier one : served) {
            byName.put(one.info().name(), one);
            metrics.add(one);
        }
        this.metrics = metrics;
        this.answers = answers;
    }

    List<ClassifierInfo> infos() {
        return byName.values().stream().map(ServedClassifier::info).toList();
    }

    /** Returns the classifier that a request's path names. */
    ServedClassifier of(Context context) {
        String name = context.pathParam("model");
        ServedClassifier served = byName.get(name);
        if (served == null) {
            throw new Refusal(
                    HttpStatus.NOT_FOUND_404,
                    "no classifier is called \"" + name + "\": expected one of " + byName.keySet());
        }
        return served;
    }

    /** Classifies a request's pictures and counts them. */
    CompletableFuture<List<List<Prediction>>> classify(
            ServedClassifier served, List<byte[]> pictures, Context context) {
        Clients.Client client = Clients.of(context);
        return served.classify(pictures, client, answers).whenComplete((ranked, problem) -> {
            metrics.count(served, pictures.size(), problem);
            if (client.isHurried()) {
                context.header(Header.CONNECTION, "close");
            }
        });
    }

    /** Gives up the pictures that are not classified yet, whose requests are answered with 503. */
    void cancel() {
        byName.values().forEach(served -> served.classifier().cancelSubmitted());
    }
}
