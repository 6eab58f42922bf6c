package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.base.TextFile;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;

/**
 * A CSV file with one line per image: path, label and, optionally, split (train, val or test).
 *
 * <p>UTF-8, separated by commas, quoted with double quotes. An optional header names the columns ("path", "label",
 * "split"). The label is the class's name; classes are sorted by name, or by number if every label is one. Without a
 * split column each class is split by {@link SplitShares}. The EXIF orientation of the images is applied.
 */
record CsvList(DataFiles from) {

    /** Enough for some millions of images. */
    private static final int MOST_BYTES = 512 << 20;

    /** Reads the list and checks that its images exist. */
    ImageDataset load() throws IOException {
        List<ListedImage> rows = rows();
        boolean hasSplits = rows.get(0).split != null;
        List<ListedImage> train =
                rows.stream().filter(row -> row.split == Split.TRAIN).toList();
        List<String> classNames = classNames(train.isEmpty() ? rows : train);
        ClassNames.requireUsable(classNames, csv().toString());
        if (!hasSplits) {
            rows.sort(Comparator.comparing(ListedImage::path)); // the split does not depend on the order of the lines
        }
        Map<String, Integer> labels = new HashMap<>();
        classNames.forEach(className -> labels.put(className, labels.size()));
        List<LabelledImage> images = new ArrayList<>();
        for (ListedImage row : rows) {
            Integer label = labels.get(row.label);
            require(
                    label != null,
                    "%s: %s has the label '%s', which no training image has",
                    csv(),
                    row.path,
                    row.label);
            images.add(new LabelledImage(row.path, label, row.label, ExifOrientation.APPLY));
        }
        List<Split> splits = hasSplits ? rows.stream().map(ListedImage::split).toList() : null;
        ImageDataset dataset = from.dataset(from.name(), classNames, images, splits);
        dataset.requireFiles();
        return dataset;
    }

    private Path csv() {
        return from.place();
    }

    private List<ListedImage> rows() throws IOException {
        List<String[]> lines = cells();
        List<String> header = lines.isEmpty()
                ? List.of()
                : Arrays.stream(lines.get(0))
                        .map(cell -> cell.strip().toLowerCase(Locale.ROOT))
                        .toList();
        boolean hasHeader = header.contains("path") && header.contains("label");
        List<String> columns =
                hasHeader ? header : List.of("path", "label", "split").subList(0, header.size() > 2 ? 3 : 2);
        List<ListedImage> rows = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (String[] cells : lines.subList(hasHeader ? 1 : 0, lines.size())) {
            ListedImage row = row(cells, columns);
            require(seen.add(row.path), "%s lists %s twice", csv(), row.path);
            rows.add(row);
        }
        require(!rows.isEmpty(), "%s lists no images", csv());
        return rows;
    }

    private ListedImage row(String[] cells, List<String> columns) throws InputException {
        int pathColumn = columns.indexOf("path");
        int labelColumn = columns.indexOf("label");
        int splitColumn = columns.indexOf("split"); // −1 if there is none
        int needed = Math.max(Math.max(pathColumn, labelColumn), splitColumn) + 1;
        if (cells.length < needed) {
            throw new InputException("%s: the line '%s' has %d cells and needs %d: path,label%s"
                    .formatted(csv(), String.join(",", cells), cells.length, needed, splitColumn < 0 ? "" : ",split"));
        }
        String label = cells[labelColumn].strip();
        require(!label.isEmpty(), "%s: the label of %s is empty", csv(), cells[pathColumn]);
        Path path = ImageFiles.resolve(from.imageRoot(), cells[pathColumn].strip(), csv());
        Optional<Split> split = splitColumn < 0 ? Optional.empty() : Split.named(cells[splitColumn]);
        if (splitColumn >= 0 && split.isEmpty()) {
            throw new InputException(
                    "%s: the split '%s' of %s is not train, val or test".formatted(csv(), cells[splitColumn], path));
        }
        return new ListedImage(path, label, split.orElse(null));
    }

    private static List<String> classNames(List<ListedImage> rows) {
        List<String> labels = rows.stream().map(ListedImage::label).distinct().toList();
        boolean numbered = labels.stream().allMatch(l -> l.matches("\\d{1,9}"));
        Comparator<String> order = numbered ? Comparator.comparingInt(Integer::parseInt) : Comparator.naturalOrder();
        return labels.stream().sorted(order).toList();
    }

    /** A line of the file; the split is null if the file has none. */
    private record ListedImage(Path path, String label, Split split) {}

    private List<String[]> cells() throws IOException {
        CsvMapper mapper = CsvMapper.builder()
                .enable(CsvParser.Feature.WRAP_AS_ARRAY)
                .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
                .build();
        try (MappingIterator<String[]> lines =
                mapper.readerFor(String[].class).readValues(TextFile.read(csv(), MOST_BYTES))) {
            return lines.readAll();
        } catch (JsonProcessingException e) {
            throw new InputException(csv() + ": " + e.getOriginalMessage(), e);
        }
    }
}
