package org.coop4j.base;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;

/** Untrusted names that become those of files and folders, and suit every file system. */
public final class SafeName {

    private static final int LONGEST = 100;
    private static final int LONGEST_OF_FILES = 255; // bytes that file systems allow
    private static final Set<String> RESERVED =
            Set.of("con prn aux nul com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7"
                    .concat(" lpt8 lpt9 __macosx")
                    .split(" "));

    private SafeName() {}

    /**
     * Returns a folder's name without spaces around it, in the usual form of Unicode.
     *
     * @throws IllegalArgumentException if it could leave its parent, or is not a valid folder name on every system
     */
    public static String folder(String given) {
        String name = given == null ? "" : Normalizer.normalize(given.strip(), Normalizer.Form.NFC);
        Require.that(!name.isEmpty(), "a name is missing");
        Require.that(
                name.length() <= LONGEST && name.getBytes(UTF_8).length <= 2 * LONGEST,
                "the name is too long: use at most %d characters",
                LONGEST);
        Require.that(
                name.matches("[^/\\\\:*?\"<>|\\p{Co}\\p{Cn}]+")
                        && name.codePoints().noneMatch(SafeText::isHarmful)
                        && name.matches(".*[\\p{L}\\p{N}].*"),
                "a name has letters or digits, and none of / \\ : * ? \" < > |");
        Require.that(!name.startsWith(".") && !name.endsWith("."), "a name neither begins nor ends with a full stop");
        Require.that(!isReserved(name), "%s has a meaning of its own: use another word", name);
        return name;
    }

    private static boolean isReserved(String name) {
        return RESERVED.contains(
                name.toLowerCase(Locale.ROOT).replaceFirst("\\..*", "").strip());
    }

    /**
     * Returns a harmless name for a file.
     *
     * @param given proposed name, whose folders do not count; may be null
     * @param endings regular expression of the endings that it may keep
     * @param other ending if it has none of these
     */
    public static String file(String given, String endings, String other) {
        String name = given == null ? "" : Normalizer.normalize(given, Normalizer.Form.NFC);
        name = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
                .replaceAll("[:*?\"<>|\\p{C}]", "_")
                .replaceFirst("^[.\\s]+", "")
                .strip();
        int dot = name.lastIndexOf('.');
        boolean keeps =
                dot > 0 && name.substring(dot + 1).toLowerCase(Locale.ROOT).matches(endings);
        String stem = keeps ? name.substring(0, dot) : name;
        String ending = keeps ? name.substring(dot) : "." + other;
        stem = cut(stem, LONGEST);
        return (stem.isBlank() || isReserved(stem) ? "picture " + stem : stem).strip() + ending;
    }

    /** Returns the beginning of a name that has a number of bytes at most. */
    private static String cut(String name, int bytes) {
        String beginning = name;
        while (beginning.getBytes(UTF_8).length > bytes) {
            beginning = beginning.substring(0, beginning.offsetByCodePoints(beginning.length(), -1));
        }
        return beginning;
    }

    /**
     * Returns the first of "a/name.jpg", "a/name (2).jpg", "a/name (3).jpg" and so on that is not taken. A name that no
     * file system allows is cut before its ending.
     */
    public static String free(String wanted, Predicate<String> taken) {
        int slash = wanted.lastIndexOf('/');
        int dot = wanted.lastIndexOf('.') > slash + 1 ? wanted.lastIndexOf('.') : wanted.length();
        for (int n = 1; ; n++) {
            String end = (n == 1 ? "" : " (%d)".formatted(n)) + wanted.substring(dot);
            String stem = cut(wanted.substring(slash + 1, dot), LONGEST_OF_FILES - end.getBytes(UTF_8).length);
            String place = wanted.substring(0, slash + 1) + stem + end;
            if (!taken.test(place)) {
                return place;
            }
        }
    }
}
