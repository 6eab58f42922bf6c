/**
 * The solver of the linear probe: L2-regularised multinomial logistic regression on image features, the optimum that
 * scikit-learn finds, and the CoOp reference's search for the penalty.
 *
 * <p>Letters in shapes: n images, d features, k classes.
 */
package org.coop4j.method.logistic;
