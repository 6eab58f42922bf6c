package org.coop4j.studio;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
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
     * @param right test pictures that the classifier learned from it has right; null if nothing was tested
     */
    record Version(int state, String when, String what, int pictures, Integer right, Integer tested) {

        private Version with(Tested test) {
            return new Version(state, when, what, pictures, test.right(), test.tested());
        }
    }

    /** Returns the labels after all entries up to an action. */
    static Labels at(Collection<Entry> entries, int state) {
        Labels labels = new Labels();
        entries.stream().filter(entry -> entry.action() <= state).forEach(labels::apply);
        return labels;
    }

    /** Returns all states, the latest first. */
    static List<Version> versions(Collection<Entry> entries) {
        Map<Integer, Version> versions = new LinkedHashMap<>();
        Labels labels = new Labels();
        for (Entry entry : entries) {
            labels.apply(entry);
            int state = entry.action();
            if (entry.isChange()) {
                String found = versions.isEmpty() ? "The folder as it was" : "Changed outside the studio";
                String what = Objects.requireNonNullElse(entry.what(), found);
                versions.put(
                        state,
                        new Version(
                                state,
                                Instant.ofEpochMilli(entry.at()).toString(),
                                what,
                                labels.places.size()
                                        - inside(labels.places, Studio.OWN).size(),
                                null,
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
                Map<String, String> own = inside(places, move.from());
                Map<String, String> moved = new TreeMap<>(own);
                own.clear();
                moved.forEach((place, content) ->
                        places.put(move.to() + place.substring(move.from().length()), content));
            } else {
                places.remove(move.from());
                if (!move.to().isEmpty()) {
                    places.put(move.to(), move.sha256());
                }
            }
        }
        entry.drops().forEach(classes::remove);
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

    /** Returns the pictures whose classes differ in other labels: the id, from and to, each of them if it is there. */
    List<Map<String, String>> difference(Labels other) {
        Map<String, SortedSet<String>> before = byContent();
        Map<String, SortedSet<String>> after = other.byContent();
        SortedSet<String> all = new TreeSet<>(before.keySet());
        all.addAll(after.keySet());
        List<Map<String, String>> changes = new ArrayList<>();
        for (String content : all) {
            SortedSet<String> from = before.getOrDefault(content, new TreeSet<>());
            SortedSet<String> to = after.getOrDefault(content, new TreeSet<>());
            if (!from.equals(to)) {
                Map<String, String> change = new LinkedHashMap<>(Map.of("id", Picture.id(content)));
                put(change, "from", from, to);
                put(change, "to", to, from);
                changes.add(change);
            }
        }
        return changes;
    }

    private Map<String, SortedSet<String>> byContent() {
        Map<String, SortedSet<String>> all = new TreeMap<>();
        seen().forEach((place, content) -> all.computeIfAbsent(content, one -> new TreeSet<>())
                .add(Objects.requireNonNullElse(Picture.classOf(place), "")));
        return all;
    }

    /** Puts a class that the others do not have, if there is one; null for unsorted. */
    private static void put(
            Map<String, String> change, String key, SortedSet<String> classes, SortedSet<String> others) {
        if (!classes.isEmpty()) {
            String name = classes.stream()
                    .filter(one -> !others.contains(one))
                    .findFirst()
                    .orElse(classes.first());
            change.put(key, name.isEmpty() ? null : name);
        }
    }
}
