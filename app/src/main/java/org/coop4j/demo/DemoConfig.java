package org.coop4j.demo;

import java.util.List;
import java.util.Map;
import org.coop4j.base.Settings;
import org.coop4j.method.train.Training;

/**
 * What the demo tries.
 *
 * @param templates hand-written prompts
 * @param shots training images a class, ascending
 * @param seeds of the few-shot samples and of the training
 * @param epochs epochs of a context for each number of shots
 */
public record DemoConfig(List<String> templates, List<Integer> shots, List<Long> seeds, List<Integer> epochs) {

    /**
     * Learning rate of a context. The reference's 0.002 is for CLIP's logit scale τ of 100. A step
     * of plain gradient descent moves the logits by a multiple of τ², and coop4j-small has a τ of
     * 20, which makes 0.05; cross-validation on the training images chooses it among 0.002, 0.01,
     * 0.05 and 0.2 too.
     */
    static final double RATE = 0.05;

    /** What the context vectors begin as. */
    static final String WORDS = "a photo of a";

    public DemoConfig {
        templates = List.copyOf(templates);
        shots = List.copyOf(shots);
        seeds = List.copyOf(seeds);
        epochs = List.copyOf(epochs);
        if (templates.isEmpty() || shots.isEmpty() || seeds.isEmpty()) {
            throw new IllegalArgumentException("no template, no shots or no seed: give one or more");
        }
        if (epochs.size() != shots.size()) {
            throw new IllegalArgumentException(
                    epochs.size() + " numbers of epochs for " + shots.size() + " numbers of shots");
        }
    }

    /** 1 to 16 shots of three seeds, for as many epochs as the reference. */
    public static DemoConfig standard() {
        List<Integer> shots = List.of(1, 2, 4, 8, 16);
        return new DemoConfig(
                List.of("a photo of a {}.", "a picture of a {}", "{}"),
                shots,
                List.of(1L, 2L, 3L),
                List.of(50, 100, 100, 200, 200));
    }

    /** The most training images a class. */
    int mostShots() {
        return shots.get(shots.size() - 1);
    }

    /** How a method is trained on so many shots. */
    Training training(DemoMethod method, int k) {
        return method.learnsContext()
                ? Settings.with(Training.coop(epochs.get(shots.indexOf(k)), 32), Map.of("rate", RATE))
                : method.method().training(k);
    }
}
