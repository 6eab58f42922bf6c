package org.coop4j.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.console.WrongUsage;
import org.coop4j.data.ImageDataset;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.run.Images;
import org.coop4j.run.MethodChoice;
import org.coop4j.run.MethodChoice.Candidate;
import org.coop4j.run.RunConfig;

/** The cost of trainings that take minutes, said before they begin: settings and times. */
final class TrainingCost {

    private TrainingCost() {}

    /** Notes the settings of methods whose steps take seconds. */
    static void noteSettings(List<Candidate> candidates, boolean fast, Progress progress) {
        for (Candidate candidate : candidates) {
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
            ImageDataset lists,
            RunConfig config,
            RunOptions options,
            int shots,
            Progress progress)
            throws IOException {
        Method.Fast fast;
        try {
            fast = WrongUsage.unless(() -> {
                Method.slow().requireSuits(lists.hasSets());
                Method.slow().requireFits(images.space());
                return options.fast(Method.slow(), images.space(), lists, shots).orElseThrow();
            });
        } catch (WrongUsage e) {
            progress.note("no method of the image tower is compared: " + e.getMessage());
            return quick;
        }
        int each = lists.train().size() / lists.classCount();
        Candidate slow = MethodOptions.slow(shots, each, images.space().logitScale(), fast);
        return quick.with(slow, Duration.ofMinutes(options.budget), images, config, progress);
    }
}
