package org.coop4j.study;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.run.RunResult;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.Study.Entry;

/**
 * The hand-written prompts that training runs test beside the learned one, on one dataset.
 *
 * @param dataset the test data
 * @param half the classes tested on
 * @param prompts in the order in which the runs have them
 */
public record HandWrittenPrompts(String dataset, ClassHalf half, List<Prompt> prompts) {

    /** The prompt of data that have none of their own. */
    static final String USUAL = "a photo of a {}.";

    private static final double ROUNDING = 1e-9;

    /** Copies the list. */
    public HandWrittenPrompts {
        prompts = List.copyOf(prompts);
    }

    /**
     * A prompt.
     *
     * @param text the template, or what the ensemble is
     * @param own whether it is the dataset's own, which zero-shot CLIP uses
     * @param accuracies by seed, where the seed decides what is tested on
     */
    public record Prompt(String text, boolean own, MethodResult accuracies) {}

    /** The most accurate prompt; of equal ones the first. */
    public Prompt best() {
        Prompt best = prompts.get(0);
        for (Prompt prompt : prompts) {
            best = prompt.accuracies.accuracy() > best.accuracies.accuracy() ? prompt : best;
        }
        return best;
    }

    private record Place(String dataset, String name, ClassHalf half) {

        /** The hand-written prompt of a benchmark, or the usual one. */
        String template() {
            return DatasetNames.published(name).map(Benchmark::template).orElse(USUAL);
        }
    }

    /**
     * The prompts of all runs by dataset; runs of the same seed have the same ones.
     *
     * @param notes is told where two runs disagree on a prompt
     */
    static List<HandWrittenPrompts> of(List<Entry> entries, Consumer<String> notes) {
        Map<Place, Map<String, SortedMap<Long, Double>>> found = new LinkedHashMap<>();
        Map<Place, String> own = new HashMap<>();
        for (Entry entry : entries) {
            Place place = new Place(entry.dataset(), entry.result().dataset(), entry.half());
            String template = entry.run().config().testedOn().template();
            if (template != null) {
                own.putIfAbsent(place, template);
            }
            for (RunResult.HandWritten prompt : entry.result().handWritten()) {
                Double known = found.computeIfAbsent(place, p -> new LinkedHashMap<>())
                        .computeIfAbsent(prompt.prompt(), p -> new TreeMap<>())
                        .putIfAbsent(entry.result().seed(), prompt.accuracy());
                if (known != null && Math.abs(known - prompt.accuracy()) > ROUNDING) {
                    notes.accept(disagreement(entry, prompt, known));
                }
            }
        }
        List<HandWrittenPrompts> all = new ArrayList<>();
        found.forEach((place, texts) -> {
            List<Prompt> prompts = new ArrayList<>();
            String template = own.getOrDefault(place, place.template());
            texts.forEach((text, bySeed) ->
                    prompts.add(new Prompt(text, text.equals(template), outcome(place.dataset, bySeed))));
            all.add(new HandWrittenPrompts(place.dataset, place.half, prompts));
        });
        return all;
    }

    private static String disagreement(Entry entry, RunResult.HandWritten prompt, double known) {
        return ("%s, seed %d: the hand-written prompt \"%s\" has %s in %s and %s"
                        + " in a run before it, which is shown")
                .formatted(
                        entry.dataset(),
                        entry.result().seed(),
                        prompt.prompt(),
                        Numbers.percent(prompt.accuracy(), 2),
                        entry.run().folder(),
                        Numbers.percent(known, 2));
    }

    /** One value alone where the seed makes no difference. */
    private static MethodResult outcome(String dataset, SortedMap<Long, Double> bySeed) {
        SortedMap<Long, Measured> measured = new TreeMap<>();
        boolean same = new TreeSet<>(bySeed.values()).size() == 1;
        bySeed.forEach((seed, accuracy) -> measured.put(same ? 0 : seed, Measured.of(accuracy)));
        return new MethodResult(dataset, MethodLabel.ZERO_SHOT, Shots.NONE, measured);
    }
}
