package org.coop4j.pretrain;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.coop4j.model.ClipConfig;

/** Tables of drawn pictures, and architectures small enough to learn them in seconds. */
public final class PictureTables {

    private static final ClipConfig.Text TEXT = new ClipConfig.Text(16, 49408, 16, 2, 2, 32);
    private static final List<String> COLOURS =
            List.of("red", "green", "blue", "black", "orange", "pink", "grey", "purple");
    private static final List<Color> PAINT = List.of(
            Color.RED,
            Color.GREEN,
            Color.BLUE,
            Color.BLACK,
            Color.ORANGE,
            Color.PINK,
            Color.GRAY,
            new Color(128, 0, 128));
    private static final List<String> SHAPES = List.of("circle", "square", "bar", "post");

    private PictureTables() {}

    public static ClipConfig vit() {
        return new ClipConfig(16, new ClipConfig.Vit(16, 4, 32, 2, 2, 64), TEXT);
    }

    public static ClipConfig resNet() {
        return new ClipConfig(16, new ClipConfig.ResNet(32, List.of(1, 1, 1, 1), 4, 4), TEXT);
    }

    /** Draws 32 pictures of 40 × 40 pixels and writes their table with two captions each. */
    public static Path write(Path folder) throws IOException {
        StringBuilder table = new StringBuilder("path,caption\n");
        for (int i = 0; i < 32; i++) {
            String name = COLOURS.get(i / 4) + " " + SHAPES.get(i % 4);
            draw(folder.resolve(i + ".png"), PAINT.get(i / 4), i % 4);
            table.append(i + ".png," + name + "\n");
            table.append(i + ".png,\"a drawing, of a " + name + ".\"\n");
        }
        return Files.writeString(folder.resolve("train.csv"), table);
    }

    private static void draw(Path file, Color colour, int shape) throws IOException {
        BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, 40, 40);
        graphics.setColor(colour);
        switch (shape) {
            case 0 -> graphics.fillOval(4, 4, 32, 32);
            case 1 -> graphics.fillRect(8, 8, 24, 24);
            case 2 -> graphics.fillRect(2, 15, 36, 10);
            default -> graphics.fillRect(15, 2, 10, 36);
        }
        graphics.dispose();
        ImageIO.write(image, "png", file.toFile());
    }
}
