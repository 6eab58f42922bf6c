/**
 * Experiments: a training run and its folder, baselines beside it, sweeps over seeds and shots, and
 * what is made of their results.
 *
 * <p>A run is a folder: {@code config.json} (all resolved values), {@code metrics.jsonl}, {@code
 * prompt.safetensors}, {@code result.json}, {@code provenance.json}. Tables and plots are made from
 * these files. Accuracies are percentages.
 */
package org.coop4j.run;
