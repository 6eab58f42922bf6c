package org.coop4j.study;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.coop4j.base.Numbers;

/**
 * The runs of one model, under the names that the tables give them.
 *
 * @param model the model
 * @param entries one for each dataset, method, number of shots and seed
 * @param handWritten prompts that training runs tested beside the learned one
 * @param notes what was told apart, left out or is missing, a sentence each
 */
public record Study(
        ModelId model, List<Entry> entries, List<HandWritten> handWritten, List<String> notes) {

    private static final double ROUNDING = 1e-9;

    /** Copies the lists. */
    public Study {
        entries = List.copyOf(entries);
        handWritten = List.copyOf(handWritten);
        notes = List.copyOf(notes);
    }

    /** Orders runs by model, those of the models with most runs first. */
    public static List<Study> of(Findings findings) {
        Map<String, List<FinishedRun>> byModel = new TreeMap<>();
        for (FinishedRun run : findings.finished()) {
            byModel.computeIfAbsent(run.model().sha256(), m -> new ArrayList<>()).add(run);
        }
        return byModel.values().stream()
                .map(Study::ofModel)
                .sorted(Comparator.comparing((Study study) -> -study.entries.size()))
                .toList();
    }

    private static Study ofModel(List<FinishedRun> runs) {
        List<String> notes = new ArrayList<>();
        List<String> datasets = TestSets.label(runs, notes::add);
        List<MethodLabel> methods = MethodLabels.of(runs, datasets, notes::add);
        List<Entry> all = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            all.add(new Entry(runs.get(i), datasets.get(i), methods.get(i)));
        }
        List<Entry> entries = withoutDoubles(all, notes::add);
        noteMovingTestImages(entries, notes::add);
        List<HandWritten> handWritten = HandWritten.of(entries, notes::add);
        Gaps.note(entries, notes::add);
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

    private record Identity(Entry.Group group, MethodLabel method, long seed) {}

    private static List<Entry> withoutDoubles(List<Entry> all, Consumer<String> notes) {
        Map<Identity, List<Entry>> byIdentity = new LinkedHashMap<>();
        for (Entry entry : all) {
            Identity identity = new Identity(entry.group(), entry.method(), entry.result().seed());
            byIdentity.computeIfAbsent(identity, i -> new ArrayList<>()).add(entry);
        }
        List<Entry> entries = new ArrayList<>();
        byIdentity.forEach(
                (identity, same) -> {
                    Entry last =
                            same.stream()
                                    .max(Comparator.comparing(e -> e.run().finished()))
                                    .orElseThrow();
                    entries.add(last);
                    if (same.size() > 1) {
                        notes.accept(doubles(identity, same, last));
                    }
                });
        return entries;
    }

    private static String doubles(Identity identity, List<Entry> same, Entry last) {
        String what = identity.group.describe(identity.method) + ", seed " + identity.seed;
        List<String> folders = same.stream().map(e -> e.run().folder().toString()).toList();
        boolean equal =
                same.stream()
                        .allMatch(
                                e ->
                                        Math.abs(e.result().accuracy() - last.result().accuracy())
                                                < ROUNDING);
        return equal
                ? what + " was run more than once with the same result: " + list(folders)
                : String.format(
                        Locale.ROOT,
                        "%s was run more than once with different results: %s; shown is %s (%.2f"
                                + " %%), which ended last",
                        what,
                        list(folders),
                        last.run().folder(),
                        last.result().accuracy());
    }

    private static String list(List<String> names) {
        return String.join(", ", names);
    }

    /** Where data has no split of its own, each seed makes another. */
    private static void noteMovingTestImages(List<Entry> entries, Consumer<String> notes) {
        Map<String, Map<String, Long>> hashes = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (!entry.run().testHash().isEmpty()) {
                hashes.computeIfAbsent(
                                entry.dataset() + "\n" + entry.half(), d -> new LinkedHashMap<>())
                        .put(entry.run().testHash(), entry.result().seed());
            }
        }
        hashes.forEach(
                (dataset, all) -> {
                    if (all.size() > 1) {
                        notes.accept(
                                dataset.substring(0, dataset.indexOf('\n'))
                                        + ": the runs were tested on "
                                        + all.size()
                                        + " different draws of test images (data without a split"
                                        + " of its own is split anew by each seed); the spread"
                                        + " over seeds includes that of the draws");
                    }
                });
    }

    /** "6 runs, 1 dataset, seeds 1, 2 and 3". */
    public String summary() {
        long datasets = entries.stream().map(Entry::dataset).distinct().count();
        TreeSet<Long> seeds = new TreeSet<>();
        entries.stream()
                .filter(entry -> !entry.method().isWithoutTraining())
                .forEach(entry -> seeds.add(entry.result().seed()));
        String text =
                Numbers.count(entries.size(), "run") + ", " + Numbers.count(datasets, "dataset");
        return seeds.isEmpty()
                ? text
                : text
                        + (seeds.size() == 1 ? ", seed " : ", seeds ")
                        + Numbers.list(seeds.stream().map(String::valueOf).toList());
    }

    /** What was learned from a few images of all classes. */
    public FewShot fewShot() {
        return FewShot.of(this);
    }

    /** What was learned on base classes. */
    public BaseNew baseNew() {
        return BaseNew.of(this);
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
