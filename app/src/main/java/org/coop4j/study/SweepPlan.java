package org.coop4j.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.Resource;
import org.coop4j.base.TextFile;
import org.coop4j.method.Method;
import org.coop4j.run.DataSpec;

/**
 * The plan of a sweep.
 *
 * @param datasets the data to learn from and to test on
 * @param methods the methods
 * @param shots training images per class; 0 for all
 * @param seeds the seeds
 * @param settings settings of every training run
 * @param testOn other data to test on
 * @param baseToNew runs that learn on the first half of the classes and are tested on both
 */
public record SweepPlan(
        List<Dataset> datasets,
        List<PlannedMethod> methods,
        List<Integer> shots,
        List<Long> seeds,
        Overrides settings,
        Optional<TestOn> testOn,
        Optional<Choice> baseToNew) {

    /** A plan is written by hand. */
    private static final int MOST_BYTES = 1 << 20;

    /**
     * A dataset of the plan.
     *
     * @param data its place and name
     * @param settings settings of training runs on it
     */
    record Dataset(DataSpec data, Overrides settings) {

        String name() {
            return data.name();
        }
    }

    /**
     * Some of what the plan learns.
     *
     * @param datasets names of the datasets that are learned from
     * @param methods names of the methods
     * @param shots training images per class
     */
    record Choice(Set<String> datasets, Set<String> methods, Set<Integer> shots) {}

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
     * @param training settings of its training
     */
    record PlannedMethod(String name, Method method, Overrides training) {}

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
     * @throws PlanException if something in it is wrong, naming line, column and the remedy
     */
    public static SweepPlan read(Path file, Optional<Path> dataRoot) throws IOException {
        if (Files.notExists(file)) {
            throw new PlanException("no such plan: " + file + " (coop sweep --example prints one)");
        }
        return PlanReader.read(
                file.getFileName().toString(),
                TextFile.read(file, MOST_BYTES),
                file.toAbsolutePath().getParent(),
                dataRoot);
    }

    /**
     * Reads a plan that is not a file.
     *
     * @param folder relative paths in it begin here
     */
    public static SweepPlan parse(String yaml, Path folder) throws IOException {
        return PlanReader.read("plan", yaml, folder, Optional.empty());
    }

    /** Returns a plan with all possible keys, and comments. */
    public static String example() {
        return Resource.text(SweepPlan.class, "example.yaml");
    }
}
