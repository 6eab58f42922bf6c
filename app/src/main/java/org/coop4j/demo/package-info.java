/**
 * The demo: CoOp on the shipped small CLIP and the shipped drawings, from hand-written prompts to a
 * page that proves the gain.
 *
 * <p>Its runs are ordinary training runs. What is measured goes into one {@link
 * org.coop4j.demo.DemoResult}, from which the screen and the page are made. Accuracies are
 * percentages.
 */
package org.coop4j.demo;
