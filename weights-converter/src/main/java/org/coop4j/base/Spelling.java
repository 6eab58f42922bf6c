package org.coop4j.base;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Suggestions for mistyped names. */
public final class Spelling {

    private Spelling() {}

    /**
     * Returns "; did you mean train?" if a known name is spelled almost like the word, in whatever letter case, otherwise
     * nothing.
     */
    public static String hint(String word, Collection<String> known) {
        return known.stream()
                .filter(name -> folded(word, name) <= (word.length() - 1) / 3)
                .min(Comparator.comparing(name -> folded(word, name)))
                .map(name -> "; did you mean " + name + "?")
                .orElse("");
    }

    private static int folded(String word, String name) {
        return distance(word.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT));
    }

    /** Counts the insertions, deletions, replacements and exchanges of neighbours that turn one text into the other. */
    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
