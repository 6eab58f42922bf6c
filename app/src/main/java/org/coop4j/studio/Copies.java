package org.coop4j.studio;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toSet;

import java.awt.Dimension;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.console.CsvFormat;
import org.coop4j.console.Table;
import org.coop4j.findings.RunComparison.Located;
import org.coop4j.findings.RunComparison.NearDuplicates;
import org.coop4j.findings.RunComparison.NearDuplicates.Pair;
import org.coop4j.image.ImageDecoder;
import org.coop4j.studio.Snapshot.Photo;

/** Files that show the same picture, but for those that a person keeps. Used by one thread at a time. */
final class Copies {

    private final EncodedPhotos encoded;
    private final Map<String, Dimension> sizes = new HashMap<>(); // by content
    private Set<String> compared = Set.of(); // contents
    private List<Pair> pairs = List.of(); // of these

    Copies(EncodedPhotos encoded) {
        this.encoded = encoded;
    }

    /**
     * A file.
     *
     * @param id its content and its place ({@link Photo#copy})
     * @param labels its classes
     * @param part "test" or "training"; null if it has no label
     * @param width in pixels; 0 if it cannot be read
     */
    record Copy(String id, String picture, String file, Set<String> labels, String part, int width, int height) {

        private String path() {
            return id.substring(picture.length() + 1);
        }
    }

    /**
     * Files that show the same picture.
     *
     * @param exact true if their contents are equal
     * @param mirrored true if some are surely mirrored
     * @param crosses true if some are training pictures, and others test pictures
     */
    record Group(boolean exact, boolean mirrored, boolean crosses, List<Copy> files) {

        private String kind() {
            return (exact ? "exact" : "near") + (mirrored ? ", mirrored" : "");
        }
    }

    /** Returns all groups. */
    List<Group> groups(Snapshot now) {
        Map<String, List<Photo>> files = now.photos().stream()
                .filter(encoded::has)
                .collect(groupingBy(Photo::sha256, LinkedHashMap::new, toList()));
        List<Pair> near = near(now, files);
        List<Group> groups = new ArrayList<>();
        Set<String> grouped = new HashSet<>();
        for (Set<Located> alike : NearDuplicates.groups(near)) {
            Set<String> own = alike.stream().map(Located::sha256).collect(toSet());
            boolean mirrored = near.stream()
                    .anyMatch(
                            pair -> pair.mirrored() && own.contains(pair.first().sha256()));
            grouped.addAll(own);
            groups.add(group(
                    now,
                    mirrored,
                    own.stream().flatMap(content -> files.get(content).stream()).toList()));
        }
        files.forEach((content, same) -> {
            if (same.size() > 1 && !grouped.contains(content) && !now.kept().contains(Photo.both(content, content))) {
                groups.add(group(now, false, same));
            }
        });
        return groups;
    }

    /** Returns the pairs of different contents that are nearly the same. */
    private List<Pair> near(Snapshot now, Map<String, List<Photo>> files) {
        List<String> contents =
                files.keySet().stream().limit(NearDuplicates.MOST_COMPARED).toList();
        if (!compared.containsAll(contents)) {
            List<Photo> all =
                    contents.stream().map(content -> files.get(content).get(0)).toList();
            List<Located> located =
                    all.stream().map(one -> new Located(now.image(one, 0), "")).toList();
            pairs = NearDuplicates.of(located, encoded.of(all).normalized(), encoded.outlines(all));
            compared = Set.copyOf(contents);
        }
        return pairs.stream()
                .filter(pair -> files.containsKey(pair.first().sha256())
                        && files.containsKey(pair.second().sha256())
                        && !now.kept()
                                .contains(Photo.both(
                                        pair.first().sha256(), pair.second().sha256())))
                .toList();
    }

    /** Returns the number of pictures that were compared. */
    int compared(Snapshot now) {
        return (int) now.photos().stream()
                .filter(one -> compared.contains(one.sha256()))
                .count();
    }

    private Group group(Snapshot now, boolean mirrored, List<Photo> files) {
        List<Copy> copies = files.stream()
                .sorted(Comparator.comparing(Photo::path))
                .map(one -> copy(now, one))
                .toList();
        Set<String> parts = copies.stream().map(Copy::part).collect(toSet());
        boolean exact = files.stream().map(Photo::sha256).distinct().count() == 1;
        return new Group(exact, mirrored, parts.contains("test") && parts.contains("training"), copies);
    }

    private Copy copy(Snapshot now, Photo one) {
        Dimension size = sizes.computeIfAbsent(
                one.sha256(),
                content -> ImageDecoder.size(now.root().resolve(one.path())).orElse(new Dimension()));
        String part = !now.isLabelled(one) ? null : now.isTest(one) ? "test" : "training";
        return new Copy(one.copy(), one.id(), one.file(), now.labels(one), part, size.width, size.height);
    }

    private record Row(int number, Group group, Copy file) {}

    /** Returns the groups as a table, a row per file. */
    static String csv(List<Group> groups) {
        Table<Row> table = new Table<Row>()
                .text("path", row -> row.file.path())
                .count("group", Row::number)
                .text("copy", row -> row.group.kind())
                .text("label", row -> String.join(";", row.file.labels))
                .text("part", row -> row.file.part)
                .count("width", row -> row.file.width)
                .count("height", row -> row.file.height);
        for (Group group : groups) {
            int number = groups.indexOf(group) + 1;
            group.files.forEach(file -> table.row(new Row(number, group, file)));
        }
        return CsvFormat.text(table);
    }
}
