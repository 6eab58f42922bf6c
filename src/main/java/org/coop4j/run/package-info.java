/**
 * One run and its folder: a method learned on a few images per class and tested beside hand-written prompts. A reader
 * begins with {@link org.coop4j.run.Run}.
 *
 * <p>A run is a folder: {@code config.json} ({@link org.coop4j.run.RunConfig}: all resolved values), {@code metrics.jsonl},
 * {@code classifier.safetensors}, {@code images.json} ({@link org.coop4j.run.RunImages}), {@code result.json} ({@link
 * org.coop4j.run.RunResult}), {@code provenance.json}, which is written last. Tables and plots are made from these files.
 * Accuracies are percentages.
 *
 * <p>{@link org.coop4j.run.RunComparison} says what can be said of a learned classifier beside its accuracy: how it
 * compares with what else could have been done with the same images, which labels look wrong, which images lie in two
 * parts of the data, how well images of no known class are noticed.
 */
package org.coop4j.run;
