/**
 * CLIP: the vision transformer, ModifiedResNet and the text transformer as SameDiff graphs, in the order of OpenAI's
 * {@code model.py}, and {@link org.coop4j.clip.Clip}, which runs them.
 *
 * <p>Letters in shapes: batch images, grid patches along a side, rows (packed tokens of all sequences), width of a
 * tower, embed (the width that images and texts share). Tokens are packed as matrix rows; there is no padding.
 */
package org.coop4j.clip;
