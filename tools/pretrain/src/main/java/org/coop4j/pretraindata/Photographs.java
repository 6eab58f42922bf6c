package org.coop4j.pretraindata;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.coop4j.base.AtomicFile;

/**
 * The tables of Tiny ImageNet: photographs of 200 classes under captions of their names.
 *
 * <p>The pictures stay where they are. All pictures of a class have the same captions, so that the
 * loss of the training, to which a caption is right for every picture that has it, takes none of
 * them for a wrong one.
 */
public final class Photographs {

    /** The folder of the unpacked archive in the work folder. */
    static final String FOLDER = "tiny-imagenet";

    private static final int VALIDATION_OF_CLASS = 10;

    private final Path work;
    private final Map<String, List<String>> captions;

    private Photographs(Path work) {
        this.work = work;
        this.captions = captions();
    }

    /**
     * Runs it.
     *
     * @param arguments the work folder, in which {@code tiny-imagenet} is the unpacked archive and
     *     {@code train.csv} the table of drawings; {@code pairs.csv} gets both, and {@code
     *     photographs-val.csv} ten validation pictures of each class. Then where to write the
     *     perceptual hashes of all training photographs, eight bytes each
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: Photographs WORK HASHES");
            System.exit(2);
        }
        ImageIO.setUseCache(false);
        new Photographs(Path.of(arguments[0])).run(Path.of(arguments[1]));
    }

    private void run(Path hashes) throws IOException {
        List<Path> pictures = new ArrayList<>();
        StringBuilder train = new StringBuilder(Files.readString(work.resolve("train.csv")));
        for (Map.Entry<String, List<String>> of : captions.entrySet()) {
            Path folder =
                    work.resolve(FOLDER).resolve("train").resolve(of.getKey()).resolve("images");
            for (String picture : names(folder)) {
                pictures.add(folder.resolve(picture));
                String path = "%s/train/%s/images/%s".formatted(FOLDER, of.getKey(), picture);
                of.getValue().forEach(caption -> train.append(Csv.row(path, caption)));
            }
        }
        write("pairs.csv", train);
        AtomicFile.write(hashes, hashes(pictures));
        StringBuilder validation = new StringBuilder("path,caption\n");
        for (String path : validationPictures()) {
            int space = path.indexOf(' ');
            String caption = captions.get(path.substring(0, space)).get(0);
            validation.append(Csv.row(path.substring(space + 1), caption));
        }
        write("photographs-val.csv", validation);
    }

    private static byte[] hashes(List<Path> pictures) {
        long[] hashes = pictures.parallelStream()
                .mapToLong(picture -> {
                    try {
                        return PerceptualHash.stretched(ImageIO.read(picture.toFile()));
                    } catch (IOException e) {
                        throw new UncheckedIOException(picture.toString(), e);
                    }
                })
                .toArray();
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * hashes.length);
        bytes.asLongBuffer().put(hashes);
        return bytes.array();
    }

    private void write(String name, CharSequence rows) throws IOException {
        AtomicFile.write(work.resolve(name), rows.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** Returns the first pictures of each class, as "class path". */
    private List<String> validationPictures() throws IOException {
        Path folder = work.resolve(FOLDER).resolve("val");
        Map<String, List<String>> ofClass = new TreeMap<>();
        for (String line : Files.readAllLines(folder.resolve("val_annotations.txt"))) {
            String[] cells = line.split("\t", -1);
            ofClass.computeIfAbsent(cells[1], c -> new ArrayList<>()).add(cells[0]);
        }
        List<String> pictures = new ArrayList<>();
        ofClass.forEach((wnid, files) -> files.stream()
                .limit(VALIDATION_OF_CLASS)
                .forEach(f -> pictures.add(wnid + " " + FOLDER + "/val/images/" + f)));
        return pictures;
    }

    /** Returns the captions of each class, by its WordNet id. */
    static Map<String, List<String>> captions() {
        Map<String, List<String>> captions = new LinkedHashMap<>();
        Resources.lines("photograph-names.txt").stream()
                .sorted()
                .map(line -> line.split("\\s*\\|\\s*"))
                .forEach(cells ->
                        captions.put(cells[0], captions(List.of(cells[1].split(", ")), List.of(cells[2].split(", ")))));
        return captions;
    }

    private static List<String> captions(List<String> names, List<String> kinds) {
        Set<String> captions = new LinkedHashSet<>();
        String usual = Captions.withArticle(names.get(0));
        captions.add("a photo of " + usual + ".");
        captions.add(names.get(0));
        captions.add("a picture of " + usual);
        captions.add("a blurry photo of " + usual + ".");
        for (String name : names.subList(1, names.size())) {
            captions.add("a photo of " + Captions.withArticle(name) + ".");
        }
        captions.add("a photo of " + usual + ", a type of " + kinds.get(0) + ".");
        captions.add("a photo of " + Captions.withArticle(kinds.get(0)) + ".");
        captions.add("a photo of " + Captions.withArticle(kinds.get(kinds.size() - 1)) + ".");
        return List.copyOf(captions);
    }
}
