package org.coop4j.studio;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.coop4j.studio.Journal.Entry;
import org.coop4j.studio.Journal.Move;
import org.coop4j.studio.Journal.Tested;
import org.coop4j.studio.Studio.Picture;

/** The labels after some entries of a journal: the classes, and the contents by their places, removed ones too. */
final class Labels {

    final SortedMap<String, String> places = new TreeMap<>();
    final TreeSet<String> classes = new TreeSet<>();

    /**
     * A state of the labels.
     *
     * @param state number of the action that led to it
     * @param when time, as in ISO 8601
     * @param what the action in words
     * @param pictures number of pictures, unsorted ones too
     * @param tested the test of what was learned from it; null if there was none
     */
    record Version(int state, String when, String what, int pictures, Tested tested) {

        private Version with(Tested test) {
            return new Version(state, when, what, pictures, test);
        }
    }

    /**
     * A content whose labels differ between two states.
     *
     * @param from its classes before; "" if it was unsorted, none if it was not there
     */
    record Difference(String id, Set<String> from, Set<String> to) {}

    /** Returns the labels after all entries up to an action. */
    static Labels at(Collection<Entry> entries, int state) {
        Labels labels = new Labels();
        entries.stream().filter(entry -> entry.action() <= state).forEach(labels::apply);
        return labels;
    }

    /** Returns all states, the latest first. */
    static List<Version> versions(Collection<Entry> entries) {
        Map<Integer, Version> versions = new LinkedHashMap<>();
        List<Entry> gesture = new ArrayList<>(); // that of the latest version
        Labels labels = new Labels();
        for (Entry entry : entries) {
            labels.apply(entry);
            int state = entry.action();
            if (entry.isChange()) {
                if (gesture.isEmpty()
                        || entry.gesture() == null
                        || !entry.gesture().equals(gesture.get(0).gesture())) {
                    gesture.clear();
                } else {
                    versions.remove(gesture.get(gesture.size() - 1).action());
                }
                gesture.add(entry);
                versions.put(
                        state,
                        new Version(
                                state,
                                Instant.ofEpochMilli(entry.at()).toString(),
                                Objects.requireNonNullElse(
                                        Journal.what(gesture),
                                        versions.isEmpty() ? "The folder as it was" : "Changed outside the studio"),
                                labels.places.size()
                                        - inside(labels.places, Studio.OWN).size(),
                                null));
            } else if (entry.tested() != null) {
                versions.computeIfPresent(state, (n, version) -> version.with(entry.tested()));
            }
        }
        List<Version> latestFirst = new ArrayList<>(versions.values());
        Collections.reverse(latestFirst);
        return latestFirst;
    }

    void apply(Entry entry) {
        entry.makes().stream().filter(name -> !name.contains("/")).forEach(classes::add);
        for (Move move : entry.moves()) {
            if (move.sha256().isEmpty()) {
                classes.remove(move.from());
                classes.add(move.to());
                rename(places, move.from(), move.to(), (content, place) -> content);
            } else {
                places.remove(move.from());
                if (!move.to().isEmpty()) {
                    places.put(move.to(), move.sha256());
                }
            }
        }
        entry.drops().forEach(classes::remove);
    }

    /** Moves what lies in a folder to another in a map of places. */
    static <T> void rename(SortedMap<String, T> places, String from, String to, BiFunction<T, String, T> at) {
        Map<String, T> own = inside(places, from);
        Map<String, T> moved = new TreeMap<>(own);
        own.clear();
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
    private SortedMap<String, String> seen() {
        SortedMap<String, String> seen = new TreeMap<>(places);
        inside(seen, Studio.OWN).clear();
        return seen;
    }

    /** Returns the changes that lead from these labels to what lies in the folder. */
    List<Move> to(SortedMap<String, Picture> found) {
        List<Move> moves = new ArrayList<>();
        SortedMap<String, String> seen = seen();
        seen.forEach((place, content) -> {
            Picture now = found.get(place);
            if (now == null || !now.sha256().equals(content)) {
                moves.add(new Move(content, place, ""));
            }
        });
        found.forEach((place, one) -> {
            if (!one.sha256().equals(seen.get(place))) {
                moves.add(new Move(one.sha256(), "", place));
            }
        });
        return moves;
    }

    /** Returns the contents whose classes differ in other labels. */
    List<Difference> difference(Labels other) {
        Map<String, Set<String>> before = byContent();
        Map<String, Set<String>> after = other.byContent();
        return Stream.concat(before.keySet().stream(), after.keySet().stream())
                .distinct()
                .map(content -> new Difference(
                        Picture.id(content),
                        before.getOrDefault(content, Set.of()),
                        after.getOrDefault(content, Set.of())))
                .filter(one -> !one.from.equals(one.to))
                .toList();
    }

    private Map<String, Set<String>> byContent() {
        Map<String, Set<String>> all = new TreeMap<>();
        seen().forEach((place, content) -> all.computeIfAbsent(content, one -> new TreeSet<>())
                .add(Objects.requireNonNullElse(Picture.classOf(place), "")));
        return all;
    }
}
