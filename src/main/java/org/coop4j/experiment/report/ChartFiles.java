package org.coop4j.experiment.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
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
        ChartFrame frame = ChartFrame.FILE;
        ImageIO.write(ImageCanvas.draw(chart, frame, labelWidth(chart)), "png", bytes);
        write(file, bytes.toByteArray());
    }

    /** Writes an SVG of its own. */
    public static void writeSvg(Path file, FewShotChart chart) throws IOException {
        String svg = SvgCanvas.file(chart, ChartFrame.FILE, labelWidth(chart));
        write(file, svg.getBytes(StandardCharsets.UTF_8));
    }

    /** At most half of the picture: a longer name is cut off rather than the curves. */
    private static double labelWidth(FewShotChart chart) {
        double widest = 0;
        for (String name : ChartLayout.names(chart)) {
            widest = Math.max(widest, ImageCanvas.width(name, ChartLayout.TEXT));
        }
        return Math.min(widest, ChartFrame.FILE.width() / 2);
    }

    private static void write(Path file, byte[] bytes) throws IOException {
        try (AtomicFile target = AtomicFile.create(file)) {
            target.write(ByteBuffer.wrap(bytes), 0);
            target.commit();
        }
    }
}
