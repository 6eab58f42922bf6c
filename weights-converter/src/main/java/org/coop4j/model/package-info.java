/**
 * A converted model: the dimensions of a CLIP model and the tensors that follow from them, the metadata of a converted
 * file, and such files opened.
 *
 * <p>A converted file is one safetensors file with OpenAI's parameter names and orientation, the element types of its
 * source, and in its metadata everything needed to run the model. Shapes are PyTorch's: linear layers (out, in),
 * convolutions (out, in, height, width). Two sub-packages build on it: {@code convert} (any checkpoint to such a file) and
 * {@code download}.
 */
package org.coop4j.model;
