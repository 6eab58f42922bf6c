/**
 * CLIP's weights: architectures and their tensors, conversion of any published form to one
 * safetensors file, and converted files read back.
 *
 * <p>A converted file has OpenAI's parameter names and orientation, the element types of its
 * source, and in its metadata everything needed to run the model. Shapes are given as PyTorch has
 * them: linear layers (out, in), convolutions (out, in, height, width).
 */
package org.coop4j.weights.clip;
