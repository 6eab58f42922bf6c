/**
 * PyTorch's files: TorchScript archives and {@code torch.save} in its zip form (1.6 and later) and in the form before,
 * read on demand; and {@code torch.save} written, so that {@code torch.load} reads it.
 *
 * <p>A {@link org.coop4j.weights.torch.TorchFile} holds the tree of objects as pickled, with {@link
 * org.coop4j.weights.torch.TorchTensor}s in it.
 */
package org.coop4j.weights.torch;
