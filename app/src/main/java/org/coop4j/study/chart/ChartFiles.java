package org.coop4j.study.chart;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import javax.imageio.ImageIO;

/** Few-shot charts as files: light, with title and names, legible at the width of a README. */
public final class ChartFiles {

    private ChartFiles() {}

    /** A PNG of 1,640 × 900 pixels, twice the size that it is made for. */
    public static byte[] png(FewShotChart chart) {
        return encoded(ImageCanvas.draw(chart, ChartFrame.FILE, labelWidth(chart)), "png");
    }

    /** An SVG of its own. */
    public static byte[] svg(FewShotChart chart) {
        String svg = SvgCanvas.file(chart, ChartFrame.FILE, labelWidth(chart));
        return svg.getBytes(StandardCharsets.UTF_8);
    }

    /** The content of an image's file in a format that Java can write. */
    public static byte[] encoded(BufferedImage image, String format) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, format, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("memory can always be written", e);
        }
        return bytes.toByteArray();
    }

    /** At most half of the picture: a longer name is cut off rather than the curves. */
    private static double labelWidth(FewShotChart chart) {
        double widest = 0;
        for (FewShotChart.Series series : chart.all()) {
            widest = Math.max(widest, ImageCanvas.width(series.name(), ChartLayout.TEXT));
        }
        return Math.min(widest, ChartFrame.FILE.width() / 2);
    }
}
