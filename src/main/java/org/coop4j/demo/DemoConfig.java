package org.coop4j.demo;

import java.util.List;
import org.coop4j.method.ClassPosition;
import org.coop4j.method.CoOp;
import org.coop4j.method.Method;
import org.coop4j.train.Training;

/**
 * What the demo tries.
 *
 * @param templates hand-written prompts
 * @param shots training images a class, ascending
 * @param seeds of the few-shot samples and of the training
 * @param epochs epochs for each number of shots
 */
public record DemoConfig(
        List<String> templates, List<Integer> shots, List<Long> seeds, List<Integer> epochs) {

    /** What the context vectors begin as: the medium of all pictures is known beforehand. */
    static final String WORDS = "a drawing of a";

    public DemoConfig {
        templates = List.copyOf(templates);
        shots = List.copyOf(shots);
        seeds = List.copyOf(seeds);
        epochs = List.copyOf(epochs);
        if (templates.isEmpty() || shots.isEmpty() || seeds.isEmpty()) {
            throw new IllegalArgumentException(
                    "no template, no shots or no seed: give one or more");
        }
        if (epochs.size() != shots.size()) {
            throw new IllegalArgumentException(
                    epochs.size() + " numbers of epochs for " + shots.size() + " numbers of shots");
        }
    }

    /** 1 to 16 shots of three seeds. The reference goes on for 200 epochs from 8 shots on. */
    public static DemoConfig standard() {
        List<Integer> shots = List.of(1, 2, 4, 8, 16);
        return new DemoConfig(
                List.of("a photo of a {}.", "a drawing of a {}.", "{}"),
                shots,
                List.of(1L, 2L, 3L),
                List.of(50, 100, 100, 100, 100));
    }

    /** The most training images a class. */
    int mostShots() {
        return shots.get(shots.size() - 1);
    }

    /** What a context is learned by. */
    Method method(DemoContext context) {
        return new CoOp(4, ClassPosition.END, context == DemoContext.CLASS_SPECIFIC, WORDS);
    }

    /** How a context of so many shots is trained. */
    Training training(int k) {
        return Training.coop(epochs.get(shots.indexOf(k)), 32);
    }
}
