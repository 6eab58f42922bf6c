/**
 * Training: optimizers, learning-rate schedules, the order of batches, the loop and its checkpoints.
 *
 * <p>What is trained is a {@link org.coop4j.method.train.BatchStep}: learned tensors, and a loss of a batch that leaves
 * its gradients in them. Epochs count from 0 inside and from 1 in what users see.
 */
package org.coop4j.method.train;
