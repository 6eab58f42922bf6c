package org.coop4j.pretrain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.InputException;
import org.coop4j.base.TextFile;
import org.coop4j.data.ImageFiles;

/**
 * A table of pictures and their captions.
 *
 * @param file the file it was read from
 * @param pictures the pictures in the order of their first rows
 */
public record PairTable(Path file, List<Picture> pictures) {

    /** Enough for some millions of captions. */
    private static final int MOST_BYTES = 512 << 20;

    private static final String HEADER = "path,caption";

    public PairTable {
        pictures = List.copyOf(pictures);
    }

    /**
     * A picture with what is said of it.
     *
     * @param image the image file
     * @param captions one or more, the name-bearing one first
     */
    public record Picture(Path image, List<String> captions) {

        public Picture {
            captions = List.copyOf(captions);
        }
    }

    /**
     * Reads a CSV file: UTF-8, the header {@code path,caption}, then a row for each caption of a
     * picture; paths are relative to the file's folder.
     *
     * @throws InputException when the file is missing or malformed, a caption is empty, a path
     *     leaves the folder, or an image file is missing
     */
    public static PairTable read(Path csv) throws IOException {
        PairTable table = new PairTable(csv, pictures(csv, cells(csv)));
        table.requireFiles();
        return table;
    }

    private static List<String[]> cells(Path csv) throws IOException {
        CsvMapper mapper = CsvMapper.builder()
                .enable(CsvParser.Feature.WRAP_AS_ARRAY)
                .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
                .build();
        try (MappingIterator<String[]> rows =
                mapper.readerFor(String[].class).readValues(TextFile.read(csv, MOST_BYTES))) {
            return rows.readAll();
        } catch (JsonProcessingException e) {
            throw new InputException(csv + ": " + e.getOriginalMessage(), e);
        }
    }

    private static List<Picture> pictures(Path csv, List<String[]> rows) throws IOException {
        if (rows.isEmpty() || !header(rows.get(0)).equals(HEADER)) {
            throw new InputException(csv + " does not begin with the header \"" + HEADER + "\": add it");
        }
        Path folder = csv.toAbsolutePath().getParent();
        Map<Path, List<String>> captions = new LinkedHashMap<>();
        for (int row = 1; row < rows.size(); row++) {
            String[] cells = rows.get(row);
            if (cells.length != 2) {
                throw new InputException("%s, row %d has %d cells and needs 2, %s: quote a caption with a comma"
                        .formatted(csv, row, cells.length, HEADER));
            }
            String caption = cells[1].strip();
            if (caption.isEmpty()) {
                throw new InputException("%s, row %d: the caption of %s is empty: write one or drop the row"
                        .formatted(csv, row, cells[0]));
            }
            Path image = ImageFiles.resolve(folder, cells[0].strip(), csv);
            captions.computeIfAbsent(image, i -> new ArrayList<>()).add(caption);
        }
        if (captions.isEmpty()) {
            throw new InputException(csv + " lists no pictures");
        }
        List<Picture> pictures = new ArrayList<>();
        captions.forEach((image, list) -> pictures.add(new Picture(image, list)));
        return pictures;
    }

    private static String header(String[] cells) {
        return String.join(",", cells).replace(" ", "");
    }

    private void requireFiles() throws InputException {
        List<Path> missing = pictures.stream()
                .map(Picture::image)
                .filter(image -> !Files.isRegularFile(image))
                .toList();
        if (!missing.isEmpty()) {
            throw new InputException("%s lists %d image(s) that are missing, the first %s"
                    .formatted(file, missing.size(), missing.get(0)));
        }
    }

    /** Returns the number of captions of all pictures. */
    public int captions() {
        return pictures.stream().mapToInt(picture -> picture.captions.size()).sum();
    }
}
