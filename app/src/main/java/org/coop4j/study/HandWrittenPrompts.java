package org.coop4j.study;

import static java.util.Comparator.comparingDouble;
import static org.coop4j.base.Numbers.percent;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.run.RunResult.HandWritten;
import org.coop4j.study.MethodResult.Measured;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.Study.Entry;

/**
 * The hand-written prompts that training runs test beside the learned one, on one dataset.
 *
 * @param dataset the test data
 * @param half the classes tested on
 * @param prompts in the order of the runs
 */
public record HandWrittenPrompts(String dataset, ClassHalf half, List<Prompt> prompts) {

    private static final double ROUNDING = 1e-9;

    /**
     * A prompt.
     *
     * @param text the template, or the name of the ensemble
     * @param own true for the dataset's own template, which zero-shot CLIP uses
     * @param accuracies by seed, where the seed decides which images are tested
     */
    public record Prompt(String text, boolean own, MethodResult accuracies) {}

    /** Returns the most accurate prompt; of equal ones the first. */
    public Prompt best() {
        return Collections.max(prompts, comparingDouble(prompt -> prompt.accuracies.accuracy()));
    }

    private record Tested(String dataset, ClassHalf half, String text, boolean own) {}

    /**
     * Returns the prompts of all runs by dataset; runs of the same seed have the same ones.
     *
     * @param notes is told where two runs disagree on a prompt
     */
    static List<HandWrittenPrompts> of(List<Entry> entries, Consumer<String> notes) {
        Map<Tested, SortedMap<Long, Measured>> found = new LinkedHashMap<>();
        for (Entry entry : entries) {
            String template = entry.run().config().testedOn().template();
            for (HandWritten prompt : entry.result().handWritten()) {
                String text = prompt.prompt();
                Tested tested = new Tested(entry.dataset(), entry.result().half(), text, text.equals(template));
                Measured known = found.computeIfAbsent(tested, t -> new TreeMap<>())
                        .putIfAbsent(entry.result().seed(), Measured.of(prompt.accuracy()));
                if (known != null && Math.abs(known.accuracy() - prompt.accuracy()) > ROUNDING) {
                    notes.accept(
                            "%s, seed %d: the hand-written prompt \"%s\" has %s in %s and %s in an earlier run, which is shown"
                                    .formatted(
                                            entry.dataset(),
                                            entry.result().seed(),
                                            text,
                                            percent(prompt.accuracy(), 2),
                                            entry.run().folder(),
                                            percent(known.accuracy(), 2)));
                }
            }
        }
        Map<List<Object>, HandWrittenPrompts> all = new LinkedHashMap<>();
        found.forEach((tested, bySeed) -> all.computeIfAbsent(
                        List.of(tested.dataset, tested.half),
                        place -> new HandWrittenPrompts(tested.dataset, tested.half, new ArrayList<>()))
                .prompts
                .add(new Prompt(tested.text, tested.own, new MethodResult(tested.dataset, Setup.ZERO_SHOT, bySeed))));
        return List.copyOf(all.values());
    }
}
