/** Reads CLIP checkpoints in the formats that users hold and writes one safetensors file. */
package org.coop4j.weights;
