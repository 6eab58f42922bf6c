/**
 * The demo: two plans for sweeps on the shipped small CLIP and the shipped pictures, from hand-written prompts to learned
 * ones, and a page that shows the gain.
 *
 * <p>The results go into one {@link org.coop4j.demo.DemoResult}, from which the screen and the page are made. Accuracies
 * are percentages.
 */
package org.coop4j.demo;
