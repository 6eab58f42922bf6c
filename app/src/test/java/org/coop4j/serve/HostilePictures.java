package org.coop4j.serve;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Pictures that take much longer to decode than others of their size. */
final class HostilePictures {

    private HostilePictures() {}

    /** Returns a progressive JPEG whose last scan is repeated. */
    static byte[] scanBomb(int side, int repeats) throws IOException {
        BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < side; i++) {
            image.setRGB(i, i, 0xFFFFFF);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        try (ImageOutputStream out = ImageIO.createImageOutputStream(file)) {
            ImageWriteParam progressive = writer.getDefaultWriteParam();
            progressive.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), progressive);
        } finally {
            writer.dispose();
        }
        byte[] whole = file.toByteArray();
        int end = whole.length - 2;
        int scan = end;
        while (whole[scan] != (byte) 0xFF || whole[scan + 1] != (byte) 0xDA) {
            scan--;
        }
        byte[] last = Arrays.copyOfRange(whole, scan, end);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(whole, 0, end);
        for (int i = 0; i < repeats; i++) {
            bomb.write(last);
        }
        bomb.write(whole, end, 2);
        return bomb.toByteArray();
    }
}
