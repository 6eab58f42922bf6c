package org.coop4j.study;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * Makes a plan of its tree.
 *
 * @param folder where the plan's relative paths begin
 * @param dataRoot wins over what the plan says
 */
record PlanReader(Path folder, Optional<Path> dataRoot) {

    private static final String DATA = "data";
    private static final String DATASETS = "datasets";
    private static final String METHODS = "methods";
    private static final String SHOTS = "shots";
    private static final String SEEDS = "seeds";
    private static final String TEST_ON = "test_on";
    private static final String BASE_TO_NEW = "base_to_new";
    private static final String FROM = "from";

    /** The reference's. */
    private static final List<Integer> USUAL_SHOTS = List.of(1, 2, 4, 8, 16);

    private static final List<Long> USUAL_SEEDS = List.of(1L, 2L, 3L);
    private static final int MOST_SHOTS = 1_000_000;

    SweepPlan read(PlanNode node) throws PlanException {
        List<String> keys =
                new ArrayList<>(
                        List.of(
                                DATA,
                                DATASETS,
                                METHODS,
                                SHOTS,
                                SEEDS,
                                TEST_ON,
                                BASE_TO_NEW,
                                DatasetReader.EXIF));
        keys.addAll(Overrides.keys());
        PlanNode.Mapping plan = node.mapping("a plan", keys);
        DatasetReader reader =
                new DatasetReader(folder, root(plan.get(DATA)), plan.get(DatasetReader.EXIF));
        List<SweepPlan.Dataset> datasets = datasets(reader, required(plan, DATASETS), DATASETS);
        List<PlannedMethod> methods = MethodReader.read(required(plan, METHODS));
        PlanNode shotsNode = plan.get(SHOTS);
        List<Integer> shots = shotsNode == null ? USUAL_SHOTS : shots(shotsNode);
        PlanNode seedsNode = plan.get(SEEDS);
        List<Long> seeds = seedsNode == null ? USUAL_SEEDS : seeds(seedsNode);
        Selection all = new Selection(names(datasets), methods, shots);
        return new SweepPlan(
                datasets,
                methods,
                shots,
                seeds,
                Overrides.of(plan),
                testOn(plan.get(TEST_ON), all, reader, datasets),
                baseToNew(plan.get(BASE_TO_NEW), all));
    }

    /** What test_on and base_to_new choose from. */
    private record Selection(
            List<String> datasets, List<PlannedMethod> methods, List<Integer> shots) {

        List<String> methodNames() {
            return methods.stream().map(PlannedMethod::name).toList();
        }

        /** Those that can name the classes of other data. */
        List<String> methodsForNewClasses() {
            return methods.stream()
                    .filter(planned -> planned.method().namesNewClasses())
                    .map(PlannedMethod::name)
                    .toList();
        }
    }

    private static PlanNode required(PlanNode.Mapping plan, String key) throws PlanException {
        if (!plan.has(key)) {
            throw plan.whole()
                    .problem(
                            "the plan has no "
                                    + key
                                    + " (coop sweep --example prints a whole plan)");
        }
        return plan.get(key);
    }

    private Optional<Path> root(PlanNode node) throws PlanException {
        if (dataRoot.isPresent() || node == null) {
            return dataRoot;
        }
        return Optional.of(folder.resolve(node.text(DATA)));
    }

    private List<SweepPlan.Dataset> datasets(DatasetReader reader, PlanNode node, String what)
            throws PlanException {
        List<SweepPlan.Dataset> datasets = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>();
        for (PlanNode item : node.items(what)) {
            SweepPlan.Dataset dataset = reader.read(item);
            if (!names.add(dataset.name())) {
                throw item.problem(
                        "two datasets are called "
                                + dataset.name()
                                + ": give one of them another name");
            }
            datasets.add(dataset);
        }
        return datasets;
    }

    private static List<String> names(List<SweepPlan.Dataset> datasets) {
        return datasets.stream().map(SweepPlan.Dataset::name).toList();
    }

    private static List<Integer> shots(PlanNode node) throws PlanException {
        List<Integer> shots = new ArrayList<>();
        for (PlanNode item : node.items(SHOTS)) {
            boolean all = item.text(SHOTS).equals("all");
            add(item, SHOTS, all ? 0 : (int) item.whole(SHOTS, 0, MOST_SHOTS), shots);
        }
        return shots;
    }

    private static List<Long> seeds(PlanNode node) throws PlanException {
        List<Long> seeds = new ArrayList<>();
        for (PlanNode item : node.items(SEEDS)) {
            add(item, SEEDS, item.whole(SEEDS, 1, Integer.MAX_VALUE), seeds);
        }
        return seeds;
    }

    private static <T> void add(PlanNode item, String key, T value, List<T> values)
            throws PlanException {
        if (values.contains(value)) {
            throw item.problem(key + " lists " + value + " twice");
        }
        values.add(value);
    }

    private Optional<SweepPlan.TestOn> testOn(
            PlanNode node, Selection all, DatasetReader reader, List<SweepPlan.Dataset> datasets)
            throws PlanException {
        if (node == null) {
            return Optional.empty();
        }
        PlanNode.Mapping said = said(node, TEST_ON, List.of(DATASETS, FROM, METHODS, SHOTS));
        PlanNode listed = node.isMapping() ? required(said, DATASETS) : node;
        List<SweepPlan.Dataset> targets = datasets(reader, listed, TEST_ON);
        requireSame(node, datasets, targets);
        return Optional.of(
                new SweepPlan.TestOn(targets, choice(said, FROM, all, all.methodNames())));
    }

    /** What is said of a part of the plan; nothing where it is no mapping. */
    private static PlanNode.Mapping said(PlanNode node, String key, List<String> keys)
            throws PlanException {
        return node.isMapping()
                ? node.mapping(key, keys)
                : new PlanNode.Mapping(node, Map.of(), Map.of());
    }

    /** The same name must be the same data, wherever it stands. */
    private static void requireSame(
            PlanNode node, List<SweepPlan.Dataset> datasets, List<SweepPlan.Dataset> targets)
            throws PlanException {
        Map<String, SweepPlan.Dataset> known = new HashMap<>();
        datasets.forEach(dataset -> known.put(dataset.name(), dataset));
        for (SweepPlan.Dataset target : targets) {
            SweepPlan.Dataset other = known.get(target.name());
            if (other != null && !other.data().equals(target.data())) {
                throw node.problem("there are two different datasets called " + target.name());
            }
        }
    }

    private static Optional<SweepPlan.Choice> baseToNew(PlanNode node, Selection all)
            throws PlanException {
        if (node == null) {
            return Optional.empty();
        }
        if (all.methodsForNewClasses().isEmpty()) {
            throw node.problem(
                    "base_to_new needs a method that can name new classes: hand-written prompts"
                            + " or a unified context");
        }
        if (!node.isMapping() && !node.flag(BASE_TO_NEW)) {
            return Optional.empty();
        }
        PlanNode.Mapping said = said(node, BASE_TO_NEW, List.of(DATASETS, METHODS, SHOTS));
        SweepPlan.Choice choice = choice(said, DATASETS, all, all.methodsForNewClasses());
        for (String method : choice.methods()) {
            if (!all.methodsForNewClasses().contains(method)) {
                throw said.get(METHODS)
                        .problem(
                                method
                                        + " has nothing for classes that it did not learn:"
                                        + " base_to_new takes hand-written prompts and unified"
                                        + " contexts");
            }
        }
        return Optional.of(choice);
    }

    private static SweepPlan.Choice choice(
            PlanNode.Mapping said, String datasets, Selection all, List<String> usualMethods)
            throws PlanException {
        return new SweepPlan.Choice(
                chosen(said, datasets, all.datasets(), all.datasets(), DatasetReader::means),
                chosen(said, METHODS, all.methodNames(), usualMethods, String::equals),
                chosenShots(said, all));
    }

    /**
     * Those of the plan's own that a key names, or the usual ones where it is not said.
     *
     * @param means whether a name means one of the plan's own
     */
    private static Set<String> chosen(
            PlanNode.Mapping mapping,
            String key,
            List<String> there,
            List<String> usual,
            BiPredicate<String, String> means)
            throws PlanException {
        PlanNode node = mapping.get(key);
        if (node == null) {
            return Set.copyOf(usual);
        }
        Set<String> chosen = new LinkedHashSet<>();
        for (String name : node.texts(key)) {
            chosen.add(
                    there.stream()
                            .filter(own -> means.test(name, own))
                            .findFirst()
                            .orElseThrow(() -> node.problem(notThere(name, key, there))));
        }
        return chosen;
    }

    private static Set<Integer> chosenShots(PlanNode.Mapping mapping, Selection all)
            throws PlanException {
        PlanNode node = mapping.get(SHOTS);
        if (node == null) {
            return Set.copyOf(all.shots());
        }
        List<Integer> chosen = shots(node);
        for (int value : chosen) {
            if (!all.shots().contains(value)) {
                throw node.problem(
                        notThere(
                                Integer.toString(value),
                                SHOTS,
                                all.shots().stream().map(String::valueOf).toList()));
            }
        }
        return Set.copyOf(chosen);
    }

    private static String notThere(String value, String key, List<String> there) {
        return "%s: \"%s\" is not among the plan's own, %s"
                .formatted(key, value, String.join(", ", there));
    }
}
