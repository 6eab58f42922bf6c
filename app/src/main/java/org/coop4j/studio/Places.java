package org.coop4j.studio;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Snapshot.Photo;

/** The labels after some entries of a journal: classes, contents by place, removed ones too, and what a person called right or wrong. */
final class Places {

    final NavigableMap<String, String> contents = new TreeMap<>();
    final NavigableSet<String> classes = new TreeSet<>();
    final Set<String> kept = new HashSet<>();
    private int removed; // pictures among the contents

    void apply(Entry entry) {
        entry.makes().stream().filter(name -> !name.contains("/")).forEach(classes::add);
        entry.moves().forEach(this::move);
        entry.drops().forEach(classes::remove);
        if (entry.undoes() == null) {
            kept.addAll(entry.kept());
        } else {
            entry.kept().forEach(kept::remove);
        }
    }

    private void rename(String from, String to) {
        if (kept.remove(from)) {
            kept.add(to);
        }
    }

    void move(Move move) {
        if (move.sha256().isEmpty()) {
            classes.remove(move.from());
            classes.add(move.to());
            rename(contents, move.from(), move.to(), (content, place) -> content);
            contents.values().forEach(content -> {
                rename(Photo.label(content, move.from()), Photo.label(content, move.to()));
                rename(Photo.wrong(content, move.from()), Photo.wrong(content, move.to()));
            });
            removed = inside(contents, PhotoFolder.OWN).size();
            return;
        }
        removed -= isRemoved(move.from()) && contents.containsKey(move.from()) ? 1 : 0;
        contents.remove(move.from());
        if (!move.to().isEmpty()) {
            removed += isRemoved(move.to()) && !contents.containsKey(move.to()) ? 1 : 0;
            contents.put(move.to(), move.sha256());
        }
    }

    private static boolean isRemoved(String place) {
        return place.startsWith(PhotoFolder.OWN);
    }

    /** Moves what lies in a folder to another in a map of places. */
    static <T> void rename(SortedMap<String, T> places, String from, String to, BiFunction<T, String, T> at) {
        Map<String, T> moved = new TreeMap<>(inside(places, from));
        inside(places, from).clear();
        moved.forEach((place, one) -> {
            String now = to + place.substring(from.length());
            places.put(now, at.apply(one, now));
        });
    }

    /** Returns the part of a map of places that lies in a folder. */
    static <T> SortedMap<String, T> inside(SortedMap<String, T> places, String folder) {
        return places.subMap(folder + "/", folder + "0"); // the character after the slash
    }

    /** Returns the content of each place outside the studio's own folder. */
    SortedMap<String, String> seen() {
        SortedMap<String, String> seen = new TreeMap<>(contents);
        inside(seen, PhotoFolder.OWN).clear();
        return seen;
    }

    /** Returns the number of pictures. */
    int size() {
        return contents.size() - removed;
    }

    /**
     * A content whose labels differ between two states.
     *
     * @param from its classes before; "" if it was unsorted, none if it was not there
     */
    record Difference(String id, Set<String> from, Set<String> to) {}

    /** Returns the contents whose classes differ in other labels. */
    List<Difference> difference(Places other) {
        Map<String, Set<String>> before = classesByContent();
        Map<String, Set<String>> after = other.classesByContent();
        return Stream.concat(before.keySet().stream(), after.keySet().stream())
                .distinct()
                .map(content -> new Difference(
                        Photo.id(content),
                        before.getOrDefault(content, Set.of()),
                        after.getOrDefault(content, Set.of())))
                .filter(one -> !one.from.equals(one.to))
                .toList();
    }

    private Map<String, Set<String>> classesByContent() {
        return seen().entrySet().stream()
                .collect(groupingBy(
                        Map.Entry::getValue,
                        TreeMap::new,
                        mapping(place -> Objects.requireNonNullElse(Photo.classOf(place.getKey()), ""), toSet())));
    }
}
