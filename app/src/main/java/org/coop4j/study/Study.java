package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.percent;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.PerClass;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.FoundRuns.ModelId;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.Score;

/**
 * The runs of one model, under the names that the tables give them, and their results.
 *
 * @param model the model
 * @param name the model's name, unlike that of any other study
 * @param entries one for each dataset, method, number of shots and seed
 * @param handWritten prompts that training runs tested beside the learned one
 * @param notes notes on runs shown apart or left out, a sentence each
 * @param fewShot results of what was learned from a few images of all classes
 * @param baseNew results of what was learned on base classes
 * @param robustness results on other data than was learned from
 * @param classes results of each class
 */
public record Study(
        ModelId model,
        String name,
        List<Entry> entries,
        List<HandWrittenPrompts> handWritten,
        List<String> notes,
        MethodResults fewShot,
        BaseToNewResults baseNew,
        List<Robustness> robustness,
        List<ClassGains> classes) {

    private static final PublishedNumbers PUBLISHED = PublishedNumbers.shipped();
    private static final int MOST_NAMED = 6;

    /**
     * A run under the names that the tables give it.
     *
     * @param run the run
     * @param dataset the test data's name, with more where one name stands for several sets of images
     * @param method the method, distinguished from others of its name
     */
    public record Entry(FinishedRun run, String dataset, MethodLabel method) {

        RunResult result() {
            return run.result();
        }

        Setup setup() {
            return method.with(run.shots());
        }

        /** Returns the run under its names in the tables, without the seed. */
        private List<Object> place() {
            return List.of(dataset, result().trainedOn(), result().half(), setup());
        }

        /** Returns "DTD (learned on Pets), new classes, coop, 16 shots". */
        private String describe() {
            return dataset
                    + (run.isTransferred() ? " (learned on " + result().trainedOn() + ")" : "")
                    + classes(result().half())
                    + ", "
                    + setup();
        }
    }

    /** Returns ", new classes"; nothing of all classes. */
    public static String classes(ClassHalf half) {
        return half == ClassHalf.ALL ? "" : ", " + half.label() + " classes";
    }

    /** Groups runs by model, those of the models with most runs first. */
    public static List<Study> of(FoundRuns findings) {
        List<List<FinishedRun>> byModel = grouped(
                        findings.finished(), run -> run.model().sha256())
                .values()
                .stream()
                .sorted(comparing((List<FinishedRun> runs) -> -runs.size())
                        .thenComparing(runs -> runs.get(0).model().sha256()))
                .toList();
        List<String> names = byModel.stream().map(runs -> model(runs).name()).toList();
        return byModel.stream().map(runs -> of(runs, names)).toList();
    }

    /** Makes a study of one model; its hash distinguishes it from another of its name. */
    private static Study of(List<FinishedRun> runs, List<String> modelNames) {
        ModelId model = model(runs);
        boolean shared = Collections.frequency(modelNames, model.name()) > 1;
        List<String> notes = new ArrayList<>();
        Map<FinishedRun, String> datasets = datasets(runs, notes);
        Map<FinishedRun, MethodLabel> methods = MethodLabel.of(runs, notes::add);
        List<Entry> entries = new ArrayList<>();
        grouped(
                        runs.stream()
                                .map(run -> new Entry(run, datasets.get(run), methods.get(run)))
                                .toList(),
                        entry -> List.of(entry.place(), entry.result().seed()))
                .values()
                .forEach(same -> entries.add(last(same, notes)));
        noteMovingTestImages(entries, notes);
        List<HandWrittenPrompts> prompts = HandWrittenPrompts.of(entries, notes::add);
        noteMissingSeeds(entries, notes);
        MethodResults fewShot = MethodResults.fewShot(entries, prompts, notes::add);
        return new Study(
                model,
                shared ? model.name() + ", " + model.shortSha256() : model.name(),
                entries,
                prompts,
                notes,
                fewShot,
                BaseToNewResults.of(
                        MethodResults.ofOwn(entries, prompts, ClassHalf.BASE),
                        MethodResults.ofOwn(entries, prompts, ClassHalf.NEW),
                        notes::add),
                Robustness.of(entries, MethodResults.ofOwn(entries, prompts, ClassHalf.ALL)),
                ClassGains.of(fewShot));
    }

    /** Groups items by a key, in the order of the first of each. */
    public static <K, T> Map<K, List<T>> grouped(List<T> all, Function<T, K> key) {
        return all.stream().collect(groupingBy(key, LinkedHashMap::new, Collectors.toList()));
    }

    /** Returns the published name of the model, if any run knows it. */
    private static ModelId model(List<FinishedRun> runs) {
        return runs.stream()
                .map(FinishedRun::model)
                .filter(model -> model.backbone().isPresent())
                .findFirst()
                .orElse(runs.get(0).model());
    }

    /** Returns the test data's name of each run; longer where runs on other images have the same name. */
    private static Map<FinishedRun, String> datasets(List<FinishedRun> runs, List<String> notes) {
        IdentityHashMap<FinishedRun, String> names = new IdentityHashMap<>();
        for (List<FinishedRun> same : grouped(
                        runs,
                        run -> List.of(run.result().dataset(), run.result().half()))
                .values()) {
            List<List<FinishedRun>> sets = List.copyOf(
                    // Test images are distinguished by their number and classes.
                    grouped(
                                    same,
                                    run -> List.of(
                                            run.result().testImages(),
                                            run.result().perClass().stream()
                                                    .map(PerClass::name)
                                                    .collect(toSet())))
                            .values());
            long sizes = sets.stream()
                    .map(set -> set.get(0).result().testImages())
                    .distinct()
                    .count();
            List<String> apart = new ArrayList<>();
            for (List<FinishedRun> set : sets) {
                RunResult first = set.get(0).result();
                String mark = sizes == sets.size()
                        ? count(first.testImages(), "test image")
                        : "list of classes " + (1 + sets.indexOf(set));
                String name = first.dataset() + (sets.size() == 1 ? "" : " (" + mark + ")");
                set.forEach(run -> names.put(run, name));
                apart.add(name + ", " + count(set.size(), "run"));
            }
            if (sets.size() > 1) {
                notes.add(same.get(0).result().dataset()
                        + ": runs on different test images have this name and are shown apart: "
                        + String.join("; ", apart));
            }
        }
        return names;
    }

    /** Returns the last of runs that were made more than once. */
    private static Entry last(List<Entry> same, List<String> notes) {
        List<Entry> ended =
                same.stream().sorted(comparing(entry -> entry.run().finished())).toList();
        Entry last = ended.get(ended.size() - 1);
        if (same.size() > 1) {
            String all = ended.stream()
                    .map(entry -> "%s (%s)"
                            .formatted(
                                    entry.run().folder(), percent(entry.result().accuracy(), 2)))
                    .collect(joining(", "));
            notes.add("%s, seed %d was run more than once, and the last counts: %s"
                    .formatted(last.describe(), last.result().seed(), all));
        }
        return last;
    }

    /** Notes the data without a split of its own, which each seed splits anew. */
    private static void noteMovingTestImages(List<Entry> entries, List<String> notes) {
        grouped(entries, entry -> List.of(entry.dataset(), entry.result().half()))
                .forEach((data, same) -> {
                    long draws = same.stream()
                            .map(entry -> entry.run().testHash())
                            .filter(hash -> !hash.isEmpty())
                            .distinct()
                            .count();
                    if (draws > 1) {
                        notes.add(data.get(0) + ": the runs were tested on " + draws
                                + " different draws of test images, which adds to the spread over seeds");
                    }
                });
    }

    /** Notes the seeds that are missing where others of the same method have them. */
    private static void noteMissingSeeds(List<Entry> entries, List<String> notes) {
        new TreeMap<>(grouped(learned(entries), Entry::method)).values().forEach(ofMethod -> {
            Map<Set<Long>, List<String>> lacking = new LinkedHashMap<>();
            for (List<Entry> here : grouped(ofMethod, Entry::place).values()) {
                Set<Long> missing = seeds(ofMethod);
                missing.removeAll(seeds(here));
                lacking.computeIfAbsent(missing, m -> new ArrayList<>())
                        .add(here.get(0).describe());
            }
            lacking.remove(Set.of());
            lacking.forEach((missing, where) ->
                    notes.add("missing: " + describe(missing) + " of " + Numbers.some(where, MOST_NAMED)));
        });
    }

    private static List<Entry> learned(List<Entry> entries) {
        return entries.stream()
                .filter(entry -> !entry.method().isWithoutTraining())
                .toList();
    }

    private static Set<Long> seeds(List<Entry> entries) {
        return entries.stream().map(entry -> entry.result().seed()).collect(toCollection(TreeSet::new));
    }

    /** Returns "seeds 1, 2 and 3". */
    static String describe(Collection<Long> seeds) {
        String numbers = Numbers.list(seeds.stream().map(String::valueOf).toList());
        return (seeds.size() == 1 ? "seed " : "seeds ") + numbers;
    }

    /** Returns "6 runs, 1 dataset, seeds 1, 2 and 3". */
    public String summary() {
        long datasets = entries.stream().map(Entry::dataset).distinct().count();
        Set<Long> seeds = seeds(learned(entries));
        return count(entries.size(), "run")
                + ", "
                + count(datasets, "dataset")
                + (seeds.isEmpty() ? "" : ", " + describe(seeds));
    }

    /**
     * Returns a paper's number for the same method, averaged over the datasets tested on: see {@link
     * PublishedNumbers#find}.
     */
    public Optional<Score> published(String trainedOn, List<String> datasets, ClassHalf half, Setup setup) {
        return PUBLISHED.find(trainedOn, datasets, half, setup, model.backbone());
    }
}
