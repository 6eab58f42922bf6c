package org.coop4j.base;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Names what a file is that was taken for another kind, by its first bytes. */
public final class FileKind {
    private static final int SHOWN = 40;

    private FileKind() {}

    /** Returns the kind of a file with its article, such as "a PDF", from its first bytes. */
    public static String of(byte[] content) {
        byte[] start = Arrays.copyOf(content, Math.min(SHOWN, content.length));
        String latin1 = new String(start, StandardCharsets.ISO_8859_1).stripLeading();
        for (String row : Resource.rows(FileKind.class, "kinds.txt")) {
            String[] kind = row.split(" {2,}", -1);
            if (latin1.startsWith(kind[0].translateEscapes())) {
                return kind[1];
            }
        }
        boolean printable = latin1.chars().noneMatch(c -> c < ' ' && "\n\r\t".indexOf(c) < 0);
        if (content.length == 0) {
            return "empty";
        }
        if (printable) {
            return "text that begins \""
                    + new String(start, StandardCharsets.UTF_8)
                            .lines()
                            .findFirst()
                            .orElse("") + '"';
        }
        return "a file that begins with the bytes "
                + HexFormat.ofDelimiter(" ").formatHex(start, 0, Math.min(8, start.length));
    }
}
