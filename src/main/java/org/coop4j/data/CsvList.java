package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;

/**
 * A CSV file with a line an image: path, label and, if wanted, split (train, val or test).
 *
 * <p>UTF-8, separated by commas, quoted with double quotes. The first line may be a header, which
 * then says which column is which ("path", "label", "split"). The label is the class's name;
 * classes are ordered by name, or by number where every label is one. Without a split column each
 * class is split by {@link SplitShares}, 50/20/30 unless others are given. The EXIF orientation of
 * the images is applied.
 *
 * @param name what to call the dataset
 * @param csv the file
 * @param imageRoot the folder that its paths are relative to
 * @param splitSeed seed of the division, where the file has none
 * @param shares how it is divided; nothing for the benchmarks' shares, or its own division
 */
public record CsvList(String name, Path csv, Path imageRoot, long splitSeed, Optional<SplitShares> shares)
        implements DatasetSource {
    /** Checks that nothing is null. */
    public CsvList {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(csv, "csv");
        Objects.requireNonNull(imageRoot, "imageRoot");
        Objects.requireNonNull(shares, "shares");
    }

    @Override
    public ImageDataset load() throws IOException {
        List<Row> rows = rows();
        boolean divided = rows.get(0).split().isPresent();
        if (divided) {
            SplitRules.requireNoShares(csv.toString(), shares);
        }
        List<Row> defining = rows.stream()
                .filter(r -> r.split().equals(Optional.of(Split.TRAIN)))
                .toList();
        List<String> classNames = classNames(divided && !defining.isEmpty() ? defining : rows);
        ClassNames.requireUsable(classNames, csv.toString());
        Map<String, Integer> labels = new HashMap<>();
        classNames.forEach(className -> labels.put(className, labels.size()));
        Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
        for (Row row : rows) {
            Integer label = labels.get(row.label());
            if (label == null) {
                throw new DatasetException("%s: %s has the label '%s', which no training image has"
                        .formatted(csv, row.path(), row.label()));
            }
            parts.computeIfAbsent(row.split().orElse(Split.TRAIN), s -> new ArrayList<>())
                    .add(new LabelledImage(row.path(), label, row.label(), ExifOrientation.APPLY));
        }
        ImageDataset dataset =
                divided ? SplitRules.assemble(name, csv.toString(), classNames, parts) : divide(parts.get(Split.TRAIN));
        dataset.requireFiles();
        return dataset;
    }

    private ImageDataset divide(List<LabelledImage> images) throws DatasetException {
        List<LabelledImage> sorted = images.stream()
                .sorted(Comparator.comparingInt(LabelledImage::label).thenComparing(LabelledImage::path))
                .toList();
        return SplitRules.divide(
                name,
                SplitRules.byFirstAppearance(sorted),
                shares.orElse(SplitShares.STANDARD),
                new PythonRandom(splitSeed));
    }

    private List<Row> rows() throws IOException {
        Columns columns = null;
        List<Row> rows = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        for (String[] cells : CsvFile.read(csv, "list")) {
            if (columns == null) {
                Optional<Columns> header = Columns.ofHeader(cells);
                columns = header.orElse(Columns.inOrder(cells.length));
                if (header.isPresent()) {
                    continue;
                }
            }
            Row row = row(cells, columns);
            if (!seen.add(row.path())) {
                throw new DatasetException(csv + " lists " + row.path() + " twice");
            }
            rows.add(row);
        }
        if (rows.isEmpty()) {
            throw new DatasetException(csv + " lists no images");
        }
        return rows;
    }

    private Row row(String[] cells, Columns columns) throws DatasetException {
        if (cells.length < columns.count()) {
            throw new DatasetException("%s: the line '%s' has %d cells and needs %d: path,label%s"
                    .formatted(
                            csv,
                            String.join(",", cells),
                            cells.length,
                            columns.count(),
                            columns.split() >= 0 ? ",split" : ""));
        }
        String label = cells[columns.label()].strip();
        if (label.isEmpty()) {
            throw new DatasetException("%s: the label of %s is empty".formatted(csv, cells[columns.path()]));
        }
        Path path = ImageFiles.resolve(imageRoot, cells[columns.path()].strip(), csv);
        if (columns.split() < 0) {
            return new Row(path, label, Optional.empty());
        }
        Optional<Split> split = Split.named(cells[columns.split()]);
        if (split.isEmpty()) {
            throw new DatasetException(
                    "%s: the split '%s' of %s is not train, val or test".formatted(csv, cells[columns.split()], path));
        }
        return new Row(path, label, split);
    }

    private static List<String> classNames(List<Row> rows) {
        List<String> labels = rows.stream().map(Row::label).distinct().toList();
        boolean numbered = labels.stream().allMatch(l -> l.matches("\\d{1,9}"));
        Comparator<String> order = numbered ? Comparator.comparingInt(Integer::parseInt) : Comparator.naturalOrder();
        return labels.stream().sorted(order).toList();
    }

    /** A line of the file. */
    private record Row(Path path, String label, Optional<Split> split) {}

    /** Which cell of a line is which; split is −1 where there is none. */
    private record Columns(int path, int label, int split) {
        int count() {
            return Stream.of(path, label, split).mapToInt(i -> i).max().orElseThrow() + 1;
        }

        static Columns inOrder(int cells) {
            return new Columns(0, 1, cells > 2 ? 2 : -1);
        }

        static Optional<Columns> ofHeader(String[] cells) {
            Map<String, Integer> byName = new HashMap<>();
            for (int i = 0; i < cells.length; i++) {
                byName.put(cells[i].strip().toLowerCase(Locale.ROOT), i);
            }
            return byName.containsKey("path") && byName.containsKey("label")
                    ? Optional.of(
                            new Columns(byName.get("path"), byName.get("label"), byName.getOrDefault("split", -1)))
                    : Optional.empty();
        }
    }
}
