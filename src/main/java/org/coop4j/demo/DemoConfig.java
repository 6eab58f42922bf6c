package org.coop4j.demo;

import java.util.List;
import org.coop4j.train.Training;

/**
 * What the demo tries.
 *
 * @param templates hand-written prompts
 * @param shots training images a class, ascending
 * @param seeds of the few-shot samples and of the training
 * @param epochs epochs of a context for each number of shots
 */
public record DemoConfig(
        List<String> templates, List<Integer> shots, List<Long> seeds, List<Integer> epochs) {

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
                List.of("a photo of a {}.", "a picture of a {}", "{}"),
                shots,
                List.of(1L, 2L, 3L),
                List.of(50, 100, 100, 100, 100));
    }

    /** The most training images a class. */
    int mostShots() {
        return shots.get(shots.size() - 1);
    }

    /** How a method is trained on so many shots. */
    Training training(DemoMethod method, int k) {
        return method.learnsContext()
                ? Training.coop(epochs.get(shots.indexOf(k)), 32)
                : method.method().training(k);
    }
}
