package org.coop4j.studio;

import static java.util.stream.Collectors.flatMapping;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
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

/**
 * The labels after some entries of a journal: classes, contents by place, removed ones too, and marks. A mark says such a
 * thing as that a person called a label right or wrong ({@link Photo}); where a table has several labels per picture, it is one of those, or a class.
 */
final class Places {

    /** Beginning of the mark of a class, before its name. */
    static final String CLASS = "#";

    /** Beginning of the mark of a content that shows a class. */
    static final String SHOWN = "@";

    /** Beginning of the mark of a content that does not show a class. */
    private static final String ABSENT = "~";

    private static final String GONE = "-"; // before a mark that is taken back
    private static final int NAME = 65; // characters before the name of a class

    final NavigableMap<String, String> contents = new TreeMap<>();
    final NavigableSet<String> classes = new TreeSet<>();
    final Set<String> kept = new HashSet<>();

    /** Labels that were decided: true if the content shows the class. */
    final Map<String, SortedMap<String, Boolean>> judged = new HashMap<>();

    private boolean several; // the table of the labels has been seen
    private int removed; // pictures among the contents

    void apply(Entry entry) {
        entry.makes().stream().filter(name -> !name.contains("/")).forEach(classes::add);
        entry.moves().forEach(this::move);
        entry.drops().forEach(classes::remove);
        entry.marks().forEach(this::mark);
    }

    static String positive(String mark) {
        return mark.startsWith(GONE) ? mark.substring(1) : mark;
    }

    /** Returns a mark that takes another back. */
    static String back(String mark) {
        return mark.startsWith(GONE) ? mark.substring(1) : GONE + mark;
    }

    static boolean isClass(String mark) {
        return mark.startsWith(CLASS);
    }

    static boolean isLabel(String mark) {
        return mark.startsWith(SHOWN) || mark.startsWith(ABSENT);
    }

    static String content(String label) {
        return label.substring(1, NAME);
    }

    static String name(String label) {
        return label.substring(NAME);
    }

    /** Returns the labels of a content that were decided. */
    SortedMap<String, Boolean> decided(String content) {
        return judged.getOrDefault(content, new TreeMap<>());
    }

    /** Returns the marks that make a label of a content shown, absent or, if null, undecided. */
    List<String> judging(String content, String name, Boolean shown) {
        Boolean before = decided(content).get(name);
        List<String> marks = new ArrayList<>();
        if (!Objects.equals(before, shown)) {
            if (before != null) {
                marks.add(GONE + label(content, name, before));
            }
            if (shown != null) {
                marks.add(label(content, name, shown));
            }
        }
        return marks;
    }

    private static String label(String content, String name, boolean shown) {
        return (shown ? SHOWN : ABSENT) + Photo.label(content, name);
    }

    void mark(String mark) {
        String what = positive(mark);
        boolean gone = !mark.equals(what);
        if (isLabel(what)) {
            SortedMap<String, Boolean> own = new TreeMap<>(decided(content(what)));
            if (gone) {
                own.remove(name(what));
            } else {
                own.put(name(what), what.startsWith(SHOWN));
            }
            judged.put(content(what), own); // another, as others may read the one before
        } else {
            Set<String> all = isClass(what) ? classes : kept;
            String one = isClass(what) ? what.substring(1) : what;
            boolean unused = gone ? all.remove(one) : all.add(one);
        }
        several |= isLabel(what) || isClass(what);
    }

    /** Returns true if the labels are those of a table. */
    boolean isSeveral() {
        return several;
    }

    /** Returns the marks that lead here, but for those of classes. */
    Stream<String> marks() {
        Stream<String> labels = judged.entrySet().stream().flatMap(own -> own.getValue().entrySet().stream()
                .map(one -> label(own.getKey(), one.getKey(), one.getValue())));
        return Stream.concat(kept.stream(), labels);
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
                rename(Photo.accepted(content, move.from()), Photo.accepted(content, move.to()));
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

    private Stream<String> classes(String place, String content) {
        Set<String> shown = several ? shown(decided(content)) : Set.of();
        return shown.isEmpty()
                ? Stream.of(several ? "" : Objects.requireNonNullElse(Photo.classOf(place), ""))
                : shown.stream();
    }

    /** Returns the labels that are shown among those that were decided. */
    static Set<String> shown(Map<String, Boolean> decided) {
        Set<String> shown = new LinkedHashSet<>(decided.keySet());
        shown.removeIf(name -> !decided.get(name));
        return shown;
    }

    private Map<String, Set<String>> classesByContent() {
        return seen().entrySet().stream()
                .collect(groupingBy(
                        Map.Entry::getValue,
                        TreeMap::new,
                        flatMapping(place -> classes(place.getKey(), place.getValue()), toSet())));
    }
}
