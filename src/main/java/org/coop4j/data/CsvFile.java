package org.coop4j.data;

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
import java.util.List;

/** Reads CSV in UTF-8 with commas between the cells and double quotes around them. */
public final class CsvFile {

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private CsvFile() {}

    /**
     * Returns the cells of each line, the header included; empty lines and a byte order mark are
     * passed over.
     *
     * @param what what messages call the file, such as "list"
     * @throws DatasetException if the file does not exist, is not UTF-8 or not CSV
     */
    public static List<String[]> read(Path csv, String what) throws IOException {
        CsvMapper mapper =
                CsvMapper.builder()
                        .enable(CsvParser.Feature.WRAP_AS_ARRAY)
                        .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
                        .build();
        try (Reader reader = Files.newBufferedReader(csv, StandardCharsets.UTF_8);
                MappingIterator<String[]> lines =
                        mapper.readerFor(String[].class).readValues(reader)) {
            List<String[]> rows = lines.readAll();
            if (!rows.isEmpty() && rows.get(0).length > 0) {
                rows.get(0)[0] = rows.get(0)[0].replace(BYTE_ORDER_MARK, "");
            }
            return rows;
        } catch (NoSuchFileException e) {
            throw new DatasetException("the " + what + " " + csv + " does not exist", e);
        } catch (CharacterCodingException e) {
            throw new DatasetException(csv + " is not UTF-8: save it as UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new DatasetException(csv + ": " + e.getOriginalMessage(), e);
        }
    }
}
