package org.coop4j.report.chart;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.coop4j.weights.AtomicFile;

/** Few-shot charts as files: light, with title and names, legible at the width of a README. */
public final class ChartFiles {

    private ChartFiles() {}

    /** Writes a PNG of 1,640 × 900 pixels, twice the size that it is made for. */
    public static void writePng(Path file, FewShotChart chart) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writePng(bytes, chart);
        AtomicFile.write(file, bytes.toByteArray());
    }

    /** Writes such a PNG to a stream. */
    public static void writePng(OutputStream out, FewShotChart chart) throws IOException {
        ChartFrame frame = ChartFrame.FILE;
        ImageIO.write(ImageCanvas.draw(chart, frame, labelWidth(chart)), "png", out);
    }

    /** Writes an SVG of its own. */
    public static void writeSvg(Path file, FewShotChart chart) throws IOException {
        AtomicFile.write(file, svg(chart).getBytes(StandardCharsets.UTF_8));
    }

    /** An SVG of its own. */
    public static String svg(FewShotChart chart) {
        return SvgCanvas.file(chart, ChartFrame.FILE, labelWidth(chart));
    }

    /** At most half of the picture: a longer name is cut off rather than the curves. */
    private static double labelWidth(FewShotChart chart) {
        double widest = 0;
        for (String name : ChartLayout.names(chart)) {
            widest = Math.max(widest, ImageCanvas.width(name, ChartLayout.TEXT));
        }
        return Math.min(widest, ChartFrame.FILE.width() / 2);
    }
}
