package org.coop4j.pretraindata;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.coop4j.weights.AtomicFile;

/**
 * The demo's archive: {@code train/CLASS/…png} and {@code test/CLASS/…png} of held-out drawings,
 * {@code emoji/CLASS/…png} of the artist held out, {@code names.csv} with a better name for each
 * class, and {@code attribution.csv} with each picture's id, drawing, title, author, source and
 * licence.
 *
 * <p>The archive is the same byte for byte whenever it is made from the same sources.
 */
final class DemoArchive {
    /** Shots that the largest of the demo's training sets needs. */
    static final int TRAIN_PICTURES = 16;

    private static final int MOST_TEST_PICTURES = 30;
    private static final int MOST_EMOJI = 12;
    private static final int MOST_OF_ONE_DRAWING = 3;
    private static final LocalDateTime TIMESTAMP = LocalDateTime.of(2026, 1, 1, 0, 0);

    private final Drawings drawings;
    private final Map<String, Entry> entries = new TreeMap<>();
    private final Map<String, String> names = new TreeMap<>();

    /**
     * An archive without pictures.
     *
     * @param drawings which held-out pictures are variants of one drawing
     */
    DemoArchive(Drawings drawings) {
        this.drawings = drawings;
    }

    private record Entry(String split, String className, String drawing, Prepared picture) {
        String path() {
            return split + "/" + className + "/" + picture.id().replace('/', '-') + ".png";
        }
    }

    /**
     * Adds a class's held-out pictures, drawing by drawing in the order of a hash: to training
     * until that has {@value #TRAIN_PICTURES}, then to the test.
     */
    void addDrawings(String className, List<Prepared> pictures) {
        Map<String, List<Prepared>> variants = new TreeMap<>();
        for (Prepared picture : pictures) {
            variants.computeIfAbsent(drawings.of(picture), drawing -> new ArrayList<>())
                    .add(picture);
        }
        List<String> order = new ArrayList<>(variants.keySet());
        order.sort(Comparator.comparingLong(drawing -> Hashes.of("demo/" + drawing)));
        int added = 0;
        for (String drawing : order) {
            String split = added < TRAIN_PICTURES ? "train" : "test";
            for (Prepared picture : unlike(variants.get(drawing))) {
                if (added < TRAIN_PICTURES + MOST_TEST_PICTURES) {
                    add(new Entry(split, className, drawing, picture));
                    added++;
                }
            }
        }
    }

    /** Of a drawing's variants a few that don't look alike: other drawings of its series. */
    private static List<Prepared> unlike(List<Prepared> variants) {
        List<Prepared> kept = new ArrayList<>();
        for (Prepared variant : variants) {
            boolean seen = kept.stream().anyMatch(k -> k.hash().isNear(variant.hash()));
            if (!seen && kept.size() < MOST_OF_ONE_DRAWING) {
                kept.add(variant);
            }
        }
        return kept;
    }

    /** Adds up to {@value #MOST_EMOJI} of a class's pictures of the other domain. */
    void addEmoji(String className, Collection<Prepared> pictures) {
        pictures.stream()
                .sorted(Comparator.comparingLong(picture -> Hashes.of("demo/" + picture.id())))
                .limit(MOST_EMOJI)
                .forEach(picture -> add(new Entry("emoji", className, picture.id(), picture)));
    }

    private void add(Entry entry) {
        entries.put(entry.path(), entry);
    }

    /** Gives a class a name that says better what it is. */
    void addName(String className, String name) {
        names.put(className, name);
    }

    /** How many pictures a class has in a split. */
    long count(String split, String className) {
        return entries.values().stream()
                .filter(e -> e.split().equals(split) && e.className().equals(className))
                .count();
    }

    /** Writes the archive. */
    void write(Path file) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes, StandardCharsets.UTF_8)) {
            write(zip);
        }
        AtomicFile.write(file, bytes.toByteArray());
    }

    private void write(ZipOutputStream zip) throws IOException {
        store(zip, "attribution.csv", attribution().getBytes(StandardCharsets.UTF_8));
        StringBuilder renamed = new StringBuilder();
        names.forEach((className, name) -> renamed.append(Csv.row(className, name)));
        store(zip, "names.csv", renamed.toString().getBytes(StandardCharsets.UTF_8));
        for (Entry entry : entries.values()) {
            ByteArrayOutputStream png = new ByteArrayOutputStream();
            ImageIO.write(entry.picture().square(), "png", png);
            store(zip, entry.path(), png.toByteArray());
        }
    }

    /** PNG files are compressed already; stored, they read without inflating twice. */
    private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        entry.setTimeLocal(TIMESTAMP);
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    private String attribution() {
        StringBuilder text = new StringBuilder("path,id,drawing,title,author,source,licence\n");
        entries.forEach(
                (path, entry) -> {
                    SourcePicture picture = entry.picture().picture();
                    text.append(
                            Csv.row(
                                    path,
                                    picture.id(),
                                    entry.drawing(),
                                    picture.title(),
                                    picture.author(),
                                    picture.source().title(),
                                    picture.source().licence()));
                });
        return text.toString();
    }
}
