package org.coop4j.study.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.coop4j.analysis.Comparer;
import org.coop4j.analysis.Comparison;
import org.coop4j.analysis.Evidence;
import org.coop4j.analysis.NearDuplicates;
import org.coop4j.analysis.RunPictures;
import org.coop4j.analysis.TrainChoice;
import org.coop4j.analysis.UnknownClasses;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.method.ClassifierFile;
import org.coop4j.method.PromptEnsemble;
import org.coop4j.method.Task;
import org.coop4j.predict.ClassifierModel;
import org.coop4j.run.DataSpec;
import org.coop4j.run.Evaluator;
import org.coop4j.run.Provenance;
import org.coop4j.run.RunConfig;
import org.coop4j.run.RunResult;
import org.coop4j.run.Sample;
import org.coop4j.run.SharedData;

/** The comparison of what one seed's runs learned, and a page of it in the folder of each. */
public final class TrainEvidence {

    private final SharedData shared;
    private final List<PromptEnsemble> own;
    private final Consumer<String> notes;
    private final List<Finished> finished = new ArrayList<>();

    /**
     * @param own hand-written prompts that the user wants to see beside the others
     * @param notes is told what is left out
     */
    public TrainEvidence(SharedData shared, List<PromptEnsemble> own, Consumer<String> notes) {
        this.notes = notes;
        this.shared = shared;
        this.own = own;
    }

    /** A run that is finished. */
    private record Finished(String name, RunConfig config, Path folder, RunResult result) {}

    /** Takes a finished run; all of them are of one seed. */
    public void add(String name, RunConfig config, Path folder, RunResult result) {
        finished.add(new Finished(name, config, folder, result));
    }

    /**
     * Compares the runs and writes their pages.
     *
     * @param choice how the method was chosen
     * @param sample of the training images
     */
    public Evidence write(TrainChoice choice, Sample sample) throws IOException {
        RunConfig config = finished.get(0).config;
        RunPictures pictures = RunPictures.of(shared, config, sample, Progress.NONE);
        Evaluator evaluator = shared.evaluator(config, Progress.NONE);
        DataSpec source = config.testedOn().source();
        Task task = source.task(pictures.classNames(), config.sample().seed());
        List<Comparer.Learned> learned = new ArrayList<>();
        for (Finished run : finished) {
            learned.add(
                    new Comparer.Learned(
                            run.name,
                            ClassifierFile.read(ClassifierModel.classifierFile(run.folder)),
                            Comparer.learningSeconds(run.result.seconds())));
        }
        Comparison comparison =
                new Comparer(shared.space(), pictures, task, notes)
                        .compare(evaluator.prompts(), own, learned);
        Evidence evidence = Evidence.of(shared.space(), task, pictures, comparison);
        for (Finished run : finished) {
            new RunPage(
                            run.result.dataset(),
                            evidence,
                            run.name,
                            UnknownClasses.of(
                                    shared.space(),
                                    task,
                                    pictures,
                                    run.config.method(),
                                    run.config.training(),
                                    comparison.method(run.name).test()),
                            choice.scores(),
                            choice.crossValidated(),
                            made(run))
                    .write(run.folder);
        }
        return evidence;
    }

    private List<String> made(Finished run) {
        RunConfig config = run.config;
        return List.of(
                "Model: SHA-256 %.12s…; coop4j %s."
                        .formatted(config.modelSha256(), Provenance.coop4jVersion()),
                "Pictures: %s, %s a class to learn from, seed %d."
                        .formatted(
                                config.testedOn().source().path(),
                                config.sample().shots() == 0
                                        ? "all"
                                        : "up to " + config.sample().shots(),
                                config.sample().seed()),
                "Method: %s; its settings are in config.json beside this page. %s"
                        .formatted(config.method().title(), config.method().summary()),
                String.format(
                        Locale.ROOT,
                        "The run took %.0f seconds: %s.",
                        run.result.seconds().values().stream().mapToDouble(s -> s).sum(),
                        Provenance.machine(shared.space().workers().count())));
    }

    /** Sentences about the pictures for the end of the command. */
    public static List<String> findings(Evidence evidence) {
        List<String> notes = new ArrayList<>();
        int suspects = evidence.suspects().size();
        if (suspects > 0) {
            notes.add(
                    "%s like another class than the folder says"
                            .formatted(Numbers.count(suspects, "picture looks", "pictures look")));
        }
        if (!evidence.duplicates().isEmpty()) {
            notes.add(
                    Numbers.count(evidence.duplicates().size(), "pair")
                            + " of nearly the same picture"
                            + inTwoParts(evidence.duplicates()));
        }
        return notes;
    }

    /** How many of the pairs make the test less of one; nothing if none does. */
    static String inTwoParts(List<NearDuplicates.Pair> pairs) {
        long across = pairs.stream().filter(NearDuplicates.Pair::crossesParts).count();
        if (across == 0) {
            return "";
        }
        return across < pairs.size()
                ? ", " + across + " of them in two parts of the data"
                : ", " + (across == 1 ? "" : "all of them ") + "in two parts of the data";
    }
}
