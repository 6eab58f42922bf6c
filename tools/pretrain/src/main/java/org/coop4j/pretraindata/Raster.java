package org.coop4j.pretraindata;

import java.awt.image.BufferedImage;
import java.io.IOException;

/** A picture that is decoded or drawn when asked for, at its own size, transparent or not. */
@FunctionalInterface
interface Raster {
    BufferedImage render() throws IOException;
}
