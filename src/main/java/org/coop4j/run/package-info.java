/**
 * One run and its folder: a method is learned from a few images per class and tested beside hand-written prompts. Start
 * reading at {@link org.coop4j.run.Run}.
 *
 * <p>A run is a folder: {@code config.json} ({@link org.coop4j.run.RunConfig}: all resolved values), {@code
 * metrics.jsonl}, {@code classifier.safetensors}, {@code images.json} ({@link org.coop4j.run.RunImages}), {@code
 * result.json} ({@link org.coop4j.run.RunResult}), {@code provenance.json}, which is written last. Tables and plots are
 * made from these files. Accuracies are percentages.
 *
 * <p>{@link org.coop4j.run.Images} are the images of runs, {@link org.coop4j.run.Learned} is everything that a run yields.
 */
package org.coop4j.run;
