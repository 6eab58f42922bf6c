/**
 * Findings about a run and its images that a person can act on: a comparison with baselines, labels that may be wrong,
 * near-duplicates, images of unknown classes, mistakes, tests on other images, one class more. They read the one value that
 * a run yields ({@link org.coop4j.run.Learned}), and learn again only what it does not hold.
 */
package org.coop4j.findings;
