package org.coop4j.data.bank;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Small images of classes that a tiny random model can distinguish: one colour each, with noise. */
public final class TestPictures {

    private TestPictures() {}

    /** Writes a PNG of class {@code label}; the seed makes it unlike others of its class. */
    public static Path write(Path file, int label, long seed) throws IOException {
        Random random = new Random(seed * 31 + label);
        BufferedImage image = new BufferedImage(22, 18, BufferedImage.TYPE_INT_RGB);
        float hue = label * 0.23f;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                boolean stripe = (label % 2 == 0 ? x : y) / (2 + label) % 2 == 0;
                float brightness = (stripe ? 0.9f : 0.35f) + 0.1f * random.nextFloat();
                image.setRGB(x, y, Color.HSBtoRGB(hue, 0.9f, brightness));
            }
        }
        Files.createDirectories(file.getParent());
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    /** A folder with train/ and test/, {@code each} pictures a class in both. */
    public static Path folder(Path root, int each, String... classNames) throws IOException {
        for (int label = 0; label < classNames.length; label++) {
            for (int i = 0; i < each; i++) {
                String name = "picture-" + i + ".png";
                write(root.resolve("train").resolve(classNames[label]).resolve(name), label, i);
                write(root.resolve("test").resolve(classNames[label]).resolve(name), label, 100 + i);
            }
        }
        return root;
    }
}
