/**
 * What a learned prompt is compared with.
 *
 * <p>The linear probe is L2-regularised multinomial logistic regression on image features, the one
 * that scikit-learn fits, under the CoOp reference's search for the strength of the penalty.
 * Letters in shapes: n images, d features, k classes.
 */
package org.coop4j.method.logistic;
