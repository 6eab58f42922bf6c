package org.coop4j.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.run.Images;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.Recipe;
import org.coop4j.run.RunConfig.RunData;

/** The cost of trainings that take minutes, said before they begin: settings and times. */
final class TrainingCost {

    private TrainingCost() {}

    /** Notes the settings of methods whose steps take seconds. */
    static void noteSettings(List<Recipe> candidates, boolean fast, Progress progress) {
        for (Recipe candidate : candidates) {
            Training training = candidate.training();
            Method.Group group = candidate.method().group();
            if (group == Method.Group.TOWERS || (fast && group.runsTower())) {
                progress.note("%s: %d epochs in batches of %d at rate %s, %s"
                        .formatted(
                                candidate.method().title(),
                                training.epochs(),
                                training.batch(),
                                Numbers.plain(training.rate()),
                                fast
                                        ? "the fast settings"
                                        : "the reference's settings unless others are given; --fast takes a fraction of"
                                                + " their steps"));
            }
        }
    }

    /** Returns a choice with a method that trains the image tower, if the model allows it and there is time. */
    static MethodChoice withSlow(
            MethodChoice quick,
            Images images,
            RunData data,
            RunOptions options,
            Map<String, ?> settings,
            Progress progress)
            throws IOException {
        Method method = Method.slow();
        ImageDataset lists =
                images.dataset(data.source(), options.seeds().get(0)).half(data.classes());
        try {
            method.requireSuits(lists.hasSets());
            method.requireFits(images.space());
        } catch (IllegalArgumentException e) {
            progress.note("no method of the image tower is compared: " + e.getMessage());
            return quick;
        }
        Recipe slow = WrongUsage.unless(
                () -> Recipe.of(method, settings, Recipe.Lists.of(data.source(), lists), images.space()));
        return quick.with(slow, Duration.ofMinutes(options.budget), images, data, progress);
    }
}
