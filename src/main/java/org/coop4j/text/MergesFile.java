package org.coop4j.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The lines of a {@code merges.txt}: an optional {@code #version} line, then two symbols a line.
 */
final class MergesFile {
    private MergesFile() {}

    /**
     * Reads the pairs in order of rank.
     *
     * @param name what messages call the file
     * @throws IOException when a line is not two symbols with one space between them
     */
    static List<String[]> read(BufferedReader in, String name) throws IOException {
        List<String[]> pairs = new ArrayList<>();
        int number = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            number++;
            boolean header = number == 1 && line.startsWith("#version");
            if (!header && !line.isEmpty()) {
                pairs.add(pair(line, name, number));
            }
        }
        return pairs;
    }

    private static String[] pair(String line, String name, int number) throws IOException {
        int space = line.indexOf(' ');
        boolean two = space > 0 && space < line.length() - 1 && line.indexOf(' ', space + 1) < 0;
        if (!two) {
            throw new IOException(
                    name + " line " + number + " is not two symbols with a space between them");
        }
        return new String[] {line.substring(0, space), line.substring(space + 1)};
    }
}
