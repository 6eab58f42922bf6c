package org.coop4j.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.coop4j.base.Resource;
import org.coop4j.base.Settings;
import org.coop4j.base.TextFile;
import org.coop4j.data.DataSpec;
import org.coop4j.method.Method;
import org.coop4j.page.Shots;
import org.coop4j.run.Recipe;

/**
 * The plan of a sweep.
 *
 * @param datasets the data to learn from and to test on
 * @param methods the methods
 * @param shots training images per class; 0 for all
 * @param seeds the seeds
 * @param training settings of all training, by key
 * @param targets other data to test on
 * @param transfers what is tested on them
 * @param halves what learns on the first half of the classes and is tested on both
 */
public record SweepPlan(
        List<Dataset> datasets,
        List<PlannedMethod> methods,
        List<Integer> shots,
        List<Integer> seeds,
        Map<String, Object> training,
        List<Dataset> targets,
        Choice transfers,
        Choice halves) {

    /** A plan is written by hand. */
    private static final int MOST_BYTES = 1 << 20;

    /**
     * A dataset of the plan.
     *
     * @param data its place and name
     * @param training settings of training on it, by key
     */
    record Dataset(DataSpec data, Map<String, Object> training) {

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

        static final Choice NONE = new Choice(List.of(), List.of(), List.of());

        boolean has(String dataset, PlannedMethod planned) {
            return datasets.contains(dataset) && methods.contains(planned.name);
        }

        /** Returns true if it has a number of training images per class, 0 for all, or the method needs none. */
        boolean has(PlannedMethod planned, int number) {
            return !planned.method.learns()
                    || shots.contains(Shots.of(number, true).label());
        }
    }

    /**
     * A method of the plan.
     *
     * @param name its name in the plan and in results
     * @param method the method with its settings
     * @param training settings of its training, by key
     */
    record PlannedMethod(String name, Method method, Map<String, Object> training) {}

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
        for (Map<String, Object> keys : List.of(training, dataset.training, method.training)) {
            keys.forEach((name, given) -> {
                Object own = given instanceof Map<?, ?> byShots ? byShots.get("" + shots) : given;
                if (own != null && (keys == method.training || isTraining(name)) && Recipe.has(method.method, name)) {
                    settings.put(name, own);
                }
            });
        }
        settings.put("shots", shots);
        settings.put("seed", seed);
        return settings;
    }

    /** Returns true if a key is a setting of training, which a plan and a dataset may have. */
    static boolean isTraining(String key) {
        Method any = Method.standard();
        return Recipe.has(any, key)
                && !Settings.has(any.settings(), key)
                && !key.equals("shots")
                && !key.equals("seed");
    }

    /** Returns a plan with all possible keys, and comments. */
    public static String example() {
        return Resource.text(SweepPlan.class, "example.yaml");
    }
}
