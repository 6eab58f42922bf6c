package org.coop4j.pretraindata;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** A word list of English, against which names and keywords are held. */
final class Words {
    private static final Pattern NOT_A_LETTER = Pattern.compile("[^\\p{L}']+");
    private static final Set<String> SHORT = Set.of("a", "an", "i", "of", "on", "in", "to", "at");

    private final Set<String> known;

    private Words(Set<String> known) {
        this.known = known;
    }

    /** Reads a list of one word a line; capitalised words count in lower case too. */
    static Words read(Path list) throws IOException {
        Set<String> known = new HashSet<>();
        for (String line : Files.readAllLines(list)) {
            known.add(line.trim().toLowerCase(Locale.ROOT));
        }
        return new Words(known);
    }

    /** Adds the words of a text that is English for certain. */
    void learn(String text) {
        known.addAll(split(text));
    }

    /** Returns true if every word of the text is English; false for a text without words. */
    boolean areEnglish(String text) {
        List<String> words = split(text);
        return !words.isEmpty() && words.stream().allMatch(this::isEnglish);
    }

    /** Returns the text without the words that are not English. */
    String englishPart(String text) {
        return String.join(" ", split(text).stream().filter(this::isEnglish).toList());
    }

    private boolean isEnglish(String word) {
        if (word.length() < 3) {
            return SHORT.contains(word) || word.equals("ox") || word.equals("tv");
        }
        return known.contains(word);
    }

    /** Returns the words of a text in lower case: runs of letters and apostrophes. */
    static List<String> split(String text) {
        return NOT_A_LETTER
                .splitAsStream(text.toLowerCase(Locale.ROOT))
                .map(word -> word.replaceAll("^'+|'+$", ""))
                .filter(word -> !word.isEmpty())
                .toList();
    }
}
