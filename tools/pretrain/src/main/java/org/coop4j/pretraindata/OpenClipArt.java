package org.coop4j.pretraindata;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * Open Clip Art 0.18 as Debian ships it: one tree of PNG renderings, one of SVG drawings with
 * metadata. A drawing listed in several folders is one file and symbolic links to it.
 */
final class OpenClipArt {
    private static final int LONGEST_DECODED = 4096;
    private static final String PUBLIC_DOMAIN = "publicdomain";

    private final Path pngs;
    private final Path svgs;
    private final Map<String, List<String>> folderCategories;

    OpenClipArt(Path pngs, Path svgs, Map<String, List<String>> folderCategories) {
        this.pngs = pngs;
        this.svgs = svgs;
        this.folderCategories = Map.copyOf(folderCategories);
    }

    /** Returns all drawings, in the order of their ids. */
    List<SourcePicture> read(Words words, Map<String, String> keywordMeanings) throws IOException {
        Map<Path, Set<String>> folders = foldersOfPictures();
        Map<Path, SvgMetadata> metadata = new TreeMap<>();
        for (Path png : folders.keySet()) {
            Path svg = svgs.resolve(stem(pngs.relativize(png)) + ".svg");
            if (Files.exists(svg)) {
                metadata.put(png, SvgMetadata.read(svg));
            }
        }
        metadata.values().removeIf(drawing -> !isPublicDomain(drawing));
        ClipArtNames names = new ClipArtNames(words, keywordMeanings, List.copyOf(metadata.values()));
        List<SourcePicture> pictures = new ArrayList<>();
        metadata.forEach((png, drawing) -> pictures.add(picture(png, drawing, List.copyOf(folders.get(png)), names)));
        return pictures;
    }

    private static boolean isPublicDomain(SvgMetadata drawing) {
        String licence = drawing.licence().toLowerCase(Locale.ROOT);
        return licence.isEmpty() || licence.endsWith(PUBLIC_DOMAIN) || licence.endsWith(PUBLIC_DOMAIN + "/");
    }

    /** Returns each PNG file, and every folder where it or a link to it lies. */
    private Map<Path, Set<String>> foldersOfPictures() throws IOException {
        Map<Path, Set<String>> folders = new TreeMap<>();
        Path root = pngs.toRealPath();
        List<Path> found;
        try (Stream<Path> files = Files.walk(root)) {
            found = files.filter(file -> file.toString().endsWith(".png"))
                    .sorted()
                    .toList();
        }
        for (Path file : found) {
            Path real = file.toRealPath();
            String folder = root.relativize(file.getParent()).toString().replace('\\', '/');
            folders.computeIfAbsent(pngs.resolve(root.relativize(real).toString()), path -> new TreeSet<>())
                    .add(folder);
        }
        return folders;
    }

    private SourcePicture picture(Path png, SvgMetadata metadata, List<String> folders, ClipArtNames names) {
        String stem = stem(pngs.relativize(png));
        String fileName = stem.substring(stem.lastIndexOf('/') + 1);
        String name = names.name(metadata, fileName);
        Set<String> keywords = new LinkedHashSet<>();
        String description = names.description(metadata, name);
        if (!description.isEmpty()) {
            keywords.add(description);
        }
        keywords.addAll(names.keywords(metadata));
        return new SourcePicture(
                Source.OPEN_CLIP_ART.folder() + "/" + stem,
                Source.OPEN_CLIP_ART,
                metadata.title(),
                metadata.author().isEmpty() ? "unknown" : metadata.author(),
                new Subject(name, List.copyOf(keywords), categories(folders)),
                folders,
                series(fileName),
                () -> decode(png));
    }

    /**
     * Returns the part of a file's name that the variants of one drawing share: without what says it is
     * plain or colourless, and without the numbers at the end.
     */
    static String series(String fileName) {
        return fileName.replaceAll("(_bw|_b_and_w|_simple)+", "")
                .replaceAll("[-_.]*\\d+[a-z]?$", "")
                .replaceAll("[-_.\\d]+$", "");
    }

    private List<String> categories(List<String> folders) {
        Set<String> nouns = new LinkedHashSet<>();
        List<String> deepestFirst = new ArrayList<>(folders);
        deepestFirst.sort(Comparator.comparingLong(
                folder -> -folder.chars().filter(c -> c == '/').count()));
        for (String folder : deepestFirst) {
            String known = folder;
            while (!folderCategories.containsKey(known) && known.contains("/")) {
                known = known.substring(0, known.lastIndexOf('/'));
            }
            nouns.addAll(folderCategories.getOrDefault(known, List.of()));
        }
        return List.copyOf(nouns);
    }

    /** Decodes a picture, one of huge size at every n-th pixel only: one is 20,990 by 29,700. */
    private static BufferedImage decode(Path png) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(png.toFile())) {
            reader.setInput(in);
            int longest = Math.max(reader.getWidth(0), reader.getHeight(0));
            int step = (longest + LONGEST_DECODED - 1) / LONGEST_DECODED;
            ImageReadParam every = reader.getDefaultReadParam();
            every.setSourceSubsampling(step, step, 0, 0);
            return reader.read(0, every);
        } finally {
            reader.dispose();
        }
    }

    private static String stem(Path relative) {
        String name = relative.toString().replace('\\', '/');
        return name.substring(0, name.lastIndexOf('.'));
    }
}
