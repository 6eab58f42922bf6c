package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.base.TextFile;

/** Class names as prompts see them: letter case, underscores and repeated spaces do not matter. */
public final class ClassNames {
    private ClassNames() {}

    /**
     * Checks that there are two names or more and that no two of them make the same prompt.
     *
     * <p>CLIP's tokenizer lower-cases the text and collapses spaces, and a prompt writes an underscore as a space:
     * "Sea_Lake" and "sea lake" are the same text, so no classifier could distinguish such classes.
     */
    public static void requireUsable(List<String> names, String source) throws InputException {
        require(
                names.size() >= 2,
                "%s has %s: a classifier needs two or more",
                source,
                Numbers.count(names.size(), "class", "classes"));
        Map<String, String> byPrompt = new HashMap<>();
        for (String name : names) {
            String other = byPrompt.putIfAbsent(inPrompt(name), name);
            require(
                    other == null,
                    "the classes '%s' and '%s' of %s make the same prompt: rename one",
                    other,
                    name,
                    source);
        }
    }

    /**
     * Finds classes among others by their names. Where several classes share a name, as in ImageNet, the first one
     * wanted is matched with the first one available, the second with the second.
     *
     * @return the position of each wanted class
     * @throws IllegalArgumentException naming a class that is not available
     */
    public static int[] positions(List<String> wanted, List<String> available) {
        int[] positions = find(wanted, available);
        for (int i = 0; i < positions.length; i++) {
            Require.that(
                    positions[i] >= 0,
                    "class \"%s\" is not among the %d classes %s",
                    wanted.get(i),
                    available.size(),
                    Numbers.first(available));
        }
        return positions;
    }

    /** Finds classes as {@link #positions} does, with −1 for a class that is not available. */
    public static int[] find(List<String> wanted, List<String> available) {
        Map<String, Deque<Integer>> places = new HashMap<>();
        for (int i = 0; i < available.size(); i++) {
            places.computeIfAbsent(inPrompt(available.get(i)), name -> new ArrayDeque<>())
                    .add(i);
        }
        int[] positions = new int[wanted.size()];
        for (int i = 0; i < positions.length; i++) {
            Deque<Integer> left = places.get(inPrompt(wanted.get(i)));
            positions[i] = left == null || left.isEmpty() ? -1 : left.remove();
        }
        return positions;
    }

    /** Returns a class name as the tokenizer sees it. */
    public static String inPrompt(String name) {
        return name.replace('_', ' ').strip().replaceAll("\\s+", " ").toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a text file in UTF-8 with one line per class, {@code folder<TAB>name} or {@code folder,name}. Empty lines
     * are skipped.
     *
     * @param folders the existing class folders; one that the file does not list keeps its own name
     */
    static Map<String, String> read(Path file, Set<String> folders) throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        int number = 0;
        for (String line : TextFile.lines(file)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            String[] parts = line.split(line.indexOf('\t') >= 0 ? "\t" : ",", 2);
            String folder = parts[0].strip();
            String problem = null;
            if (folder.isEmpty() || parts.length < 2 || parts[1].isBlank()) {
                problem = "write the folder, a tab or comma, and the class name";
            } else if (!folders.contains(folder)) {
                problem = "no such folder, expected one of " + folders;
            } else if (names.put(folder, parts[1].strip()) != null) {
                problem = "the folder is listed twice: keep one line";
            }
            require(problem == null, "%s line %d, '%s': %s", file, number, line, problem);
        }
        return names;
    }
}
