package org.coop4j.run;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.method.Method;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.RunConfig.RunData;

/**
 * Methods among which the examples choose, by {@link MethodChoice}.
 *
 * @param candidates one or more methods with their settings
 */
public record Methods(List<Method> candidates) {

    public Methods {
        candidates = List.copyOf(candidates);
        for (Method method : candidates) {
            if (method.features() != FeatureKind.EMBEDDED) {
                throw new IllegalArgumentException(
                        method.title() + " needs features before the projection: learn it from a folder with Run");
            }
        }
        if (candidates.isEmpty()) {
            throw new IllegalArgumentException("methods: expected 1 or more, got 0");
        }
    }

    /** Returns methods to choose among; a single one is used without a choice. */
    public static Methods of(Method... candidates) {
        return new Methods(List.of(candidates));
    }

    /** Returns the quick methods, which learn in seconds. */
    public static Methods auto() {
        return new Methods(Method.quick());
    }

    /** Returns the best of the methods, with the references' training adapted to the model. */
    RunConfig chosen(SharedData shared, RunData data, Sample sample) throws IOException {
        List<Candidate> all = new CandidateGrid(
                        candidates,
                        Map.of(),
                        Map.of(),
                        sample.shots(),
                        shared.space().logitScale())
                .candidates();
        Candidate learns =
                all.stream().filter(c -> c.method().learns()).findFirst().orElse(all.get(0));
        MethodChoice choice = all.size() == 1
                ? new MethodChoice(all, List.of(), false)
                : MethodChoice.best(shared, config(shared, data, learns, sample), all, Progress.NONE);
        return config(shared, data, choice.chosen().get(0), sample);
    }

    private static RunConfig config(SharedData shared, RunData data, Candidate candidate, Sample sample)
            throws IOException {
        return RunConfig.of(shared.space().modelSha256(), data, candidate.method(), candidate.training(), sample)
                .in(shared.space().precision(), shared.space().workers().count());
    }
}
