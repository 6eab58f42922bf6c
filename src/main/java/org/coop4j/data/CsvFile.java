package org.coop4j.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.coop4j.base.TextFile;

/** Reads CSV in UTF-8 with commas between the cells and double quotes around them. */
public final class CsvFile {

    /** Some million images. */
    private static final int MOST_BYTES = 512 << 20;

    private CsvFile() {}

    /**
     * Returns the cells of each line, the header included; empty lines are passed over.
     *
     * @param what what messages call the file, such as "list"
     * @throws DatasetException if the file does not exist, is not UTF-8 or not CSV
     */
    public static List<String[]> read(Path csv, String what) throws IOException {
        CsvMapper mapper = CsvMapper.builder()
                .enable(CsvParser.Feature.WRAP_AS_ARRAY)
                .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
                .build();
        try (MappingIterator<String[]> lines =
                mapper.readerFor(String[].class).readValues(TextFile.read(csv, MOST_BYTES))) {
            return lines.readAll();
        } catch (NoSuchFileException e) {
            throw new DatasetException("the " + what + " " + csv + " does not exist", e);
        } catch (JsonProcessingException e) {
            throw new DatasetException(csv + ": " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            boolean ofText = e.getCause() instanceof CharacterCodingException;
            throw ofText ? new DatasetException(csv + " is not UTF-8: save it as UTF-8", e) : e;
        }
    }
}
