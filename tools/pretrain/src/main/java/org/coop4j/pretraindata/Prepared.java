package org.coop4j.pretraindata;

import java.awt.image.BufferedImage;
import java.util.List;

/**
 * A picture with what was found by drawing it.
 *
 * @param picture the picture
 * @param square it, as {@link SquarePicture} makes it
 * @param hash the square picture's hash
 * @param captions what the tables say of it, best first
 */
record Prepared(SourcePicture picture, BufferedImage square, PerceptualHash hash, List<String> captions) {
    Prepared {
        captions = List.copyOf(captions);
    }

    String id() {
        return picture.id();
    }
}
