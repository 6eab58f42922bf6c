package org.coop4j.run;

import org.coop4j.data.ClassHalf;

/**
 * What a result is the result of.
 *
 * @param method the method's name
 * @param dataset name of the data tested on
 * @param trainedOn name of the data learned from, the same unless a context is transferred
 * @param half the classes tested on
 * @param shots training images a class; 0 for all or none
 * @param seed the run's seed; 0 for what draws nothing
 */
public record RunLabel(
        String method, String dataset, String trainedOn, ClassHalf half, int shots, long seed) {}
