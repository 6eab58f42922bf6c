package org.coop4j.pretraindata;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
    private final EmojiNames names;

    EmojiSets(EmojiNames names) {
        this.names = names;
    }

    /** Returns the pictures of a folder of files named by code point. */
    List<SourcePicture> fromFiles(Source source, Path folder) throws IOException {
        Map<String, Candidate> found = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                names.withCode(name.substring(0, name.lastIndexOf('.')))
                        .ifPresent(emoji -> found.putIfAbsent(emoji.code(), new Candidate(emoji, () -> decode(file))));
            }
        }
        return pictures(source, found.values());
    }

    /** Returns the pictures of an Iconify package. */
    List<SourcePicture> fromIconify(Source source, Path iconify) throws IOException {
        Map<String, Candidate> found = new TreeMap<>();
        IconifySet.read(iconify).icons().forEach((slug, raster) -> names.withSlug(slug)
                .ifPresent(emoji -> found.putIfAbsent(emoji.code(), new Candidate(emoji, raster))));
        return pictures(source, found.values());
    }

    private record Candidate(EmojiName name, Raster raster) {}

    private static List<SourcePicture> pictures(Source source, Collection<Candidate> found) {
        Map<String, List<Candidate>> toned = new TreeMap<>();
        List<SourcePicture> pictures = new ArrayList<>();
        for (Candidate candidate : found) {
            if (candidate.name.hasSkinTone()) {
                toned.computeIfAbsent(candidate.name.baseCode(), code -> new ArrayList<>())
                        .add(candidate);
            } else {
                pictures.add(picture(source, candidate));
            }
        }
        toned.forEach((code, tones) ->
                pictures.add(picture(source, tones.get(Hashes.below(tones.size(), source.folder() + "/" + code)))));
        pictures.sort(Comparator.comparing(SourcePicture::id));
        return pictures;
    }

    private static SourcePicture picture(Source source, Candidate candidate) {
        EmojiName name = candidate.name;
        return new SourcePicture(
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
}
