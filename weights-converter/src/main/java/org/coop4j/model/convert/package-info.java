/**
 * CLIP checkpoints of any form, converted to one safetensors file: weights files and their shards as named tensors, the
 * names of OpenAI, Hugging Face and open_clip, dimensions inferred from shapes, and configuration files; also random
 * weights, and a model packed for shipping.
 */
package org.coop4j.model.convert;
