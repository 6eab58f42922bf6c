/**
 * Tensors in files, whatever the container: element types, shapes, strided views and zip archives.
 *
 * <p>The sub-packages build on it: {@code safetensors} and {@code pickle}, then {@code torch} (PyTorch's own files). All file
 * contents are assumed hostile: a length is checked against the file before memory is taken, and nothing in a file is ever
 * executed.
 */
package org.coop4j.weights;
