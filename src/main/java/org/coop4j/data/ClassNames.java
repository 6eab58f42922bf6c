package org.coop4j.data;

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
import org.coop4j.base.TextFile;

/** Class names as prompts see them: letter case, underscores and further spaces do not matter. */
public final class ClassNames {
    private static final int NAMED_IN_A_MESSAGE = 5;

    private ClassNames() {}

    /**
     * Checks that there are two names or more and that no two of them make the same prompt.
     *
     * <p>CLIP's tokenizer lower-cases and joins spaces, and a prompt writes an underscore as a
     * space, so "Sea_Lake" and "sea lake" are one text: such classes could never be told apart.
     */
    static void requireUsable(List<String> names, String source) throws DatasetException {
        if (names.size() < 2) {
            throw new DatasetException("%s has %d class%s: a classifier needs two or more"
                    .formatted(source, names.size(), names.size() == 1 ? "" : "es"));
        }
        Map<String, String> byPrompt = new HashMap<>();
        for (String name : names) {
            String other = byPrompt.putIfAbsent(inAPrompt(name), name);
            if (other != null) {
                throw new DatasetException(
                        "two classes of %s are called '%s' and '%s', which make the same prompt: rename one"
                                .formatted(source, other, name));
            }
        }
    }

    /**
     * Finds some classes among others by their names. Of classes that share a name (ImageNet has
     * some) the first wanted one is the first there is, the second the second.
     *
     * @return the position of each wanted class
     * @throws IllegalArgumentException if one is not there, naming it
     */
    public static int[] positions(List<String> wanted, List<String> available) {
        int[] positions = find(wanted, available);
        for (int i = 0; i < positions.length; i++) {
            if (positions[i] < 0) {
                throw new IllegalArgumentException("class \"%s\" is not among the %d classes %s"
                        .formatted(wanted.get(i), available.size(), firstFew(available)));
            }
        }
        return positions;
    }

    /** The same, with −1 for a class that is not there. */
    public static int[] find(List<String> wanted, List<String> available) {
        Map<String, Deque<Integer>> places = new HashMap<>();
        for (int i = 0; i < available.size(); i++) {
            places.computeIfAbsent(inAPrompt(available.get(i)), name -> new ArrayDeque<>())
                    .add(i);
        }
        int[] positions = new int[wanted.size()];
        for (int i = 0; i < positions.length; i++) {
            Deque<Integer> left = places.get(inAPrompt(wanted.get(i)));
            positions[i] = left == null || left.isEmpty() ? -1 : left.remove();
        }
        return positions;
    }

    private static String firstFew(List<String> names) {
        return names.size() <= NAMED_IN_A_MESSAGE
                ? String.join(", ", names)
                : String.join(", ", names.subList(0, NAMED_IN_A_MESSAGE)) + ", …";
    }

    private static String inAPrompt(String name) {
        return name.replace('_', ' ').strip().replaceAll("\\s+", " ").toLowerCase(Locale.ROOT);
    }

    /**
     * A text file in UTF-8 with a line a class, {@code folder<TAB>name} or {@code folder,name}; empty
     * lines are passed over. A folder that the file does not list keeps its own name.
     */
    static final class ClassNamesFile {
        private ClassNamesFile() {}

        /**
         * Reads the names.
         *
         * @param folders the class folders there are
         */
        static Map<String, String> read(Path file, Set<String> folders) throws IOException {
            Map<String, String> names = new LinkedHashMap<>();
            int number = 0;
            for (String line : TextFile.lines(file)) {
                number++;
                if (line.isBlank()) {
                    continue;
                }
                int separator = line.indexOf('\t') >= 0 ? line.indexOf('\t') : line.indexOf(',');
                String folder = line.substring(0, Math.max(separator, 0)).strip();
                String name = line.substring(separator + 1).strip();
                if (folder.isEmpty() || name.isEmpty()) {
                    throw new DatasetException("%s line %d, '%s': write the folder, a tab or comma, and the class name"
                            .formatted(file, number, line));
                }
                if (!folders.contains(folder)) {
                    throw new DatasetException("%s line %d names the folder '%s', which is not there; there are %s"
                            .formatted(file, number, folder, folders));
                }
                if (names.put(folder, name) != null) {
                    throw new DatasetException(
                            "%s line %d names the folder '%s' a second time".formatted(file, number, folder));
                }
            }
            return names;
        }
    }
}
