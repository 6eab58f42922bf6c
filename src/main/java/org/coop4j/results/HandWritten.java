package org.coop4j.results;

import java.util.List;
import org.coop4j.data.ClassHalf;

/**
 * The hand-written prompts that training runs test beside the learned one, on one dataset.
 *
 * @param dataset the test data
 * @param half the classes tested on
 * @param prompts in the order in which the runs have them
 */
public record HandWritten(String dataset, ClassHalf half, List<Prompt> prompts) {

    /** Copies the list. */
    public HandWritten {
        prompts = List.copyOf(prompts);
    }

    /**
     * A prompt.
     *
     * @param text the template, or what the ensemble is
     * @param own whether it is the dataset's own, which zero-shot CLIP uses
     * @param accuracies by seed, where the seed decides what is tested on
     */
    public record Prompt(String text, boolean own, Outcome accuracies) {}

    /** The most accurate prompt; of equal ones the first. */
    public Prompt best() {
        Prompt best = prompts.get(0);
        for (Prompt prompt : prompts) {
            best = prompt.accuracies.accuracy() > best.accuracies.accuracy() ? prompt : best;
        }
        return best;
    }
}
