/**
 * CLIP weights from anywhere to one converted file: tensor names of OpenAI, Hugging Face and
 * open_clip, dimensions inferred from shapes, configuration files, random weights, and a model
 * packed for shipping.
 */
package org.coop4j.weights.convert;
