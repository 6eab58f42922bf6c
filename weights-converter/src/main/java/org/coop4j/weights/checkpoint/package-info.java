/**
 * Any weights file or folder as named tensors: PyTorch's forms and safetensors, whole or in shards,
 * told apart by content.
 */
package org.coop4j.weights.checkpoint;
