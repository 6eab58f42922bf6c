package org.coop4j.study;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.coop4j.base.Numbers.count;
import static org.coop4j.base.Numbers.percent;
import static org.coop4j.study.Results.grouped;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.page.Shots;
import org.coop4j.run.RunResult.PerClass;
import org.coop4j.study.FoundRuns.FinishedRun;
import org.coop4j.study.FoundRuns.ModelId;
import org.coop4j.study.PublishedNumbers.Published;
import org.coop4j.study.Score.Measure;
import org.coop4j.study.Score.Place;
import org.coop4j.study.Score.Setup;

/**
 * The runs of one model, and their results.
 *
 * @param model the model
 * @param name the model's name, unique among the studies
 * @param scores one for each dataset, method, number of shots and seed
 * @param prompts accuracies of the hand-written prompts that runs tested
 * @param notes sentences on runs that are shown apart or left out
 * @param fewShot results on all classes of the dataset that was learned from, with averages
 * @param halves results of learning on base classes and testing on base and on new ones, with averages
 *     (CoCoOp, section 4.1)
 * @param transfers results on other datasets, with averages, and on the source itself, by source (CoOp, section 4.2;
 *     CoCoOp, 4.2, 4.3)
 */
public record Study(
        ModelId model,
        String name,
        List<Score> scores,
        List<Score> prompts,
        List<String> notes,
        Results fewShot,
        Results halves,
        SortedMap<String, Results> transfers) {

    private static final PublishedNumbers PUBLISHED = PublishedNumbers.shipped();

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

    /** Returns the published name of the model, if any run knows it. */
    private static ModelId model(List<FinishedRun> runs) {
        return runs.stream()
                .map(FinishedRun::model)
                .filter(model -> model.backbone().isPresent())
                .findFirst()
                .orElse(runs.get(0).model());
    }

    /** Makes a study of one model; its hash distinguishes it from another of its name. */
    private static Study of(List<FinishedRun> runs, List<String> modelNames) {
        ModelId model = model(runs);
        boolean shared = Collections.frequency(modelNames, model.name()) > 1;
        List<String> notes = new ArrayList<>();
        Map<FinishedRun, String> datasets = datasets(runs, notes);
        Map<FinishedRun, MethodLabel> labels = MethodLabel.of(runs, notes);
        List<Score> scores = last(runs.stream().map(run -> score(run, datasets.get(run), labels.get(run))), notes);
        List<Score> prompts = last(runs.stream().flatMap(run -> prompts(run, datasets.get(run))), notes);
        noteTests(runs, datasets, notes);
        noteMissingSeeds(scores, notes);
        Results all = Results.of(scores).and(new Results(zeroShot(scores, prompts)));
        Results whole = all.where(result -> result.half() == ClassHalf.ALL);
        return new Study(
                model,
                shared ? model.name() + ", " + model.shortSha256() : model.name(),
                scores,
                prompts,
                notes,
                fewShot(whole).averaged(notes),
                all.where(result -> result.half() != ClassHalf.ALL).averaged(notes),
                transfers(whole, notes));
    }

    private static Score score(FinishedRun run, String dataset, MethodLabel method) {
        boolean own = run.result().dataset().equals(run.result().trainedOn());
        return Score.of(
                new Place(
                        dataset,
                        own ? dataset : run.result().trainedOn(),
                        run.result().half(),
                        method.with(Shots.of(run.result().shots(), run.result().trainImages() > 0))),
                run.result(),
                run.folder(),
                run.finished());
    }

    /** Returns the prompts that a run tested; the data's own is marked. */
    private static Stream<Score> prompts(FinishedRun run, String dataset) {
        String own = run.config().testedOn().template();
        return run.result().handWritten().stream()
                .map(one -> new Score(
                        new Place(
                                dataset,
                                dataset,
                                run.result().half(),
                                MethodLabel.prompt(one.prompt(), one.prompt().equals(own))
                                        .with(Shots.NONE)),
                        run.result().seed(),
                        Map.of(Measure.of(one.map() == null), one.value()),
                        List.of(),
                        run.folder(),
                        run.finished()));
    }

    /** Returns the test data's name of each run; with a number where runs on other images have the same name. */
    private static Map<FinishedRun, String> datasets(List<FinishedRun> runs, List<String> notes) {
        IdentityHashMap<FinishedRun, String> names = new IdentityHashMap<>();
        grouped(runs, run -> List.of(run.result().dataset(), run.result().half()))
                .values()
                .forEach(same -> {
                    String dataset = same.get(0).result().dataset();
                    List<List<FinishedRun>> apart = List.copyOf(grouped(
                                    same,
                                    run -> List.of(
                                            run.result().testImages(),
                                            run.result().perClass().stream()
                                                    .map(PerClass::name)
                                                    .collect(toSet())))
                            .values());
                    for (int i = 0; i < apart.size(); i++) {
                        String name = apart.size() == 1 ? dataset : "%s (%d)".formatted(dataset, i + 1);
                        apart.get(i).forEach(run -> names.put(run, name));
                        if (apart.size() > 1) {
                            notes.add("%s is shown apart, since other runs on %s have other test images: %s"
                                    .formatted(
                                            name,
                                            dataset,
                                            Numbers.first(apart.get(i).stream()
                                                    .map(FinishedRun::folder)
                                                    .toList())));
                        }
                    }
                });
        return names;
    }

    /** Returns the last of repeated measurements with the same seed, and notes where they differ. */
    private static List<Score> last(Stream<Score> all, List<String> notes) {
        List<Score> lasts = new ArrayList<>();
        grouped(all.toList(), score -> List.of(score.place(), score.seed()))
                .values()
                .forEach(same -> {
                    List<Score> ended =
                            same.stream().sorted(comparing(Score::finished)).toList();
                    Score last = ended.get(ended.size() - 1);
                    lasts.add(last);
                    if (ended.stream().anyMatch(one -> Math.abs(one.value() - last.value()) > Result.ROUNDING)) {
                        notes.add("%s, seed %d was measured more than once, and the last counts: %s"
                                .formatted(
                                        last.place(),
                                        last.seed(),
                                        ended.stream()
                                                .map(one -> one.folder() + " (" + percent(one.value(), 2) + ")")
                                                .collect(joining(", "))));
                    }
                });
        return lasts;
    }

    /** Notes data without a split of its own, which each seed splits anew, and sets of labels. */
    private static void noteTests(List<FinishedRun> runs, Map<FinishedRun, String> datasets, List<String> notes) {
        grouped(runs, run -> List.of(datasets.get(run), run.result().half())).forEach((data, same) -> {
            Set<String> draws = same.stream().map(FinishedRun::testHash).collect(toSet());
            draws.remove("");
            if (draws.size() > 1) {
                notes.add(data.get(0) + ": the runs were tested on " + draws.size()
                        + " different draws of test images, which adds to the spread over seeds");
            }
            if (same.get(0).result().sets() != null) {
                notes.add(data.get(0)
                        + ": several labels per image, so its accuracies are mean average precisions (mAP)");
            }
        });
    }

    /** Notes the seeds that are missing where others of the same method have them. */
    private static void noteMissingSeeds(List<Score> scores, List<String> notes) {
        grouped(learned(scores), score -> score.place().setup().method())
                .values()
                .forEach(ofMethod -> grouped(ofMethod, Score::place).forEach((place, here) -> {
                    Set<Long> missing = seeds(ofMethod);
                    missing.removeAll(seeds(here));
                    if (!missing.isEmpty()) {
                        notes.add("missing: " + describe(missing) + " of " + place);
                    }
                }));
    }

    private static List<Score> learned(List<Score> scores) {
        return scores.stream()
                .filter(score -> !score.place().isWithoutTraining())
                .toList();
    }

    private static Set<Long> seeds(List<Score> scores) {
        return scores.stream().map(Score::seed).collect(toCollection(TreeSet::new));
    }

    /** Returns "seeds 1, 2 and 3". */
    private static String describe(Collection<Long> seeds) {
        String numbers = Numbers.list(seeds.stream().map(String::valueOf).toList());
        return (seeds.size() == 1 ? "seed " : "seeds ") + numbers;
    }

    // Results

    /**
     * Returns the prompts that take the place of zero-shot where it has no run: the data's own one, and the best under
     * another name.
     */
    private static List<Result> zeroShot(List<Score> scores, List<Score> prompts) {
        Set<Place> known = scores.stream().map(Score::place).collect(toSet());
        List<Result> results = new ArrayList<>();
        grouped(prompts, score -> score.place().with(Setup.ZERO_SHOT)).forEach((place, tested) -> {
            if (!known.contains(place)) {
                List<Result> all = Results.of(tested).all();
                all.stream()
                        .filter(prompt -> prompt.method().published())
                        .findFirst()
                        .ifPresent(own -> results.add(own.as(place)));
                results.add(Collections.max(all, comparing(Result::accuracy))
                        .as(place.with(MethodLabel.BEST_HAND_WRITTEN.with(Shots.NONE))));
            }
        });
        return results;
    }

    /** Returns what was tested on the dataset that it was learned from; datasets that were only tested on are left out. */
    private static Results fewShot(Results whole) {
        Results own = whole.where(result -> !result.place().isTransferred());
        List<String> learned =
                own.where(result -> !result.place().isWithoutTraining()).datasets();
        return own.where(result -> learned.isEmpty() || learned.contains(result.dataset()));
    }

    /** Returns the results of each source on the targets, with zero-shot's and averages, and on itself. */
    private static SortedMap<String, Results> transfers(Results whole, List<String> notes) {
        SortedMap<String, Results> transfers = new TreeMap<>();
        grouped(whole.where(result -> result.place().isTransferred()).all(), result -> result.place()
                        .learnedOn())
                .forEach((source, some) -> {
                    List<String> targets = new Results(some).datasets();
                    Results onTargets = whole.where(result -> targets.contains(result.dataset())
                            && (result.place().isWithoutTraining() || some.contains(result)));
                    transfers.put(
                            source,
                            onTargets
                                    .averaged(notes)
                                    .and(whole.where(result -> result.dataset().equals(source)
                                            && onTargets.setups().contains(result.setup()))));
                });
        return transfers;
    }

    /** Returns "6 runs, 1 dataset, seeds 1, 2 and 3". */
    public String summary() {
        Set<Long> seeds = seeds(learned(scores));
        return count(scores.size(), "run")
                + ", "
                + count(Results.of(scores).datasets().size(), "dataset")
                + (seeds.isEmpty() ? "" : ", " + describe(seeds));
    }

    /** Returns a paper's number for the same method, averaged over the datasets tested on. */
    public Optional<Published> published(Result result, String trainedOn, ClassHalf half) {
        return PUBLISHED.find(trainedOn, result.datasets(), half, result.setup(), model.backbone());
    }
}
