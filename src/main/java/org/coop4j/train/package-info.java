/**
 * Training: stochastic gradient descent with momentum, learning-rate schedules, the order of
 * batches, the loop and its checkpoints.
 *
 * <p>What is trained is a {@link org.coop4j.train.Trainable}: a flat array of parameters and a
 * function that gives the loss and gradient of a batch. Epochs count from 0 inside and from 1 in
 * what users see.
 */
package org.coop4j.train;
