package org.coop4j.pretraindata;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the names of icons say that they show: "dog-side" a dog, "map-marker-off" nothing of use.
 *
 * <p>A name is of use if it has at most three English words, none of which belongs to the language
 * of buttons and menus, and its last or else its first is the name of a thing.
 */
final class IconNames {
    private static final int MOST_WORDS = 3;
    private static final Set<String> STYLES = Resources.lines("icon-styles.txt");
    private static final Set<String> INTERFACE = Resources.lines("icon-interface-words.txt");

    private final Words words;
    private final Map<String, List<String>> kinds = new HashMap<>();

    /**
     * Reads the list of things.
     *
     * @param words English words
     */
    IconNames(Words words) {
        this.words = words;
        Resources.texts("icon-things.json").forEach((categories, things) -> {
            for (String thing : things.split(" ", -1)) {
                kinds.putIfAbsent(thing, List.of(categories.split(", ", -1)));
            }
        });
    }

    /** Returns the subject of the icon of that name, or nothing. */
    Optional<Subject> subject(String icon) {
        List<String> parts = new ArrayList<>(List.of(icon.replaceAll("\\d+", "").split("-+", -1)));
        parts.removeIf(part -> part.isEmpty() || STYLES.contains(part));
        if (parts.isEmpty() || parts.size() > MOST_WORDS || !isOfUse(parts)) {
            return Optional.empty();
        }
        String last = parts.get(parts.size() - 1);
        String thing = kinds.containsKey(last) ? last : parts.get(0);
        return Optional.ofNullable(kinds.get(thing))
                .map(categories -> subject(String.join(" ", parts), thing, categories));
    }

    private static Subject subject(String name, String thing, List<String> categories) {
        List<String> keywords = name.equals(thing) ? List.of() : List.of(thing);
        return new Subject(name, keywords, categories);
    }

    private boolean isOfUse(List<String> parts) {
        return parts.stream().noneMatch(INTERFACE::contains)
                && parts.stream().allMatch(p -> kinds.containsKey(p) || words.areEnglish(p));
    }
}
