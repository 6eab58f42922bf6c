package org.coop4j.pretraindata;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;
import org.junit.jupiter.api.Test;

class PicturesTest {
    private static final int WHITE = 0xFFFFFFFF;

    /** Blue of the margin beside red: 0 were the picture not padded, less than 255 by ringing. */
    private static int blue(BufferedImage image, int x, int y) {
        return image.getRGB(x, y) & 255;
    }

    private static BufferedImage canvas(int width, int height, Color color, Shape... shapes) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(color);
        for (Shape shape : shapes) {
            graphics.fill(shape);
        }
        graphics.dispose();
        return image;
    }

    private static Shape cross(double x, double y, double size) {
        Path2D cross = new Path2D.Double();
        cross.append(new Rectangle2D.Double(x, y + size * 0.3, size, size * 0.2), false);
        cross.append(new Rectangle2D.Double(x + size * 0.6, y, size * 0.3, size), false);
        return cross;
    }

    private static BufferedImage square(BufferedImage image) {
        return SquarePicture.of(image).orElseThrow();
    }

    private static Prepared prepared(String id, String author, String series, BufferedImage image) {
        Subject subject = new Subject("thing", List.of(), List.of());
        SourcePicture picture =
                new SourcePicture(id, Source.OPEN_CLIP_ART, id, author, subject, List.of(), series, () -> image);
        BufferedImage square = square(image);
        return new Prepared(picture, square, PerceptualHash.of(square), List.of("thing"));
    }

    @Test
    void aWidePictureIsCentredOnWhite() {
        BufferedImage bar = square(canvas(400, 300, Color.RED, new Rectangle2D.Double(50, 20, 200, 100)));
        assertThat(bar.getWidth()).isEqualTo(SquarePicture.SIDE);
        assertThat(bar.getRGB(48, 48)).isEqualTo(Color.RED.getRGB());
        assertThat(bar.getRGB(48, 10)).isEqualTo(WHITE);
        assertThat(bar.getRGB(48, 85)).isEqualTo(WHITE);
        assertThat(blue(bar, 1, 48)).isGreaterThan(230);
        assertThat(bar.getRGB(10, 48)).isEqualTo(Color.RED.getRGB());
    }

    @Test
    void placeAndSizeOnThePageDoNotMatter() {
        BufferedImage small = square(canvas(900, 900, Color.BLUE, cross(700, 10, 96)));
        BufferedImage large = square(canvas(800, 600, Color.BLUE, cross(20, 30, 480)));
        assertThat(PerceptualHash.of(small).isNear(PerceptualHash.of(large))).isTrue();
    }

    @Test
    void whatShowsNothingOnWhiteIsLeftOut() {
        Shape circle = new Ellipse2D.Double(10, 10, 80, 80);
        assertThat(SquarePicture.of(canvas(100, 100, Color.WHITE, circle))).isEmpty();
        assertThat(SquarePicture.of(canvas(100, 100, Color.RED))).isEmpty();
        Shape line = new Rectangle2D.Double(0, 10, 100, 4);
        assertThat(SquarePicture.of(canvas(100, 100, Color.RED, line))).isEmpty();
    }

    @Test
    void onlyGreysAreColourless() {
        Shape shape = cross(5, 5, 90);
        assertThat(SquarePicture.isColourless(square(canvas(100, 100, Color.GRAY, shape))))
                .isTrue();
        assertThat(SquarePicture.isColourless(square(canvas(100, 100, Color.RED, shape))))
                .isFalse();
    }

    @Test
    void aChangeOfColoursIsNear() {
        BufferedImage red = square(canvas(200, 200, Color.RED, cross(10, 10, 180)));
        BufferedImage black = square(canvas(200, 200, Color.BLACK, cross(10, 10, 180)));
        assertThat(PerceptualHash.of(red).isNear(PerceptualHash.of(black))).isTrue();
    }

    @Test
    void anotherShapeIsNotNear() {
        BufferedImage circle = square(canvas(200, 200, Color.RED, new Ellipse2D.Double(10, 10, 180, 180)));
        BufferedImage cross = square(canvas(200, 200, Color.RED, cross(10, 10, 180)));
        assertThat(PerceptualHash.of(circle).isNear(PerceptualHash.of(cross))).isFalse();
    }

    @Test
    void variantsLookAlikeOrAreOfASeriesAndLookRelated() {
        BufferedImage circle = canvas(200, 200, Color.RED, new Ellipse2D.Double(10, 10, 180, 180));
        BufferedImage marked = canvas(
                200, 200, Color.RED, new Ellipse2D.Double(10, 10, 180, 180), new Rectangle2D.Double(150, 150, 20, 20));
        BufferedImage cross = canvas(200, 200, Color.RED, cross(10, 10, 180));
        BufferedImage blackCross = canvas(200, 200, Color.BLACK, cross(10, 10, 180));
        PerceptualHash hash = PerceptualHash.of(square(circle));
        assertThat(hash.isNear(PerceptualHash.of(square(marked)))).isFalse();
        assertThat(hash.isRelated(PerceptualHash.of(square(marked)))).isTrue();
        Prepared first = prepared("c", "Ann", "clock", circle);
        Prepared related = prepared("b", "Ann", "clock", marked);
        Prepared relatedOfAnother = prepared("d", "Bob", "clock", marked);
        Prepared unrelated = prepared("e", "Ann", "clock", cross);
        Prepared sameLooks = prepared("a", "Bob", "other", blackCross);
        Drawings drawings = new Drawings(List.of(first, related, unrelated, sameLooks));
        assertThat(List.of(first, related)).allMatch(p -> drawings.of(p).equals("b"));
        assertThat(List.of(unrelated, sameLooks)).allMatch(p -> drawings.of(p).equals("a"));
        Drawings others = new Drawings(List.of(first, relatedOfAnother));
        assertThat(others.of(relatedOfAnother)).isEqualTo("d");
    }
}
