package org.coop4j.sweep;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes a plan of its tree. */
final class PlanReader {

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

    private final PlanText text;
    private final Path folder;
    private final Optional<Path> dataRoot;

    /**
     * @param folder where the plan's relative paths begin
     * @param dataRoot wins over what the plan says
     */
    PlanReader(PlanText text, Path folder, Optional<Path> dataRoot) {
        this.text = text;
        this.folder = folder;
        this.dataRoot = dataRoot;
    }

    SweepPlan read(PlanNode node) throws PlanException {
        List<String> keys =
                new ArrayList<>(
                        List.of(DATA, DATASETS, METHODS, SHOTS, SEEDS, TEST_ON, BASE_TO_NEW));
        keys.addAll(Overrides.keys());
        PlanNode.Mapping plan = text.mapping(node, "a plan", keys);
        DatasetReader reader = new DatasetReader(text, folder, root(plan.values().get(DATA)));
        List<SweepPlan.Dataset> datasets = datasets(reader, required(plan, DATASETS), DATASETS);
        List<PlannedMethod> methods = new MethodReader(text).read(required(plan, METHODS));
        PlanNode shotsNode = plan.values().get(SHOTS);
        List<Integer> shots = shotsNode == null ? USUAL_SHOTS : shots(shotsNode);
        PlanNode seedsNode = plan.values().get(SEEDS);
        List<Long> seeds = seedsNode == null ? USUAL_SEEDS : seeds(seedsNode);
        Selection all = new Selection(names(datasets), methods, shots);
        return new SweepPlan(
                datasets,
                methods,
                shots,
                seeds,
                Overrides.of(plan, text),
                testOn(plan.values().get(TEST_ON), all, reader, datasets),
                baseToNew(plan.values().get(BASE_TO_NEW), all));
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

    private PlanNode required(PlanNode.Mapping plan, String key) throws PlanException {
        PlanNode node = plan.values().get(key);
        if (node == null) {
            throw text.problem(
                    plan.line(),
                    "the plan has no " + key + " (coop sweep --example prints a whole plan)");
        }
        return node;
    }

    private Optional<Path> root(PlanNode node) throws PlanException {
        if (dataRoot.isPresent() || node == null) {
            return dataRoot;
        }
        return Optional.of(folder.resolve(text.text(node, DATA)));
    }

    private List<SweepPlan.Dataset> datasets(DatasetReader reader, PlanNode node, String what)
            throws PlanException {
        List<SweepPlan.Dataset> datasets = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>();
        for (PlanNode item : text.items(node, what)) {
            SweepPlan.Dataset dataset = reader.read(item);
            if (!names.add(dataset.name())) {
                throw text.problem(
                        item.line(),
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

    private List<Integer> shots(PlanNode node) throws PlanException {
        List<Integer> shots = new ArrayList<>();
        for (PlanNode item : text.items(node, SHOTS)) {
            int value =
                    text.text(item, SHOTS).equals("all")
                            ? 0
                            : (int) text.whole(item, SHOTS, 0, MOST_SHOTS);
            if (shots.contains(value)) {
                throw text.problem(item.line(), "shots lists " + value + " twice");
            }
            shots.add(value);
        }
        return shots;
    }

    private List<Long> seeds(PlanNode node) throws PlanException {
        List<Long> seeds = new ArrayList<>();
        for (PlanNode item : text.items(node, SEEDS)) {
            long value = text.whole(item, SEEDS, 1, Integer.MAX_VALUE);
            if (seeds.contains(value)) {
                throw text.problem(item.line(), "seeds lists " + value + " twice");
            }
            seeds.add(value);
        }
        return seeds;
    }

    private Optional<SweepPlan.TestOn> testOn(
            PlanNode node, Selection all, DatasetReader reader, List<SweepPlan.Dataset> datasets)
            throws PlanException {
        if (node == null) {
            return Optional.empty();
        }
        if (!(node instanceof PlanNode.Mapping)) {
            List<SweepPlan.Dataset> targets = datasets(reader, node, TEST_ON);
            requireSame(node, datasets, targets);
            return Optional.of(
                    new SweepPlan.TestOn(
                            targets,
                            Set.copyOf(all.datasets()),
                            Set.copyOf(all.methodNames()),
                            Set.copyOf(all.shots())));
        }
        PlanNode.Mapping mapping =
                text.mapping(node, TEST_ON, List.of(DATASETS, FROM, METHODS, SHOTS));
        List<SweepPlan.Dataset> targets = datasets(reader, required(mapping, DATASETS), TEST_ON);
        requireSame(node, datasets, targets);
        return Optional.of(
                new SweepPlan.TestOn(
                        targets,
                        chosenDatasets(mapping, FROM, all),
                        chosen(mapping, METHODS, all.methodNames(), all.methodNames()),
                        chosenShots(mapping, all)));
    }

    /** The same name must be the same data, wherever it stands. */
    private void requireSame(
            PlanNode node, List<SweepPlan.Dataset> datasets, List<SweepPlan.Dataset> targets)
            throws PlanException {
        Map<String, SweepPlan.Dataset> known = new HashMap<>();
        datasets.forEach(dataset -> known.put(dataset.name(), dataset));
        for (SweepPlan.Dataset target : targets) {
            SweepPlan.Dataset other = known.get(target.name());
            if (other != null && !other.data().equals(target.data())) {
                throw text.problem(
                        node.line(), "there are two different datasets called " + target.name());
            }
        }
    }

    private Optional<SweepPlan.BaseToNew> baseToNew(PlanNode node, Selection all)
            throws PlanException {
        if (node == null) {
            return Optional.empty();
        }
        if (all.methodsForNewClasses().isEmpty()) {
            throw text.problem(
                    node.line(),
                    "base_to_new needs a method that can name new classes: hand-written prompts"
                            + " or a unified context");
        }
        if (!(node instanceof PlanNode.Mapping)) {
            return text.flag(node, BASE_TO_NEW)
                    ? Optional.of(
                            new SweepPlan.BaseToNew(
                                    Set.copyOf(all.datasets()),
                                    Set.copyOf(all.methodsForNewClasses()),
                                    Set.copyOf(all.shots())))
                    : Optional.empty();
        }
        PlanNode.Mapping mapping =
                text.mapping(node, BASE_TO_NEW, List.of(DATASETS, METHODS, SHOTS));
        Set<String> methods =
                chosen(mapping, METHODS, all.methodNames(), all.methodsForNewClasses());
        for (String method : methods) {
            if (!all.methodsForNewClasses().contains(method)) {
                throw text.problem(
                        mapping.values().get(METHODS).line(),
                        method
                                + " has nothing for classes that it did not learn: base_to_new"
                                + " takes hand-written prompts and unified contexts");
            }
        }
        return Optional.of(
                new SweepPlan.BaseToNew(
                        chosenDatasets(mapping, DATASETS, all),
                        methods,
                        chosenShots(mapping, all)));
    }

    private Set<String> chosenDatasets(PlanNode.Mapping mapping, String key, Selection all)
            throws PlanException {
        PlanNode node = mapping.values().get(key);
        if (node == null) {
            return Set.copyOf(all.datasets());
        }
        Set<String> chosen = new LinkedHashSet<>();
        for (String name : text.texts(node, key)) {
            chosen.add(
                    all.datasets().stream()
                            .filter(dataset -> DatasetReader.means(name, dataset))
                            .findFirst()
                            .orElseThrow(
                                    () ->
                                            text.problem(
                                                    node.line(),
                                                    notThere(name, key, all.datasets()))));
        }
        return chosen;
    }

    private Set<String> chosen(
            PlanNode.Mapping mapping, String key, List<String> there, List<String> unsaid)
            throws PlanException {
        PlanNode node = mapping.values().get(key);
        if (node == null) {
            return Set.copyOf(unsaid);
        }
        List<String> names = text.texts(node, key);
        for (String name : names) {
            if (!there.contains(name)) {
                throw text.problem(node.line(), notThere(name, key, there));
            }
        }
        return Set.copyOf(names);
    }

    private Set<Integer> chosenShots(PlanNode.Mapping mapping, Selection all) throws PlanException {
        PlanNode node = mapping.values().get(SHOTS);
        if (node == null) {
            return Set.copyOf(all.shots());
        }
        List<Integer> chosen = shots(node);
        for (int value : chosen) {
            if (!all.shots().contains(value)) {
                throw text.problem(
                        node.line(),
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
