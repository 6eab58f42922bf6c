/**
 * The demo: two plans for sweeps on the shipped small CLIP and the shipped pictures, from hand-written prompts to learned
 * ones. Its page is the page of a study of the runs, with the pictures that changed.
 *
 * <p>The screen shows one {@link org.coop4j.demo.DemoResult}. Accuracies are percentages.
 */
package org.coop4j.demo;
