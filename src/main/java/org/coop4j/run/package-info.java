/**
 * One run and its folder: a method learned on a few images a class and tested beside hand-written
 * prompts.
 *
 * <p>A run is a folder: {@code config.json} ({@link org.coop4j.run.RunConfig}: all resolved
 * values), {@code metrics.jsonl}, {@code classifier.safetensors}, {@code images.json} ({@link
 * org.coop4j.run.RunImages}), {@code result.json}, {@code provenance.json}, which is written last.
 * Tables and plots are made from these files. Accuracies are percentages.
 */
package org.coop4j.run;
