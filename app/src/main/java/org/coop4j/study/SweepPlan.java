package org.coop4j.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Require;
import org.coop4j.base.Resource;
import org.coop4j.base.Settings;
import org.coop4j.base.TextFile;
import org.coop4j.data.DataSpec;
import org.coop4j.method.Method;
import org.coop4j.method.Training;
import org.coop4j.page.Shots;
import org.coop4j.run.Recipe;
import org.coop4j.run.RunConfig;

/**
 * The plan of a sweep.
 *
 * @param datasets the data to learn from and to test on
 * @param methods the methods
 * @param shots training images per class; 0 for all
 * @param seeds the seeds
 * @param training settings of all training, by key
 * @param testOn other data to test on
 * @param baseToNew runs that learn on the first half of the classes and are tested on both
 */
public record SweepPlan(
        List<Dataset> datasets,
        List<PlannedMethod> methods,
        List<Integer> shots,
        List<Integer> seeds,
        Map<?, ?> training,
        Optional<TestOn> testOn,
        Optional<Choice> baseToNew) {

    /** A plan is written by hand. */
    private static final int MOST_BYTES = 1 << 20;

    /**
     * A dataset of the plan.
     *
     * @param data its place and name
     * @param training settings of training on it, by key
     */
    record Dataset(DataSpec data, Map<?, ?> training) {

        String name() {
            return data.name();
        }
    }

    /**
     * Some of what the plan learns.
     *
     * @param datasets names of the datasets that are learned from
     * @param methods names of the methods
     * @param shots training images per class, or {@code all}
     */
    record Choice(List<String> datasets, List<String> methods, List<String> shots) {

        /** Returns all of them. */
        static Choice of(List<Dataset> datasets, List<PlannedMethod> methods, List<Integer> shots) {
            return new Choice(
                    datasets.stream().map(Dataset::name).toList(),
                    methods.stream().map(PlannedMethod::name).toList(),
                    shots.stream().map(number -> Shots.of(number, true).label()).toList());
        }

        /** Returns true if it has a method with a number of training images per class, 0 for all. */
        boolean has(String method, int number) {
            return methods.contains(method)
                    && shots.contains(Shots.of(number, true).label());
        }
    }

    /**
     * Classifiers learned on some of the plan's datasets are tested on others.
     *
     * @param targets the data to test on
     * @param from the classifiers that are tested on them
     */
    record TestOn(List<Dataset> targets, Choice from) {}

    /**
     * A method of the plan.
     *
     * @param name its name in the plan and in results
     * @param method the method with its settings
     * @param training settings of its training, by key
     */
    record PlannedMethod(String name, Method method, Map<?, ?> training) {}

    /**
     * The training of a run, as the keys of a plan set it.
     *
     * @param fast true for the method's settings for few cores, if it has some
     * @param views random crops of each training image, or {@code epochs} for a new one each epoch
     * @param unlabelled as in {@link org.coop4j.run.Sample}, as is {@code ownThresholds}
     * @param checkpointEvery epochs between checkpoints
     */
    record PlannedTraining(
            Training training,
            boolean fast,
            String views,
            boolean unlabelled,
            boolean ownThresholds,
            int checkpointEvery) {

        static final String EPOCHS = "epochs";

        /** The training of a method that is not trained by steps. */
        static final PlannedTraining NONE =
                new PlannedTraining(Training.none(), false, "0", false, false, RunConfig.CHECKPOINT_EVERY);

        PlannedTraining {
            Require.that(
                    views.matches(EPOCHS + "|\\d{1,6}"),
                    "views: expected %s or a whole number, 0 or more, got \"%s\"",
                    EPOCHS,
                    views);
            Require.positive("checkpoint_every", checkpointEvery);
        }
    }

    /** A plan that cannot be carried out; each problem names its place and a remedy. */
    public static final class PlanException extends IOException {

        private static final long serialVersionUID = 1L;

        private final transient List<String> problems;

        PlanException(String message) {
            this(List.of(message));
        }

        /** Several problems. */
        PlanException(List<String> problems) {
            super(String.join("; ", problems));
            this.problems = List.copyOf(problems);
        }

        /** Returns all problems, a sentence each. */
        public List<String> problems() {
            return problems;
        }
    }

    /**
     * Reads a plan.
     *
     * @param file YAML; relative paths in it begin at its folder
     * @param dataRoot the folder of the published datasets; if empty, the plan names it
     * @throws PlanException if the plan is wrong: its message has line, column and remedy
     */
    public static SweepPlan read(Path file, Optional<Path> dataRoot) throws IOException {
        if (Files.notExists(file)) {
            throw new PlanException("no such plan: " + file + " (coop sweep --example prints one)");
        }
        return new PlanReader(
                        file.getFileName().toString(), file.toAbsolutePath().getParent(), dataRoot)
                .read(TextFile.read(file, MOST_BYTES));
    }

    /**
     * Reads a plan that is not a file.
     *
     * @param folder relative paths in it begin here
     */
    public static SweepPlan parse(String yaml, Path folder) throws IOException {
        return new PlanReader("plan", folder, Optional.empty()).read(yaml);
    }

    /**
     * Returns the settings of a run: those of the plan, of the dataset and of the method that its method has. The last of them
     * wins.
     */
    Map<String, Object> settings(Dataset dataset, PlannedMethod method, int shots, int seed) {
        Map<String, Object> settings = new LinkedHashMap<>();
        for (Map<?, ?> keys : List.of(training, dataset.training, method.training)) {
            keys.forEach((name, given) -> {
                Object own = given instanceof Map<?, ?> byShots ? byShots.get("" + shots) : given;
                boolean ofRun = Settings.has(PlannedTraining.NONE, (String) name);
                if (own != null && (ofRun || keys == method.training) && Recipe.has(method.method, (String) name)) {
                    settings.put((String) name, own);
                }
            });
        }
        settings.put("shots", shots);
        settings.put("seed", seed);
        return settings;
    }

    /** Returns the choice for base classes and new ones, if it has the dataset. */
    Optional<Choice> halves(String dataset) {
        return baseToNew.filter(choice -> choice.datasets.contains(dataset));
    }

    /** Returns a plan with all possible keys, and comments. */
    public static String example() {
        return Resource.text(SweepPlan.class, "example.yaml");
    }
}
