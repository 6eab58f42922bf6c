package org.coop4j.studio;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;
import static org.coop4j.base.InputException.require;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.coop4j.base.AtomicFile;
import org.coop4j.base.InputException;
import org.coop4j.base.Log;
import org.coop4j.base.TextFile;
import org.coop4j.data.DataSpec;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Labels;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Snapshot.Photo;

/**
 * The table of a folder whose pictures have several labels, as {@code coop train} reads it. A picture has a line once one of
 * its labels is decided; the column unknown has the others. A change is made to the table as it is at the time, so that what
 * other programs wrote into it stays, lines of missing pictures too.
 */
final class LabelTable {

    static final String NAME = "labels.csv";

    /** Labels of pictures that fit into memory and into a line of the journal. */
    private static final int MOST = 1_000_000;

    private static final List<String> COLUMNS = List.of("path", "labels", "unknown");
    private static final ObjectReader CSV = CsvMapper.builder()
            .enable(CsvParser.Feature.WRAP_AS_ARRAY)
            .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
            .build()
            .readerFor(String[].class);

    private final Path root;
    private final Path file;
    private final Map<String, Row> rows = new LinkedHashMap<>(); // by place
    private String text = ""; // of the file

    private record Row(Set<String> labels, Set<String> unknown) {

        Row() {
            this(new LinkedHashSet<>(), new LinkedHashSet<>());
        }
    }

    private LabelTable(Path root) {
        this.root = root;
        file = root.resolve(NAME);
    }

    /** Returns true if a folder has a table of several labels. */
    static boolean isIn(Path root) {
        Path file = root.resolve(NAME);
        String first = "";
        try {
            first = Files.isRegularFile(file)
                    ? TextFile.read(file).lines().findFirst().orElse("")
                    : "";
        } catch (IOException e) {
            Log.of(LabelTable.class).warn("{} is not read as a table of labels: {}", file, e.getMessage());
        }
        return header(first.split(",")).containsAll(COLUMNS.subList(0, 2));
    }

    private static List<String> header(String... cells) {
        return Stream.of(cells)
                .map(cell -> cell.replace("\"", "").strip().toLowerCase(Locale.ROOT))
                .toList();
    }

    /**
     * Reads the table of a folder, which has no lines if it is missing.
     *
     * @throws InputException if it is damaged or has other columns, naming them or the line
     */
    static LabelTable read(Path root) throws IOException {
        LabelTable table = new LabelTable(root);
        if (Files.notExists(table.file, LinkOption.NOFOLLOW_LINKS)) {
            return table;
        }
        table.text = TextFile.read(table.file);
        try (MappingIterator<String[]> lines = CSV.readValues(table.text)) {
            List<String> header = lines.hasNext() ? header(lines.next()) : List.of();
            Set<String> others = new TreeSet<>(header);
            COLUMNS.forEach(others::remove);
            require(
                    others.isEmpty() && header.containsAll(COLUMNS.subList(0, 2)),
                    "%s has the columns %s, and the studio keeps path, labels and unknown alone: give it another name, and"
                            + " open it by --list",
                    NAME,
                    header);
            for (int line = 2; lines.hasNext(); line++) {
                table.add(header, List.of(lines.next()), line);
            }
        } catch (JsonProcessingException e) {
            throw new InputException(NAME + ": " + e.getOriginalMessage(), e);
        }
        return table;
    }

    private void add(List<String> header, List<String> cells, int line) throws IOException {
        require(
                cells.size() == header.size(),
                "%s line %d: expected %d cells, got %d",
                NAME,
                line,
                header.size(),
                cells.size());
        Row row = new Row();
        for (int i = 1; i < COLUMNS.size(); i++) {
            int column = header.indexOf(COLUMNS.get(i));
            Stream.of(column < 0 ? new String[0] : cells.get(column).split(";"))
                    .map(String::strip)
                    .filter(name -> !name.isEmpty())
                    .forEach((i == 1 ? row.labels : row.unknown)::add);
        }
        Set<String> both = new TreeSet<>(row.labels);
        both.retainAll(row.unknown);
        require(both.isEmpty(), "%s line %d: %s is both shown and unknown", NAME, line, both);
        String path = cells.get(header.indexOf(COLUMNS.get(0)));
        Row other = rows.put(place(ImageFiles.resolve(root, path.strip(), file)), row);
        require(other == null, "%s line %d: %s comes twice", NAME, line, path);
    }

    private String place(Path picture) {
        return root.relativize(picture.normalize()).toString().replace('\\', '/');
    }

    /** Makes the table of a folder that has none, with the labels of a list, or empty if that is null. */
    static void make(Path folder, DataSpec list) throws IOException {
        Path root = folder.toRealPath();
        LabelTable table = new LabelTable(root);
        if (Files.exists(table.file, LinkOption.NOFOLLOW_LINKS)) {
            require(isIn(root), "%s is another table: rename it, the studio keeps its labels there", table.file);
            Log.of(LabelTable.class).warn("{} has the labels: no other list is read", table.file);
            return;
        }
        if (list != null) {
            ImageDataset lists = list.load(1, Log.of(LabelTable.class)::warn);
            for (Split split : Split.values()) {
                lists.images(split)
                        .forEach(one -> table.rows.put(table.place(one.path()), row(one, lists.classNames())));
            }
        }
        table.write();
    }

    /** Writes pictures that are learned from and tested on, as {@code coop train} reads them. */
    static void write(ImageDataset lists, Path root, Path file) throws IOException {
        LabelTable table = new LabelTable(root);
        StringBuilder csv = new StringBuilder("split," + String.join(",", COLUMNS) + "\n");
        for (Split split : Split.values()) {
            for (LabelledImage one : lists.images(split)) {
                csv.append(split.label())
                        .append(',')
                        .append(line(table.place(one.path()), row(one, lists.classNames())));
            }
        }
        AtomicFile.write(file, csv.toString());
    }

    private static Row row(LabelledImage one, List<String> names) {
        Row row = new Row();
        for (int c = 0; c < names.size(); c++) {
            String name = names.get(c).replace(';', ','); // which separates labels
            switch (one.labels().state(c)) {
                case Labels.PRESENT -> row.labels.add(name);
                case Labels.UNKNOWN -> row.unknown.add(name);
                default -> {}
            }
        }
        return row;
    }

    /** Returns what leads from labels that are known to those of the table, for pictures that are there. */
    List<String> changes(Collection<Photo> photos, Places known) throws InputException {
        NavigableSet<String> classes = new TreeSet<>(known.classes);
        photos.forEach(one -> Stream.ofNullable(rows.get(one.path()))
                .flatMap(row -> Stream.of(row.labels, row.unknown))
                .forEach(classes::addAll));
        require(
                (long) classes.size() * rows.size() <= MOST,
                "%s has %d lines and %d labels, which are more than %d decisions",
                NAME,
                rows.size(),
                classes.size(),
                MOST);
        Map<String, Map<String, Boolean>> found = new TreeMap<>(); // by content
        for (Photo one : photos) {
            Map<String, Boolean> own = found.computeIfAbsent(one.sha256(), content -> new TreeMap<>());
            Row row = rows.get(one.path());
            classes.stream()
                    .filter(name -> row != null && !row.unknown.contains(name))
                    .forEach(name -> own.merge(name, row.labels.contains(name), Boolean::logicalOr));
        }
        List<String> marks = new ArrayList<>();
        PhotoFolder.minus(classes, known.classes).forEach(name -> marks.add(Places.CLASS + name));
        found.forEach(
                (content, own) -> classes.forEach(name -> marks.addAll(known.judging(content, name, own.get(name)))));
        return marks;
    }

    /**
     * Makes the changes of an action, after which the labels are known.
     *
     * @param contents of the pictures that are there, by place
     */
    void perform(List<Move> moves, List<String> marks, Map<String, String> contents, Places known) {
        Map<String, List<String>> places = contents.entrySet().stream()
                .collect(groupingBy(Map.Entry::getValue, mapping(Map.Entry::getKey, toList())));
        Set<String> touched = new HashSet<>();
        for (Move move : moves) {
            boolean appeared = move.from().isEmpty() && !rows.containsKey(move.to());
            boolean isOurs = !move.from().isEmpty() && !move.to().isEmpty();
            if (isOurs) {
                rows.remove(move.from());
                rows.remove(move.to());
            }
            if ((isOurs || appeared) && move.sha256().equals(contents.get(move.to()))) {
                row(move.to(), move.sha256(), known);
                touched.add(move.to());
            }
        }
        for (String mark : marks) {
            String what = Places.positive(mark);
            boolean gone = !mark.equals(what);
            if (Places.isClass(what)) {
                String name = what.substring(1);
                rows.forEach((place, row) -> {
                    row.unknown.remove(name);
                    if (gone && contents.containsKey(place)) {
                        row.labels.remove(name);
                    } else if (!gone && !row.labels.contains(name)) {
                        row.unknown.add(name);
                    }
                });
            } else if (Places.isLabel(what)) {
                String name = Places.name(what);
                for (String place : places.getOrDefault(Places.content(what), List.of())) {
                    Row row = rows.containsKey(place) ? rows.get(place) : row(place, Places.content(what), known);
                    touched.add(place);
                    row.unknown.remove(name);
                    row.labels.remove(name);
                    if (gone) {
                        row.unknown.add(name);
                    } else if (what.startsWith(Places.SHOWN)) {
                        row.labels.add(name);
                    }
                }
            }
        }
        touched.removeIf(place ->
                !rows.get(place).labels.isEmpty() || !rows.get(place).unknown.containsAll(known.classes));
        rows.keySet().removeAll(touched);
    }

    private Row row(String place, String content, Places known) {
        Map<String, Boolean> decided = known.decided(content);
        Row row = new Row(Places.shown(decided), new LinkedHashSet<>(known.classes));
        row.unknown.removeAll(decided.keySet());
        rows.put(place, row);
        return row;
    }

    /** Writes the table, unless it is on the disk as it is. */
    void write() throws IOException {
        StringBuilder csv = new StringBuilder(String.join(",", COLUMNS) + "\n");
        rows.forEach((place, row) -> csv.append(line(place, row)));
        if (!csv.toString().equals(text)) {
            StudioProblem.require(PhotoFolder.isPlain(file), "%s is a link, or not a file: remove it.", NAME);
            AtomicFile.write(file, csv.toString());
        }
    }

    private static String line(String place, Row row) {
        return Stream.of(place, String.join(";", row.labels), String.join(";", row.unknown))
                .map(cell -> cell.matches("(?s).*[\",\r\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell)
                .collect(joining(",", "", "\n"));
    }
}
