package org.coop4j.results;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.coop4j.data.ClassHalf;
import org.coop4j.data.benchmark.Benchmark;
import org.coop4j.run.RunResult;

/** Collects the hand-written prompts of all runs; runs of the same seed have the same ones. */
final class HandWrittenPrompts {

    /** The prompt of data that have none of their own. */
    static final String USUAL = "a photo of a {}.";

    private static final double ROUNDING = 1e-9;

    private final Map<Place, Map<String, SortedMap<Long, Double>>> found = new LinkedHashMap<>();
    private final Map<Place, String> own = new HashMap<>();
    private final Consumer<String> notes;

    private record Place(String dataset, String name, ClassHalf half) {}

    private HandWrittenPrompts(Consumer<String> notes) {
        this.notes = notes;
    }

    /**
     * The prompts by dataset.
     *
     * @param notes is told where two runs disagree on a prompt
     */
    static List<HandWritten> of(List<Entry> entries, Consumer<String> notes) {
        HandWrittenPrompts prompts = new HandWrittenPrompts(notes);
        entries.forEach(prompts::add);
        List<HandWritten> result = new ArrayList<>();
        prompts.found.forEach(
                (place, all) -> result.add(handWritten(place, prompts.own(place), all)));
        return result;
    }

    private void add(Entry entry) {
        RunResult run = entry.result();
        Place place = new Place(entry.dataset(), run.dataset(), run.half());
        if (!entry.run().ownPrompt().isEmpty()) {
            own.putIfAbsent(place, entry.run().ownPrompt());
        }
        for (RunResult.HandWritten prompt : run.handWritten()) {
            SortedMap<Long, Double> bySeed =
                    found.computeIfAbsent(place, p -> new LinkedHashMap<>())
                            .computeIfAbsent(prompt.prompt(), p -> new TreeMap<>());
            Double known = bySeed.putIfAbsent(run.seed(), prompt.accuracy());
            if (known != null && Math.abs(known - prompt.accuracy()) > ROUNDING) {
                notes.accept(
                        String.format(
                                Locale.ROOT,
                                "%s, seed %d: the hand-written prompt \"%s\" has %.2f %% in %s and"
                                        + " %.2f %% in a run before it, which is shown",
                                entry.dataset(),
                                run.seed(),
                                prompt.prompt(),
                                prompt.accuracy(),
                                entry.run().folder(),
                                known));
            }
        }
    }

    private String own(Place place) {
        String byName = DatasetNames.published(place.name).map(Benchmark::template).orElse(USUAL);
        return own.getOrDefault(place, byName);
    }

    private static HandWritten handWritten(
            Place place, String own, Map<String, SortedMap<Long, Double>> prompts) {
        List<HandWritten.Prompt> all = new ArrayList<>();
        prompts.forEach(
                (text, bySeed) ->
                        all.add(
                                new HandWritten.Prompt(
                                        text, text.equals(own), cell(place.dataset, bySeed))));
        return new HandWritten(place.dataset, place.half, all);
    }

    /** One value alone where the seed makes no difference. */
    static Outcome cell(String dataset, SortedMap<Long, Double> bySeed) {
        SortedMap<Long, Measured> measured = new TreeMap<>();
        boolean same = new TreeSet<>(bySeed.values()).size() == 1;
        bySeed.forEach((seed, accuracy) -> measured.put(same ? 0 : seed, Measured.of(accuracy)));
        return new Outcome(dataset, MethodLabel.ZERO_SHOT, Shots.NONE, measured);
    }
}
