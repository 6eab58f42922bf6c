package org.coop4j.pretraindata;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** A small copy of a photograph: its shorter side has 96 pixels. */
final class SmallPhotograph {
    static final int SHORTER_SIDE = 96;

    private static final float QUALITY = 0.85f;

    private SmallPhotograph() {}

    /** Returns the copy as JPEG. */
    static byte[] jpeg(BufferedImage picture) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
            ImageWriteParam how = writer.getDefaultWriteParam();
            how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            how.setCompressionQuality(QUALITY);
            writer.setOutput(out);
            writer.write(null, new IIOImage(shrunk(picture), null, null), how);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /** Shrinks by halves, so that every pixel counts, then bilinearly. */
    private static BufferedImage shrunk(BufferedImage picture) {
        BufferedImage image = picture;
        while (true) {
            int shorter = Math.min(image.getWidth(), image.getHeight());
            if (shorter <= SHORTER_SIDE && image.getType() == BufferedImage.TYPE_INT_RGB) {
                return image;
            }
            double scale = Math.min(1, Math.max(0.5, (double) SHORTER_SIDE / shorter));
            image = drawn(
                    image, (int) Math.round(image.getWidth() * scale), (int) Math.round(image.getHeight() * scale));
        }
    }

    /** Returns the picture in another size, bilinearly. */
    static BufferedImage drawn(BufferedImage image, int width, int height) {
        BufferedImage smaller = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = smaller.createGraphics();
        try {
            graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
            graphics.drawImage(image, 0, 0, width, height, null);
        } finally {
            graphics.dispose();
        }
        return smaller;
    }
}
