package org.coop4j.pretrain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageRoot;

/**
 * A table of pictures and their captions.
 *
 * @param file the file it was read from
 * @param pictures the pictures in the order of their first rows
 */
public record PairTable(Path file, List<Picture> pictures) {

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
     * @throws DatasetException when the file is missing or malformed, a caption is empty, a path
     *     leaves the folder, or an image file is missing
     */
    public static PairTable read(Path csv) throws IOException {
        CsvMapper mapper =
                CsvMapper.builder()
                        .enable(CsvParser.Feature.WRAP_AS_ARRAY)
                        .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
                        .build();
        try (Reader reader = Files.newBufferedReader(csv, StandardCharsets.UTF_8);
                MappingIterator<String[]> lines =
                        mapper.readerFor(String[].class).readValues(reader)) {
            PairTable table = new PairTable(csv, pictures(csv, lines));
            table.requireFiles();
            return table;
        } catch (NoSuchFileException e) {
            throw new DatasetException("the table " + csv + " does not exist", e);
        } catch (CharacterCodingException e) {
            throw new DatasetException(csv + " is not UTF-8: save it as UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new DatasetException(csv + ": " + e.getOriginalMessage(), e);
        }
    }

    private static List<Picture> pictures(Path csv, MappingIterator<String[]> lines)
            throws IOException {
        if (!lines.hasNextValue() || !header(lines.nextValue()).equals(HEADER)) {
            throw new DatasetException(
                    csv + " does not begin with the header \"" + HEADER + "\": add it");
        }
        Path folder = csv.toAbsolutePath().getParent();
        ImageRoot root = new ImageRoot(folder);
        Map<Path, List<String>> captions = new LinkedHashMap<>();
        for (int row = 1; lines.hasNextValue(); row++) {
            String[] cells = lines.nextValue();
            if (cells.length != 2) {
                throw new DatasetException(
                        "%s, row %d has %d cells and needs 2, %s: quote a caption with a comma"
                                .formatted(csv, row, cells.length, HEADER));
            }
            String caption = cells[1].strip();
            if (caption.isEmpty()) {
                throw new DatasetException(
                        "%s, row %d: the caption of %s is empty: write one or drop the row"
                                .formatted(csv, row, cells[0]));
            }
            Path image = root.resolve(cells[0].strip(), csv);
            captions.computeIfAbsent(image, i -> new ArrayList<>()).add(caption);
        }
        if (captions.isEmpty()) {
            throw new DatasetException(csv + " lists no pictures");
        }
        List<Picture> pictures = new ArrayList<>();
        captions.forEach((image, list) -> pictures.add(new Picture(image, list)));
        return pictures;
    }

    private static String header(String[] cells) {
        return String.join(",", cells).replace("\uFEFF", "").replace(" ", "");
    }

    private void requireFiles() throws DatasetException {
        List<Path> missing = new ArrayList<>();
        for (Picture picture : pictures) {
            if (!Files.isRegularFile(picture.image)) {
                missing.add(picture.image);
            }
        }
        if (!missing.isEmpty()) {
            throw new DatasetException(
                    "%s lists %d image(s) that are missing, the first %s"
                            .formatted(file, missing.size(), missing.get(0)));
        }
    }

    /** Number of captions of all pictures. */
    public int captions() {
        return pictures.stream().mapToInt(picture -> picture.captions.size()).sum();
    }
}
