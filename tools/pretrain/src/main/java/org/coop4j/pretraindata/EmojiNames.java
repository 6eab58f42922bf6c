package org.coop4j.pretraindata;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The English names, tags and groups of all emoji, from the package emojibase-data. */
final class EmojiNames {
    private static final int MOST_KEYWORDS = 8;

    private final Map<String, EmojiName> byCode = new TreeMap<>();
    private final Map<String, EmojiName> bySlug = new HashMap<>();

    private EmojiNames() {}

    /**
     * Reads a package's folder.
     *
     * @param emojibase the unpacked package
     * @param categories nouns for each of its subgroups' keys
     */
    static EmojiNames read(Path emojibase, Map<String, List<String>> categories) throws IOException {
        ObjectMapper json = new ObjectMapper();
        EmojiNames names = new EmojiNames();
        Map<Integer, List<String>> subgroups =
                subgroups(json.readTree(emojibase.resolve("en/messages.json").toFile()), categories);
        for (JsonNode emoji : json.readTree(emojibase.resolve("en/data.json").toFile())) {
            names.add(emoji, subgroups);
        }
        try (Stream<Path> files = Files.list(emojibase.resolve("en/shortcodes"))) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                names.addShortcodes(json.readTree(file.toFile()));
            }
        }
        return names;
    }

    private static Map<Integer, List<String>> subgroups(JsonNode messages, Map<String, List<String>> categories) {
        Map<Integer, List<String>> nouns = new HashMap<>();
        for (JsonNode subgroup : messages.get("subgroups")) {
            // Two have order 46; the second, sweets, is what the emoji of that number are.
            nouns.put(
                    subgroup.get("order").asInt(),
                    categories.getOrDefault(subgroup.get("key").asText(), List.of()));
        }
        return nouns;
    }

    private void add(JsonNode emoji, Map<Integer, List<String>> subgroups) {
        String base = EmojiName.normalise(emoji.get("hexcode").asText());
        List<String> categories = emoji.has("subgroup")
                ? subgroups.getOrDefault(emoji.get("subgroup").asInt(), List.of())
                : List.of();
        List<String> tags = new ArrayList<>();
        emoji.path("tags").forEach(tag -> tags.add(tag.asText().toLowerCase(Locale.ROOT)));
        // Shorter ones are codes of countries and letters of emoticons.
        tags.removeIf(tag -> String.join("", Words.split(tag)).length() < 3);
        // The tags are in alphabetical order: a stretch of them would be all of one letter.
        tags.sort(java.util.Comparator.comparingLong(tag -> Hashes.of(base + tag)));
        List<String> keywords = tags.subList(0, Math.min(MOST_KEYWORDS, tags.size()));
        put(emoji, base, keywords, categories);
        emoji.path("skins").forEach(skin -> put(skin, base, keywords, categories));
    }

    private void put(JsonNode emoji, String base, List<String> keywords, List<String> categories) {
        String code = EmojiName.normalise(emoji.get("hexcode").asText());
        String label = emoji.get("label").asText();
        EmojiName name = new EmojiName(code, base, label, new Subject(phrase(label), keywords, categories));
        byCode.put(code, name);
        bySlug.put(slug(label), name);
    }

    private void addShortcodes(JsonNode shortcodes) {
        shortcodes.properties().forEach(entry -> {
            EmojiName name = byCode.get(EmojiName.normalise(entry.getKey()));
            JsonNode codes = entry.getValue();
            if (name != null && codes.isArray()) {
                codes.forEach(code -> bySlug.putIfAbsent(slug(code.asText()), name));
            } else if (name != null) {
                bySlug.putIfAbsent(slug(codes.asText()), name);
            }
        });
    }

    /** Returns the label as one says it: "flag of Japan" for "flag: Japan". */
    static String phrase(String label) {
        String lower = label.toLowerCase(Locale.ROOT).replaceAll("[“”’]", "").replace('-', ' ');
        if (lower.startsWith("flag: ")) {
            return "flag of " + lower.substring("flag: ".length());
        }
        return lower.replace("keycap: ", "keycap ")
                .replaceAll(": ([^:]*skin tone)", " with $1")
                .replace(": ", ", ")
                .replaceAll("[()!*#]", "")
                .trim();
    }

    /** Returns the letters and digits of a name, by which sets that name emoji in words are matched. */
    static String slug(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("^flag-for-", "flag-").replaceAll("[^\\p{L}\\p{N}]", "");
    }

    Optional<EmojiName> withCode(String code) {
        return Optional.ofNullable(byCode.get(EmojiName.normalise(code)));
    }

    Optional<EmojiName> withSlug(String name) {
        return Optional.ofNullable(bySlug.get(slug(name)));
    }

    Collection<EmojiName> all() {
        return Collections.unmodifiableCollection(byCode.values());
    }
}
