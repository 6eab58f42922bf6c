package org.coop4j.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Test images from resources; expected ones are read past the code under test. */
public final class GoldenImages {
    private GoldenImages() {}

    public static byte[] bytes(String resource) {
        try (InputStream in = GoldenImages.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalArgumentException("no test resource " + resource);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An 8-bit RGB PNG by plain ImageIO. */
    static RgbImage expected(String resource) {
        try (InputStream in = GoldenImages.class.getResourceAsStream(resource)) {
            BufferedImage image = ImageIO.read(in);
            int width = image.getWidth();
            int height = image.getHeight();
            int[] samples = image.getRaster().getPixels(0, 0, width, height, (int[]) null);
            byte[] rgb = new byte[samples.length];
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = (byte) samples[i];
            }
            return new RgbImage(width, height, rgb);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
