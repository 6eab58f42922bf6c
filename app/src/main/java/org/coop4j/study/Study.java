package org.coop4j.study;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.run.RunResult;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.FoundRuns.ModelId;

/**
 * The runs of one model, under the names that the tables give them.
 *
 * @param model the model
 * @param entries one for each dataset, method, number of shots and seed
 * @param handWritten prompts that training runs tested beside the learned one
 * @param notes what was told apart or left out, a sentence each
 */
public record Study(ModelId model, List<Entry> entries, List<HandWrittenPrompts> handWritten, List<String> notes) {

    private static final double ROUNDING = 1e-9;
    private static final int MOST_NAMED = 6;

    /** Copies the lists. */
    public Study {
        entries = List.copyOf(entries);
        handWritten = List.copyOf(handWritten);
        notes = List.copyOf(notes);
    }

    /**
     * A run under the names that the tables give it.
     *
     * @param run the run
     * @param dataset the test data's name, with more where one name stands for several sets of images
     * @param method the method, told apart from others of its name
     */
    public record Entry(FinishedRun run, String dataset, MethodLabel method) {

        RunResult result() {
            return run.result();
        }

        Shots shots() {
            return method.isWithoutTraining() ? Shots.NONE : run.shots();
        }

        ClassHalf half() {
            return result().half();
        }

        /** All that two results of the same run have in common. */
        List<Object> identity() {
            return List.of(dataset, result().trainedOn(), half(), shots(), method, result().seed());
        }

        /** All that it has in common with runs of other seeds: "DTD (learned on Pets), new classes, coop, 16 shots". */
        String withoutSeed() {
            String classes =
                    switch (half()) {
                        case ALL -> "";
                        case BASE -> ", base classes";
                        case NEW -> ", new classes";
                    };
            return dataset
                    + (run.isTransferred() ? " (learned on " + result().trainedOn() + ")" : "")
                    + classes
                    + ", "
                    + method.id()
                    + (shots().equals(Shots.NONE) ? "" : ", " + shots().describe());
        }
    }

    /** Orders runs by model, those of the models with most runs first. */
    public static List<Study> of(FoundRuns findings) {
        Map<String, List<FinishedRun>> byModel = new TreeMap<>();
        for (FinishedRun run : findings.finished()) {
            byModel.computeIfAbsent(run.model().sha256(), m -> new ArrayList<>())
                    .add(run);
        }
        return byModel.values().stream()
                .map(Study::ofModel)
                .sorted(Comparator.comparing((Study study) -> -study.entries.size()))
                .toList();
    }

    private static Study ofModel(List<FinishedRun> runs) {
        List<String> notes = new ArrayList<>();
        Map<FinishedRun, String> datasets = datasets(runs, notes::add);
        IdentityHashMap<FinishedRun, MethodLabel> methods = MethodLabel.of(runs, notes::add);
        Map<List<Object>, List<Entry>> byIdentity = new LinkedHashMap<>();
        for (FinishedRun run : runs) {
            Entry entry = new Entry(run, datasets.get(run), methods.get(run));
            byIdentity.computeIfAbsent(entry.identity(), i -> new ArrayList<>()).add(entry);
        }
        List<Entry> entries = new ArrayList<>();
        byIdentity.values().forEach(same -> entries.add(last(same, notes::add)));
        noteMovingTestImages(entries, notes::add);
        List<HandWrittenPrompts> handWritten = HandWrittenPrompts.of(entries, notes::add);
        noteMissingSeeds(entries, notes);
        return new Study(model(runs), entries, handWritten, notes);
    }

    /** The name that most is known of. */
    private static ModelId model(List<FinishedRun> runs) {
        return runs.stream()
                .map(FinishedRun::model)
                .filter(model -> model.backbone().isPresent())
                .findFirst()
                .orElse(runs.get(0).model());
    }

    /** The test data's name of each run; longer where runs on other images have the same name. */
    private static Map<FinishedRun, String> datasets(List<FinishedRun> runs, Consumer<String> notes) {
        Map<List<Object>, List<FinishedRun>> byName = new LinkedHashMap<>();
        for (FinishedRun run : runs) {
            byName.computeIfAbsent(List.of(run.result().dataset(), run.result().half()), n -> new ArrayList<>())
                    .add(run);
        }
        IdentityHashMap<FinishedRun, String> names = new IdentityHashMap<>();
        for (List<FinishedRun> same : byName.values()) {
            Map<List<Object>, List<FinishedRun>> bySet = new LinkedHashMap<>();
            same.forEach(run -> bySet.computeIfAbsent(testSet(run.result()), s -> new ArrayList<>())
                    .add(run));
            List<String> told = new ArrayList<>();
            for (List<FinishedRun> set : bySet.values()) {
                String name = set.get(0).result().dataset()
                        + (bySet.size() == 1 ? "" : mark(set.get(0).result(), bySet.keySet()));
                set.forEach(run -> names.put(run, name));
                told.add(name + ", " + Numbers.count(set.size(), "run"));
            }
            if (told.size() > 1) {
                notes.accept(same.get(0).result().dataset()
                        + ": runs on different test images have this name and are shown apart: "
                        + String.join("; ", told));
            }
        }
        return names;
    }

    private static List<Object> testSet(RunResult result) {
        Set<String> names = new TreeSet<>();
        result.perClass().forEach(one -> names.add(one.name()));
        return List.of(result.testImages(), result.classes(), names);
    }

    /** Tells a set of test images from others of its dataset's name by its size, or else by its classes. */
    private static String mark(RunResult result, Set<List<Object>> sets) {
        Set<Object> images = new LinkedHashSet<>();
        Set<Object> sizes = new LinkedHashSet<>();
        sets.forEach(set -> images.add(set.get(0)));
        sets.forEach(set -> sizes.add(set.subList(0, 2)));
        List<String> marks = new ArrayList<>();
        if (images.size() > 1) {
            marks.add(String.format(Locale.ROOT, "%,d test images", result.testImages()));
        }
        if (sizes.size() > images.size()) {
            marks.add(String.format(Locale.ROOT, "%,d classes", result.classes()));
        }
        if (sets.size() > sizes.size()) {
            marks.add("list of classes " + (1 + List.copyOf(sets).indexOf(testSet(result))));
        }
        return " (" + String.join(", ", marks) + ")";
    }

    /** Of runs that were made more than once the last. */
    private static Entry last(List<Entry> same, Consumer<String> notes) {
        Entry last =
                same.stream().max(Comparator.comparing(e -> e.run().finished())).orElseThrow();
        if (same.size() > 1) {
            double accuracy = last.result().accuracy();
            boolean equal = same.stream().allMatch(e -> Math.abs(e.result().accuracy() - accuracy) < ROUNDING);
            String folders = String.join(
                    ", ", same.stream().map(e -> e.run().folder().toString()).toList());
            notes.accept(last.withoutSeed() + ", seed " + last.result().seed()
                    + (equal
                            ? " was run more than once with the same result: " + folders
                            : String.format(
                                    Locale.ROOT,
                                    " was run more than once with different results: %s; shown is %s (%.2f %%),"
                                            + " which ended last",
                                    folders,
                                    last.run().folder(),
                                    accuracy)));
        }
        return last;
    }

    /** Where data has no split of its own, each seed makes another. */
    private static void noteMovingTestImages(List<Entry> entries, Consumer<String> notes) {
        Map<List<Object>, Set<String>> hashes = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (!entry.run().testHash().isEmpty()) {
                hashes.computeIfAbsent(List.of(entry.dataset(), entry.half()), d -> new LinkedHashSet<>())
                        .add(entry.run().testHash());
            }
        }
        hashes.forEach((data, draws) -> {
            if (draws.size() > 1) {
                notes.accept(data.get(0) + ": the runs were tested on " + draws.size()
                        + " different draws of test images (data without a split of its own is split anew by each"
                        + " seed); the spread over seeds includes that of the draws");
            }
        });
    }

    /** Says which seeds are missing where others of the same method have them. */
    private static void noteMissingSeeds(List<Entry> entries, List<String> notes) {
        Map<MethodLabel, Map<String, Set<Long>>> seeds = new TreeMap<>();
        for (Entry entry : entries) {
            if (!entry.method().isWithoutTraining()) {
                seeds.computeIfAbsent(entry.method(), m -> new LinkedHashMap<>())
                        .computeIfAbsent(entry.withoutSeed(), place -> new TreeSet<>())
                        .add(entry.result().seed());
            }
        }
        for (Map<String, Set<Long>> places : seeds.values()) {
            Set<Long> wanted = new TreeSet<>();
            places.values().forEach(wanted::addAll);
            Map<List<Long>, List<String>> lacking = new LinkedHashMap<>();
            places.forEach((place, here) -> lacking.computeIfAbsent(
                            wanted.stream().filter(seed -> !here.contains(seed)).toList(), m -> new ArrayList<>())
                    .add(place));
            lacking.remove(List.of());
            lacking.forEach((missing, where) -> notes.add((missing.size() > 1 ? "seeds " : "seed ")
                    + missing.toString().replaceAll("[\\[\\]]", "")
                    + (missing.size() > 1 ? " are" : " is")
                    + " missing: "
                    + Numbers.some(where, MOST_NAMED)));
        }
    }

    /** "6 runs, 1 dataset, seeds 1, 2 and 3". */
    public String summary() {
        long datasets = entries.stream().map(Entry::dataset).distinct().count();
        TreeSet<Long> seeds = new TreeSet<>();
        entries.stream()
                .filter(entry -> !entry.method().isWithoutTraining())
                .forEach(entry -> seeds.add(entry.result().seed()));
        String text = Numbers.count(entries.size(), "run") + ", " + Numbers.count(datasets, "dataset");
        return seeds.isEmpty()
                ? text
                : text
                        + (seeds.size() == 1 ? ", seed " : ", seeds ")
                        + Numbers.list(seeds.stream().map(String::valueOf).toList());
    }

    /** What was learned from a few images of all classes. */
    public FewShotResults fewShot() {
        return FewShotResults.of(this);
    }

    /** What was learned on base classes. */
    public BaseToNewResults baseNew() {
        return BaseToNewResults.of(this);
    }

    /** What was tested on other data than it was learned from. */
    public List<Robustness> robustness() {
        return Robustness.of(this);
    }

    /** Results of each class. */
    public List<ClassGains> classGains() {
        return ClassGains.of(fewShot());
    }
}
