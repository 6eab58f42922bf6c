package org.coop4j.data.bank;

import org.coop4j.data.LabelledImage;

/**
 * An image whose content was read.
 *
 * @param sha256 SHA-256 of its file's content, in hexadecimal
 */
public record HashedImage(LabelledImage image, String sha256) {}
