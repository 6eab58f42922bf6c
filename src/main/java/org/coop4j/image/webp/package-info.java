/**
 * WebP, lossy (VP8, RFC 6386) and lossless (VP8L), in Java, equal to libwebp to the last bit.
 *
 * <p>Planes are [rows, stride] samples of 8 bits; pixels are ARGB in an int or packed [height,
 * width, 3] bytes. {@link org.coop4j.image.webp.WebpDecoder} is the way in.
 */
package org.coop4j.image.webp;
