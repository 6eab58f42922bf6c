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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * The emoji sets, one artist each: files named by code point (PNG or WebP), or Iconify's one JSON
 * file of SVG drawings named in words.
 *
 * <p>Of the five skin tones of an emoji each set gives one, another in each set: all of them would
 * make two thirds of the pictures people that differ in nothing else.
 */
final class EmojiSets {
    private static final int SVG_SIDE = 256;

    private final EmojiNames names;

    EmojiSets(EmojiNames names) {
        this.names = names;
    }

    /** The pictures of a folder of files named by code point. */
    List<Picture> fromFiles(Source source, Path folder) throws IOException {
        Map<String, Candidate> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                names.withCode(name.substring(0, name.lastIndexOf('.')))
                        .ifPresent(
                                emoji ->
                                        found.putIfAbsent(
                                                emoji.code(),
                                                new Candidate(emoji, () -> decode(file))));
            }
        }
        return pictures(source, found.values());
    }

    /** The pictures of an Iconify package. */
    List<Picture> fromIconify(Source source, Path iconify) throws IOException {
        JsonNode set = new ObjectMapper().readTree(iconify.resolve("icons.json").toFile());
        Map<String, Candidate> found = new TreeMap<>();
        set.get("icons")
                .properties()
                .forEach(
                        icon ->
                                names.withSlug(icon.getKey())
                                        .ifPresent(
                                                emoji ->
                                                        found.putIfAbsent(
                                                                emoji.code(),
                                                                new Candidate(
                                                                        emoji,
                                                                        svg(
                                                                                set,
                                                                                icon
                                                                                        .getValue())))));
        return pictures(source, found.values());
    }

    private record Candidate(EmojiName name, Raster raster) {}

    private static List<Picture> pictures(Source source, Collection<Candidate> found) {
        Map<String, List<Candidate>> toned = new TreeMap<>();
        List<Picture> pictures = new ArrayList<>();
        for (Candidate candidate : found) {
            if (candidate.name.hasSkinTone()) {
                toned.computeIfAbsent(candidate.name.baseCode(), code -> new ArrayList<>())
                        .add(candidate);
            } else {
                pictures.add(picture(source, candidate));
            }
        }
        toned.forEach(
                (code, tones) ->
                        pictures.add(
                                picture(
                                        source,
                                        tones.get(
                                                Hashes.below(
                                                        tones.size(),
                                                        source.folder() + "/" + code)))));
        pictures.sort(Comparator.comparing(Picture::id));
        return pictures;
    }

    private static Picture picture(Source source, Candidate candidate) {
        EmojiName name = candidate.name;
        return new Picture(
                source.folder() + "/" + name.code().toLowerCase(java.util.Locale.ROOT),
                source,
                name.label(),
                source.artist(),
                name.subject(),
                List.of(),
                name.baseCode(),
                candidate.raster);
    }

    private static BufferedImage decode(Path file) throws IOException {
        BufferedImage image = ImageIO.read(file.toFile());
        if (image == null) {
            throw new IOException("no decoder for " + file);
        }
        return image;
    }

    private static Raster svg(JsonNode set, JsonNode icon) {
        int width = icon.path("width").asInt(set.path("width").asInt(16));
        int height = icon.path("height").asInt(set.path("height").asInt(16));
        int left = icon.path("left").asInt(0);
        int top = icon.path("top").asInt(0);
        String text =
                "<svg xmlns='http://www.w3.org/2000/svg'"
                        + " xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='%d %d %d %d'>%s</svg>"
                                .formatted(left, top, width, height, icon.get("body").asText());
        return () -> draw(text, width, height);
    }

    private static BufferedImage draw(String text, int width, int height) throws IOException {
        SVGDocument document =
                Optional.ofNullable(
                                new SVGLoader()
                                        .load(
                                                new ByteArrayInputStream(
                                                        text.getBytes(StandardCharsets.UTF_8)),
                                                null,
                                                LoaderContext.createDefault()))
                        .orElseThrow(() -> new IOException("an SVG drawing that does not parse"));
        double scale = (double) SVG_SIDE / Math.max(width, height);
        int columns = (int) Math.round(width * scale);
        int rows = (int) Math.round(height * scale);
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_ARGB);
        Graphics2D graphics = image.createGraphics();
        try {
            graphics.setRenderingHint(
                    RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
            graphics.setRenderingHint(
                    RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
            document.render((java.awt.Component) null, graphics, new ViewBox(0, 0, columns, rows));
        } finally {
            graphics.dispose();
        }
        return image;
    }
}
