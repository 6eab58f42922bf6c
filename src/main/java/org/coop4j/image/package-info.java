/**
 * From an image file to the input of CLIP's image tower: decoding, Pillow's antialiased bicubic resize, crops and
 * normalisation; also the keywords inside a picture and beside it.
 *
 * <p>The pixels are those of the reference (Pillow's {@code convert("RGB")}, then torchvision's transforms on Pillow
 * images), except that those of lossy WebP are only close. An {@link org.coop4j.image.RgbImage} is packed [height,
 * width, 3] bytes; a tensor is [3, height, width] floats, channels red, green, blue.
 */
package org.coop4j.image;
