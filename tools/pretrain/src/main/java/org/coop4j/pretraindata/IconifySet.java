package org.coop4j.pretraindata;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.weisj.jsvg.SVGDocument;
import com.github.weisj.jsvg.parser.LoaderContext;
import com.github.weisj.jsvg.parser.SVGLoader;
import com.github.weisj.jsvg.view.ViewBox;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A package of Iconify: one JSON file of SVG drawings.
 *
 * @param icons each drawing by its name, such as {@code "dog-side"}, in alphabetical order
 */
record IconifySet(Map<String, Raster> icons) {
    private static final int SIDE = 256;

    IconifySet {
        icons = Collections.unmodifiableMap(new TreeMap<>(icons));
    }

    /** Reads an unpacked package; nothing is drawn yet. */
    static IconifySet read(Path folder) throws IOException {
        JsonNode set = new ObjectMapper().readTree(folder.resolve("icons.json").toFile());
        Map<String, Raster> icons = new TreeMap<>();
        set.get("icons").properties().forEach(icon -> icons.put(icon.getKey(), svg(set, icon.getValue())));
        return new IconifySet(icons);
    }

    private static Raster svg(JsonNode set, JsonNode icon) {
        int width = icon.path("width").asInt(set.path("width").asInt(16));
        int height = icon.path("height").asInt(set.path("height").asInt(16));
        int left = icon.path("left").asInt(0);
        int top = icon.path("top").asInt(0);
        String text = "<svg xmlns='http://www.w3.org/2000/svg'"
                + " xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='%d %d %d %d'>%s</svg>"
                        .formatted(left, top, width, height, icon.get("body").asText());
        return () -> draw(text, width, height);
    }

    private static BufferedImage draw(String text, int width, int height) throws IOException {
        SVGDocument document = Optional.ofNullable(new SVGLoader()
                        .load(
                                new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
                                null,
                                LoaderContext.createDefault()))
                .orElseThrow(() -> new IOException("an SVG drawing that does not parse"));
        double scale = (double) SIDE / Math.max(width, height);
        int columns = (int) Math.round(width * scale);
        int rows = (int) Math.round(height * scale);
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            document.render((java.awt.Component) null, graphics, new ViewBox(0, 0, columns, rows));
        } finally {
            graphics.dispose();
        }
        return image;
    }
}
