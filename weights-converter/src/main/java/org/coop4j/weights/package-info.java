/**
 * Tensors in files, whatever the container: element types, shapes, strided views and the one
 * exception that every reader of this module throws.
 *
 * <p>The sub-packages build on it, lowest first: {@code safetensors} and {@code pickle}, then
 * {@code torch} (PyTorch's own files), {@code checkpoint} (any file or folder as named tensors),
 * {@code model} (converted CLIP models) and {@code convert} (conversion to them). All file contents
 * are taken as hostile: a length is checked against the file before memory is taken, and nothing in
 * a file is ever executed.
 */
package org.coop4j.weights;
