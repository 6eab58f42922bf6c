package org.coop4j.pretraindata;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.coop4j.base.AtomicFile;

/**
 * The training and validation tables: CSV with the header {@code path,caption}, a row for each
 * caption of a picture, the rows of one picture together.
 */
final class Tables {
    /** So many drawings of one name teach it; Open Clip Art has 1,375 stars of one shape. */
    private static final int MOST_OF_ONE_NAME = 24;

    private final List<Prepared> train = new ArrayList<>();
    private final List<Prepared> validation = new ArrayList<>();
    private final Map<String, Integer> ofName = new HashMap<>();
    private final Set<String> validationDrawings = new HashSet<>();
    private final Set<String> validationCaptions = new HashSet<>();

    void addAllToTrain(List<Prepared> pictures) {
        List<Prepared> order = new ArrayList<>(pictures);
        order.sort(Comparator.comparingLong(picture -> Hashes.of("cap/" + picture.id())));
        for (Prepared picture : order) {
            String key = picture.picture().source() + "/" + picture.captions().get(0);
            if (ofName.merge(key, 1, Integer::sum) <= MOST_OF_ONE_NAME) {
                train.add(picture);
            }
        }
        train.sort(Comparator.comparing(Prepared::id));
    }

    /**
     * Adds a picture under one caption, the fullest that names it, unless its drawing or its
     * caption is there already: retrieval has one right answer.
     */
    void addToValidation(Prepared picture, String drawing) {
        if (picture.picture().subject().name().isEmpty()
                || validationDrawings.contains(drawing)
                || !validationCaptions.add(validationCaption(picture))) {
            return;
        }
        validationDrawings.add(drawing);
        validation.add(picture);
    }

    private static String validationCaption(Prepared picture) {
        List<String> captions = picture.captions();
        return captions.size() > 2 && captions.get(2).startsWith(captions.get(0) + ", ")
                ? captions.get(2)
                : captions.get(0);
    }

    List<Prepared> train() {
        return List.copyOf(train);
    }

    List<Prepared> validation() {
        return List.copyOf(validation);
    }

    static String path(Prepared picture) {
        return "images/" + picture.id() + ".png";
    }

    void write(Path folder) throws IOException {
        StringBuilder rows = new StringBuilder("path,caption\n");
        for (Prepared picture : train) {
            picture.captions().forEach(caption -> rows.append(Csv.row(path(picture), caption)));
        }
        writeText(folder.resolve("train.csv"), rows.toString());
        rows.setLength(0);
        rows.append("path,caption\n");
        for (Prepared picture : validation) {
            rows.append(Csv.row(path(picture), validationCaption(picture)));
        }
        writeText(folder.resolve("val.csv"), rows.toString());
    }

    private static void writeText(Path file, String text) throws IOException {
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes what the tables have, without the pictures: gzipped lines of id, drawing and the two
     * hashes in hexadecimal, separated by tabs.
     */
    void writeList(Path file, Drawings drawings) throws IOException {
        StringBuilder lines = new StringBuilder();
        List<Prepared> all = new ArrayList<>(train);
        all.addAll(validation);
        all.sort(Comparator.comparing(Prepared::id));
        for (Prepared picture : all) {
            lines.append(picture.id())
                    .append('\t')
                    .append(picture.picture().isClipArt() ? drawings.of(picture) : picture.id())
                    .append('\t')
                    .append(Long.toHexString(picture.hash().brightness()))
                    .append('\t')
                    .append(Long.toHexString(picture.hash().outlines()))
                    .append('\n');
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(lines.toString().getBytes(StandardCharsets.UTF_8));
        }
        AtomicFile.write(file, bytes.toByteArray());
    }
}
