/**
 * PyTorch's files: TorchScript archives, {@code torch.save} in its zip form (1.6 and later) and in
 * the form before, read lazily; and {@code torch.save} written, so that {@code torch.load} reads
 * it.
 *
 * <p>A {@link org.coop4j.weights.torch.TorchFile} gives the tree of objects as pickled, with {@link
 * org.coop4j.weights.torch.TorchTensor}s in it that are read when asked for.
 */
package org.coop4j.weights.torch;
