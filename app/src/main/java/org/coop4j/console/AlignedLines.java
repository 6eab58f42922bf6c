package org.coop4j.console;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.SafeText;
import org.coop4j.console.Table.Kind;

/** Rows in aligned columns, two spaces apart. */
public final class AlignedLines {

    private static final int FIRST_EMOJI = 0x1F300;
    /** Characters to which a column of words is broken at least. */
    private static final int LEAST_WIDTH = 10;

    private final List<Kind> kinds;
    private final int[] widths;
    private final List<List<String>> rows = new ArrayList<>();
    private int printed;

    /** Two columns of words. */
    public AlignedLines() {
        this(Kind.WORDS, Kind.WORDS);
    }

    /** Takes the kinds of the columns: numbers are aligned right. */
    public AlignedLines(Kind... kinds) {
        this.kinds = List.of(kinds);
        this.widths = new int[kinds.length];
    }

    /** Adds a row and makes its cells printable. */
    public AlignedLines row(String... cells) {
        List<String> row = new ArrayList<>();
        for (int c = 0; c < cells.length; c++) {
            row.add(SafeText.line(cells[c]));
            atLeast(c, columns(row.get(c)));
        }
        rows.add(row);
        return this;
    }

    /** Makes a column at least this wide. */
    void atLeast(int column, int width) {
        widths[column] = Math.max(widths[column], width);
    }

    /** Prints the rows that were added since the last call. */
    public void print(Console console) {
        rows.stream().skip(printed).map(this::line).forEach(console.out()::println);
        printed = rows.size();
    }

    /** Returns the columns that the longest row takes. */
    int width() {
        return Arrays.stream(widths).sum() + 2 * (widths.length - 1);
    }

    /** Returns these rows with the widest column of words broken into lines, if they take more than so many columns. */
    public AlignedLines within(int most) {
        int widest = IntStream.range(0, widths.length)
                .filter(c -> !kinds.get(c).isNumeric())
                .reduce((a, b) -> widths[b] > widths[a] ? b : a)
                .orElse(0);
        int room = widths[widest] - (width() - most);
        if (width() <= most || room < LEAST_WIDTH || kinds.get(widest).isNumeric()) {
            return this;
        }
        AlignedLines broken = new AlignedLines(kinds.toArray(Kind[]::new));
        for (List<String> row : rows) {
            String[] cells = row.toArray(String[]::new);
            for (String line : wrapped(row.get(widest), room)) {
                cells[widest] = line;
                broken.row(cells);
                Arrays.fill(cells, "");
            }
        }
        return broken;
    }

    /** Returns all rows as they are printed. */
    public List<String> lines() {
        return rows.stream().map(this::line).toList();
    }

    private String line(List<String> row) {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < widths.length; c++) {
            String padding = " ".repeat(widths[c] - columns(row.get(c)));
            line.append(c == 0 ? "" : "  ");
            line.append(kinds.get(c).isNumeric() ? padding + row.get(c) : row.get(c) + padding);
        }
        return line.toString().stripTrailing();
    }

    /** Returns the beginning of a text that takes at most so many columns. */
    public static String cut(String text, int most) {
        int end = 0;
        for (int taken = 0; end < text.length(); end += Character.charCount(text.codePointAt(end))) {
            taken += columns(text.codePointAt(end));
            if (taken > most) {
                break;
            }
        }
        return text.substring(0, end);
    }

    /** Breaks a text between words into lines of at most so many characters. */
    public static List<String> wrapped(String text, int most) {
        return text.length() <= most
                ? List.of(text)
                : text.replaceAll("(.{1," + most + "})( |$)", "$1\n").lines().toList();
    }

    /** Returns the columns that a text takes on the terminal: East Asian characters take two. */
    static int columns(String text) {
        return text.codePoints().map(AlignedLines::columns).sum();
    }

    private static int columns(int codePoint) {
        if (Character.getType(codePoint) == Character.NON_SPACING_MARK) {
            return 0;
        }
        boolean wide =
                switch (Character.UnicodeScript.of(codePoint)) {
                    case HAN, HIRAGANA, KATAKANA, HANGUL -> true;
                    default -> codePoint >= FIRST_EMOJI;
                };
        return wide ? 2 : 1;
    }
}
