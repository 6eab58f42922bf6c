/**
 * Training: optimizers, learning-rate schedules, the order of batches, the loop and its checkpoints.
 *
 * <p>A {@link org.coop4j.method.train.BatchStep} computes the loss of a batch and stores its gradients in the learned
 * tensors. Epochs count from 0 internally and from 1 in output.
 */
package org.coop4j.method.train;
