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
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.run.RunResult;
import org.coop4j.run.RunResult.PerClass;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.FoundRuns.ModelId;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.PublishedNumbers.Score;

/**
 * The runs of one model, under the names that the tables give them, and their results.
 *
 * @param model the model
 * @param name the model's name, unique among the studies
 * @param entries one for each dataset, method, number of shots and seed
 * @param prompts accuracies of the hand-written prompts that training runs tested, by seed where
 *     the seed decides which images are tested; the half of the classes is part of the dataset's name
 * @param notes sentences on runs that are shown apart or left out
 * @param fewShot results on all classes of the dataset that was learned from, with averages
 * @param base results on the classes that were learned, with averages (CoCoOp, section 4.1)
 * @param unseen results of the same methods and seeds on the other classes
 * @param transfers results on other datasets, with averages of methods that have all of them, and on the source itself,
 *     by source (CoOp, section 4.2; CoCoOp, 4.2, 4.3)
 */
public record Study(
        ModelId model,
        String name,
        List<Entry> entries,
        MethodResults prompts,
        List<String> notes,
        MethodResults fewShot,
        MethodResults base,
        MethodResults unseen,
        SortedMap<String, MethodResults> transfers) {

    private static final PublishedNumbers PUBLISHED = PublishedNumbers.shipped();
    private static final int MOST_NAMED = 6;

    /**
     * A run, or a hand-written prompt that it tested, under the names that the tables give it.
     *
     * @param run the run
     * @param dataset the test data's name, with more where one name stands for several sets of images
     * @param method the method, distinguished from others of its name
     * @param measured its scores
     */
    public record Entry(FinishedRun run, String dataset, MethodLabel method, Measured measured) {

        RunResult result() {
            return run.result();
        }

        Setup setup() {
            return method.with(run.shots());
        }

        private boolean isOwn(ClassHalf half) {
            return result().half() == half && !run.isTransferred();
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

        /** Returns the prompts that a run tested; the data's own is marked. The half is part of their dataset's name. */
        private Stream<Entry> prompts() {
            String own = run.config().testedOn().template();
            return result().handWritten().stream()
                    .map(one -> new Entry(
                            run,
                            dataset + classes(result().half()),
                            MethodLabel.prompt(one.prompt(), one.prompt().equals(own)),
                            Measured.of(one.accuracy())));
        }
    }

    /** Returns ", new classes"; nothing of all classes. */
    private static String classes(ClassHalf half) {
        return half == ClassHalf.ALL ? "" : ", " + half.label() + " classes";
    }

    /** Groups runs by model; the model with most runs comes first. */
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
        Map<FinishedRun, MethodLabel> methods = MethodLabel.of(runs, notes);
        List<Entry> entries = last(
                runs.stream()
                        .map(run -> new Entry(run, datasets.get(run), methods.get(run), Measured.of(run.result()))),
                Entry::place,
                notes);
        noteMovingTestImages(entries, notes);
        noteSets(entries, notes);
        MethodResults prompts = results(
                last(entries.stream().flatMap(Entry::prompts), entry -> List.of(entry.dataset, entry.method), notes)
                        .stream());
        noteMissingSeeds(entries, notes);
        MethodResults own = own(entries, prompts, ClassHalf.ALL);
        List<MethodResults> halves =
                paired(own(entries, prompts, ClassHalf.BASE), own(entries, prompts, ClassHalf.NEW), notes);
        MethodResults fewShot =
                MethodResults.averaged(List.of(fewShot(entries, own)), notes).get(0);
        List<MethodResults> baseNew = MethodResults.averaged(halves, notes);
        return new Study(
                model,
                shared ? model.name() + ", " + model.shortSha256() : model.name(),
                entries,
                prompts,
                notes,
                fewShot,
                baseNew.get(0),
                baseNew.get(1),
                transfers(entries, own));
    }

    /** Groups items by a key, in the order of the first of each. */
    public static <K, T> Map<K, List<T>> grouped(Collection<T> all, Function<T, K> key) {
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
            String dataset = same.get(0).result().dataset();
            // Test images are distinguished by their number and classes.
            List<List<FinishedRun>> sets = List.copyOf(grouped(
                            same,
                            run -> List.of(
                                    run.result().testImages(),
                                    run.result().perClass().stream()
                                            .map(PerClass::name)
                                            .collect(toSet())))
                    .values());
            boolean sizes = sets.size()
                    == grouped(sets, set -> set.get(0).result().testImages()).size();
            List<String> apart = new ArrayList<>();
            for (List<FinishedRun> set : sets) {
                String mark = sizes
                        ? count(set.get(0).result().testImages(), "test image")
                        : "list of classes " + (1 + sets.indexOf(set));
                String name = sets.size() == 1 ? dataset : dataset + " (" + mark + ")";
                set.forEach(run -> names.put(run, name));
                apart.add(name + ", " + count(set.size(), "run"));
            }
            if (sets.size() > 1) {
                notes.add(dataset + ": runs on different test images have this name and are shown apart: "
                        + String.join("; ", apart));
            }
        }
        return names;
    }

    /** Returns the last of repeated measurements with the same seed, and notes where they differ. */
    private static List<Entry> last(Stream<Entry> all, Function<Entry, Object> place, List<String> notes) {
        List<Entry> lasts = new ArrayList<>();
        grouped(
                        all.toList(),
                        entry -> List.of(place.apply(entry), entry.result().seed()))
                .values()
                .forEach(same -> {
                    List<Entry> ended = same.stream()
                            .sorted(comparing(entry -> entry.run.finished()))
                            .toList();
                    Entry last = ended.get(ended.size() - 1);
                    lasts.add(last);
                    if (same.stream()
                            .anyMatch(one -> Math.abs(one.measured.accuracy() - last.measured.accuracy())
                                    > MethodResult.ROUNDING)) {
                        notes.add("%s, seed %d was measured more than once, and the last counts: %s"
                                .formatted(
                                        last.describe(),
                                        last.result().seed(),
                                        ended.stream()
                                                .map(one -> one.run.folder() + " ("
                                                        + percent(one.measured.accuracy(), 2) + ")")
                                                .collect(joining(", "))));
                    }
                });
        return lasts;
    }

    /** Notes data without a split of its own: each seed splits it anew. */
    private static void noteMovingTestImages(List<Entry> entries, List<String> notes) {
        grouped(entries, entry -> List.of(entry.dataset, entry.result().half())).forEach((data, same) -> {
            Set<String> draws = same.stream().map(entry -> entry.run.testHash()).collect(toSet());
            draws.remove("");
            if (draws.size() > 1) {
                notes.add(data.get(0) + ": the runs were tested on " + draws.size()
                        + " different draws of test images, which adds to the spread over seeds");
            }
        });
    }

    private static void noteSets(List<Entry> entries, List<String> notes) {
        entries.stream()
                .filter(entry -> entry.result().sets() != null)
                .map(Entry::dataset)
                .distinct()
                .forEach(dataset -> notes.add(
                        dataset + ": several labels per image, so its accuracies are mean average precisions (mAP)"));
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
                .filter(entry -> !entry.method.isWithoutTraining())
                .toList();
    }

    private static Set<Long> seeds(List<Entry> entries) {
        return entries.stream().map(entry -> entry.result().seed()).collect(toCollection(TreeSet::new));
    }

    /** Returns "seeds 1, 2 and 3". */
    private static String describe(Collection<Long> seeds) {
        String numbers = Numbers.list(seeds.stream().map(String::valueOf).toList());
        return (seeds.size() == 1 ? "seed " : "seeds ") + numbers;
    }

    // Results

    private static MethodResults results(Stream<Entry> entries) {
        return new MethodResults(
                grouped(entries.toList(), entry -> List.of(entry.dataset, entry.setup())).values().stream()
                        .map(same -> {
                            SortedMap<Long, Measured> bySeed = new TreeMap<>();
                            same.forEach(entry -> bySeed.put(entry.result().seed(), entry.measured));
                            return new MethodResult(
                                    same.get(0).dataset, same.get(0).setup(), bySeed);
                        })
                        .toList());
    }

    /**
     * Returns the results of classifiers that were tested on the data they learned from, and of hand-written prompts. Prompts
     * that training runs tested replace zero-shot where it has no run of its own.
     */
    private static MethodResults own(List<Entry> entries, MethodResults prompts, ClassHalf half) {
        MethodResults own = results(entries.stream().filter(entry -> entry.isOwn(half)));
        List<MethodResult> more = new ArrayList<>();
        for (String dataset : grouped(entries, Entry::dataset).keySet()) {
            List<MethodResult> tested = prompts.on(dataset + classes(half));
            if (!tested.isEmpty() && own.zeroShot(dataset).isEmpty()) {
                tested.stream()
                        .filter(prompt -> prompt.method().published())
                        .findFirst()
                        .ifPresent(prompt -> more.add(prompt.as(dataset, MethodLabel.ZERO_SHOT)));
                more.add(Collections.max(tested, comparing(MethodResult::accuracy))
                        .as(dataset, MethodLabel.BEST_HAND_WRITTEN));
            }
        }
        return MethodResults.all(List.of(own.all(), more));
    }

    /** Leaves out the datasets that were only tested on, with what was learned elsewhere. */
    private static MethodResults fewShot(List<Entry> entries, MethodResults own) {
        Set<String> targets = entries.stream()
                .filter(entry -> entry.run.isTransferred())
                .map(Entry::dataset)
                .collect(toSet());
        own.where(result -> !result.method().isWithoutTraining()).datasets().forEach(targets::remove);
        return own.where(result -> !targets.contains(result.dataset()));
    }

    /** Reduces the results on base and on new classes to the seeds that both have. */
    private static List<MethodResults> paired(MethodResults base, MethodResults unseen, List<String> notes) {
        for (MethodResult one : base.all()) {
            unseen.get(one.dataset(), one.setup())
                    .filter(other ->
                            !one.method().isWithoutTraining() && !one.seeds().equals(other.seeds()))
                    .ifPresent(other -> notes.add(
                            "base-to-new, %s, %s: base classes have %s, new classes %s; only shared seeds count"
                                    .formatted(
                                            one.dataset(),
                                            one.method().id(),
                                            describe(one.seeds()),
                                            describe(other.seeds()))));
        }
        return List.of(base.onlySeedsOf(unseen), unseen.onlySeedsOf(base));
    }

    /** Returns the results of each source on the targets and on itself, with zero-shot's. */
    private static SortedMap<String, MethodResults> transfers(List<Entry> entries, MethodResults own) {
        SortedMap<String, MethodResults> transfers = new TreeMap<>();
        List<Entry> transferred = entries.stream()
                .filter(entry -> entry.run.isTransferred() && entry.result().half() == ClassHalf.ALL)
                .toList();
        grouped(transferred, entry -> entry.result().trainedOn()).forEach((source, some) -> {
            MethodResults learned = results(some.stream());
            List<String> targets = learned.datasets();
            MethodResults onTargets = MethodResults.all(List.of(
                    learned.all(),
                    own.all().stream()
                            .filter(result -> targets.contains(result.dataset())
                                    && result.method().isWithoutTraining()
                                    && !result.method().equals(MethodLabel.BEST_HAND_WRITTEN))
                            .toList()));
            List<MethodResult> more = new ArrayList<>();
            for (Setup setup : onTargets.setups()) {
                own.get(source, setup).ifPresent(more::add);
                List<MethodResult> all = onTargets.get(targets, setup);
                if (all.size() == targets.size()) {
                    more.add(MethodResult.average(all));
                }
            }
            transfers.put(source, MethodResults.all(List.of(onTargets.all(), more)));
        });
        return transfers;
    }

    /** Returns "6 runs, 1 dataset, seeds 1, 2 and 3". */
    public String summary() {
        Set<Long> seeds = seeds(learned(entries));
        return count(entries.size(), "run")
                + ", "
                + count(grouped(entries, Entry::dataset).size(), "dataset")
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
