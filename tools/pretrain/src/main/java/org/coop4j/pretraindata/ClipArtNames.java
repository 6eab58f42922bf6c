package org.coop4j.pretraindata;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Makes English names and keywords of what Open Clip Art's drawings say of themselves.
 *
 * <p>Titles are often those of a whole series ("Part of the Flat Icon Collection"), or of another
 * drawing of it ("Clipart by Nicu Buculei - smiley111" on a penguin), and file names end in pieces
 * of the author's name ("apple_martin_schmidt-li_01r").
 */
final class ClipArtNames {
    /**
     * A title carried by so many drawings of one author says what the series is, not the drawing.
     */
    private static final int SERIES = 3;

    private static final int LONGEST_NAME = 8;
    private static final int LONGEST_DESCRIPTION = 12;
    private static final Pattern CONTACT = Pattern.compile("[@/<>:]|www|http");
    private static final Pattern SERIES_TITLE =
            Pattern.compile("(?i)clip ?arts? by|collection|\\btheme|iconset|sub?mission|symbol_signs");
    private static final Pattern COLOURLESS = Pattern.compile("(?i)\\(? *b *(and|&) *w *\\)?");
    private static final Pattern CAMEL = Pattern.compile("(?<=\\p{Ll})(?=\\p{Lu})");
    private static final Set<String> NOISE = Set.of(
            "clipart",
            "clip",
            "icon",
            "svg",
            "png",
            "md",
            "bw",
            "untitled",
            "unnamed",
            "drawing",
            "simple",
            "image",
            "picture",
            "version",
            "collection",
            "part",
            "ver",
            "theme",
            "new",
            "final",
            "test",
            "various",
            "style",
            "logo",
            "symbol",
            "stock");
    private static final Set<String> LINK_WORDS =
            Set.of("a", "an", "the", "of", "on", "in", "and", "with", "by", "for", "from", "to", "at");

    private final Words words;
    private final Map<String, String> keywordMeanings;
    private final Map<String, Integer> titleCounts;

    ClipArtNames(Words words, Map<String, String> keywordMeanings, List<SvgMetadata> all) {
        this.words = words;
        this.keywordMeanings = Map.copyOf(keywordMeanings);
        this.titleCounts = new HashMap<>();
        all.forEach(metadata -> titleCounts.merge(metadata.title(), 1, Integer::sum));
    }

    /** Returns the drawing's name in English, from its title or else from its file's name; may be empty. */
    String name(SvgMetadata metadata, String stem) {
        String title = COLOURLESS.matcher(metadata.title()).replaceAll(" ");
        boolean series = titleCounts.getOrDefault(metadata.title(), 0) >= SERIES
                || SERIES_TITLE.matcher(title).find();
        if (!series) {
            String name = clean(title, metadata.author());
            if (!name.isEmpty()) {
                return name;
            }
        }
        return clean(stem, metadata.author());
    }

    /** Returns the description where it is a short English phrase that adds to the name, else empty. */
    String description(SvgMetadata metadata, String name) {
        String text = metadata.description();
        List<String> parts = Words.split(text);
        boolean usable = parts.size() >= 3
                && parts.size() <= LONGEST_DESCRIPTION
                && !CONTACT.matcher(text).find()
                && words.areEnglish(text)
                && parts.stream().noneMatch(authorWords(metadata.author())::contains);
        String phrase = String.join(" ", parts);
        return usable && !phrase.equals(name) ? phrase : "";
    }

    /** Returns the keywords that are English, in the order given. */
    List<String> keywords(SvgMetadata metadata) {
        Set<String> keywords = new LinkedHashSet<>();
        Set<String> author = authorWords(metadata.author());
        for (String subject : metadata.subjects()) {
            String lower = subject.toLowerCase(Locale.ROOT).trim();
            String meaning = keywordMeanings.getOrDefault(lower, lower);
            String phrase = String.join(" ", Words.split(meaning));
            boolean ofAuthor = Words.split(phrase).stream().allMatch(author::contains);
            if (!phrase.isEmpty() && !ofAuthor && words.areEnglish(phrase)) {
                keywords.add(phrase);
            }
        }
        return List.copyOf(keywords);
    }

    private String clean(String text, String author) {
        Set<String> authorWords = authorWords(author);
        List<String> kept = new ArrayList<>();
        for (String word : Words.split(CAMEL.matcher(text.replace('_', ' ')).replaceAll(" "))) {
            boolean ofAuthor = authorWords.stream().anyMatch(name -> isPieceOf(word, name));
            if (!ofAuthor && !NOISE.contains(word)) {
                kept.add(keywordMeanings.getOrDefault(word, word));
            }
        }
        List<String> english = Words.split(words.englishPart(String.join(" ", kept)));
        // Where most words are not English the few that are have another meaning ("cane", "pane").
        boolean foreign = english.size() * 2 < kept.size();
        List<String> name = foreign ? List.of() : trimLinks(english);
        return name.size() > LONGEST_NAME ? "" : String.join(" ", name);
    }

    /** Returns true for a piece of the author's name, which file names cut short: "schmidt-li" of Schmidt-Lindner. */
    private static boolean isPieceOf(String word, String name) {
        return word.equals(name) || (word.length() >= 4 && name.startsWith(word));
    }

    private static Set<String> authorWords(String author) {
        Set<String> names = new HashSet<>(Words.split(author));
        names.removeAll(LINK_WORDS);
        return names;
    }

    private static List<String> trimLinks(List<String> name) {
        int from = 0;
        int to = name.size();
        while (from < to && LINK_WORDS.contains(name.get(from))) {
            from++;
        }
        while (to > from && LINK_WORDS.contains(name.get(to - 1))) {
            to--;
        }
        return name.subList(from, to);
    }
}
