package org.coop4j.pretraindata;

import com.fasterxml.jackson.core.type.TypeReference;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.coop4j.base.AtomicFile;

/**
 * Makes the demo's archive: {@code train/CLASS/…jpg} and {@code test/CLASS/…jpg} of photographs of
 * Caltech101, {@code drawings/CLASS/…png} of emoji and drawings that no table has, {@code
 * names.csv} and {@code drawing-names.csv} with a careful name for each class, and {@code attribution.csv} with each picture's
 * title, author, source and licence.
 *
 * <p>The classes are those whose careful name is a name or a kind of the classes of Tiny ImageNet
 * ({@code photograph-names.txt}), so that the model saw other photographs of the thing together with
 * its name; of several folders of one thing (cougar_body, cougar_face, wild_cat) the one that shows
 * the whole.
 *
 * <p>Photographs keep their side of the benchmark's split; a hash of the path chooses among them.
 */
public final class DemoArchive {
    private static final int TRAIN_PICTURES = 24;
    private static final int MOST_TEST_PICTURES = 20;
    private static final LocalDateTime TIMESTAMP = LocalDateTime.of(2026, 1, 1, 0, 0);
    private static final String LICENCE = "CC BY 4.0";

    private final Path work;
    private final Path caltech;
    private final Map<String, byte[]> entries = new TreeMap<>();
    private final StringBuilder attribution =
            new StringBuilder(Csv.row("path", "id", "title", "author", "source", "licence"));

    /**
     * A class of the demo.
     *
     * @param folder its folder in Caltech101
     * @param name what a prompt would call it
     * @param drawings ids of held-out emoji and drawings that show it, looked at one by one
     */
    record DemoClass(String folder, String name, List<String> drawings) {
        DemoClass {
            drawings = List.copyOf(drawings);
        }
    }

    private DemoArchive(Path work, Path caltech) {
        this.work = work;
        this.caltech = caltech;
    }

    /**
     * Runs it.
     *
     * @param arguments the work folder with {@code held-out}, the folder of Caltech101 in the CoOp
     *     benchmarks' layout, and where to write the archive
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 3) {
            System.err.println("usage: DemoArchive WORK CALTECH101 DEMO.zip");
            System.exit(2);
        }
        ImageIO.setUseCache(false);
        new DemoArchive(Path.of(arguments[0]), Path.of(arguments[1])).write(Path.of(arguments[2]));
    }

    static List<DemoClass> classes() {
        return Resources.json("demo-classes.json", new TypeReference<>() {});
    }

    private void write(Path file) throws IOException {
        Map<String, List<List<Object>>> split =
                Resources.json(caltech.resolve("split_zhou_Caltech101.json"), new TypeReference<>() {});
        Map<String, String> drawings = drawings();
        StringBuilder names = new StringBuilder();
        StringBuilder drawingNames = new StringBuilder();
        for (DemoClass demo : classes()) {
            names.append(Csv.row(demo.folder(), demo.name()));
            addPhotographs("train", demo, split.get("train"), TRAIN_PICTURES);
            addPhotographs("test", demo, split.get("test"), MOST_TEST_PICTURES);
            if (!demo.drawings().isEmpty()) {
                drawingNames.append(Csv.row(demo.folder(), demo.name()));
            }
            for (String id : demo.drawings()) {
                String path = "drawings/" + demo.folder() + "/" + id.replace('/', '-') + ".png";
                entries.put(path, Files.readAllBytes(work.resolve("held-out").resolve(id + ".png")));
                attribution.append(path).append(',').append(drawings.get(id)).append('\n');
            }
        }
        entries.put("names.csv", names.toString().getBytes(StandardCharsets.UTF_8));
        entries.put("drawing-names.csv", drawingNames.toString().getBytes(StandardCharsets.UTF_8));
        entries.put("attribution.csv", attribution.toString().getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(file, zip());
    }

    /** Returns the rows of WORK/held-out.csv by their ids, which never need quotes. */
    private Map<String, String> drawings() throws IOException {
        Map<String, String> rows = new HashMap<>();
        for (String row : Files.readAllLines(work.resolve("held-out.csv"))) {
            rows.put(row.substring(0, row.indexOf(',')), row);
        }
        return rows;
    }

    private void addPhotographs(String side, DemoClass demo, List<List<Object>> images, int most) throws IOException {
        List<String> chosen = images.stream()
                .map(image -> (String) image.get(0))
                .filter(path -> path.startsWith(demo.folder() + "/"))
                .sorted(java.util.Comparator.comparingLong(p -> Hashes.of("demo/" + p)))
                .limit(most)
                .toList();
        for (String path : chosen) {
            BufferedImage picture = ImageIO.read(
                    caltech.resolve("101_ObjectCategories").resolve(path).toFile());
            String entry = side + "/" + path;
            entries.put(entry, SmallPhotograph.jpeg(picture));
            attribution.append(Csv.row(
                    entry,
                    "caltech101/" + path,
                    demo.name(),
                    "collected by Li, Andreeto, Ranzato and Perona",
                    "Caltech101",
                    LICENCE));
        }
    }

    private byte[] zip() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes, StandardCharsets.UTF_8)) {
            for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                store(zip, entry.getKey(), entry.getValue());
            }
        }
        return bytes.toByteArray();
    }

    /** Pictures are compressed already; stored, they read without inflating twice. */
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
}
