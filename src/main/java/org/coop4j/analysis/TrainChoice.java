package org.coop4j.analysis;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.analysis.MethodChoice.Candidate;
import org.coop4j.analysis.MethodChoice.Score;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.method.Task;
import org.coop4j.run.DataSpec;
import org.coop4j.run.RunConfig;
import org.coop4j.run.Sample;
import org.coop4j.run.SharedData;

/**
 * What is learned, and how it was chosen.
 *
 * @param candidates that are learned
 * @param scores of all candidates; none if nothing was chosen
 * @param crossValidated whether they were compared by cross-validation
 */
public record TrainChoice(List<Candidate> candidates, List<Score> scores, boolean crossValidated) {

    /** With fewer images a class, a fifth of them is too few to choose by. */
    private static final int FEW = 20;

    /** All candidates, without a choice. */
    public static TrainChoice all(List<Candidate> candidates) {
        return new TrainChoice(candidates, List.of(), false);
    }

    /**
     * Chooses one by val images or cross-validation.
     *
     * @param config of a run on the images
     * @param sample of the training images
     * @param progress is told how it is done, and what each candidate reaches
     */
    public static TrainChoice best(
            SharedData shared,
            RunConfig config,
            Sample sample,
            List<Candidate> candidates,
            Progress progress)
            throws IOException {
        RunPictures pictures = RunPictures.known(shared, config, sample, progress);
        DataSpec source = config.testedOn().source();
        Task task = source.task(pictures.classNames(), config.sample().seed());
        var whole = shared.dataset(source, config.sample().seed());
        int images = whole.train().size() + whole.val().size() + whole.test().size();
        MethodChoice choice =
                new MethodChoice(
                        shared.space(),
                        task,
                        pictures.train(),
                        pictures.val(),
                        images < FEW * whole.classCount(),
                        progress);
        progress.note(
                choice.crossValidates()
                        ? "choosing among %s by %d-fold cross-validation on %s"
                                .formatted(
                                        Numbers.count(candidates.size(), "candidate"),
                                        choice.folds(),
                                        Numbers.count(pictures.train().size(), "training image"))
                        : "choosing among %s by %s"
                                .formatted(
                                        Numbers.count(candidates.size(), "candidate"),
                                        Numbers.count(pictures.val().size(), "val image")));
        List<Score> scores = new ArrayList<>();
        for (Candidate candidate : candidates) {
            Score score = choice.score(candidate);
            scores.add(score);
            progress.note(
                    "  %s: %s".formatted(candidate.name(), Numbers.percent(score.accuracy())));
        }
        Candidate best = MethodChoice.best(scores).candidate();
        return new TrainChoice(List.of(best), scores, choice.crossValidates());
    }
}
