package org.coop4j.predict;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Progress;
import org.coop4j.base.Require;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.DataSpec;
import org.coop4j.data.Examples;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.Method;
import org.coop4j.run.Images;
import org.coop4j.run.Learned;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.Run;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunConfig.RunData;
import org.coop4j.run.Sample;

/**
 * Methods among which the examples choose, by {@link MethodChoice}.
 *
 * @param candidates one or more methods with their settings
 */
public record Methods(List<Method> candidates) {

    public Methods {
        candidates = List.copyOf(candidates);
        for (Method method : candidates) {
            Require.that(
                    method.features() == FeatureKind.EMBEDDED,
                    "%s needs features before the projection: learn it from a folder with Run",
                    method.title());
        }
        Require.that(!candidates.isEmpty(), "methods: expected 1 or more, got 0");
    }

    /** Returns methods to choose among; a single one is used without a choice. */
    public static Methods of(Method... candidates) {
        return new Methods(List.of(candidates));
    }

    /** Returns the quick methods, which learn in seconds. */
    public static Methods auto() {
        return new Methods(Method.quick());
    }

    /**
     * Learns a classifier in memory from all examples, or from a sample of them, without a test.
     *
     * @return the classifier's file, not written
     * @throws IOException if an image cannot be read, or features do not fit the model
     * @throws IllegalArgumentException if a class name does not fit a prompt
     */
    public ClassifierFile learn(Clip clip, Examples examples, Sample sample) throws IOException {
        Require.that(sample.views() == 0, "views: expected 0 in memory, got %s", sample.views());
        ImageDataset lists = examples.encoded(clip);
        RunData data = RunData.of(DataSpec.of(Examples.NAME), lists, ClassHalf.ALL);
        return learn(Images.of(clip, lists, null), data, sample);
    }

    /** Learns a classifier of the best of the methods, with the references' training adapted to the model. */
    private ClassifierFile learn(Images images, RunData data, Sample sample) throws IOException {
        double scale = images.space().logitScale();
        List<Candidate> all = candidates.stream()
                .map(method -> Candidate.of(method, Map.of(), sample.shots(), scale))
                .toList();
        Candidate chosen = all.get(0);
        if (all.size() > 1) {
            Candidate learns =
                    all.stream().filter(c -> c.method().learns()).findFirst().orElse(chosen);
            RunConfig config = learns.config(images.space(), data, sample);
            chosen = MethodChoice.best(images, config, all, Progress.NONE)
                    .chosen()
                    .get(0);
        }
        RunConfig config = chosen.config(images.space(), data, sample);
        Run run = new Run(images, config.method().title(), config, Progress.NONE);
        try (Learned learned = run.learn()) {
            return learned.file();
        }
    }
}
