package org.coop4j.study.html;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A colour of the light and of the dark theme. Pages have it as a CSS variable.
 *
 * @param variable name of the CSS variable
 * @param light hexadecimal colour on light pages and in files
 * @param dark hexadecimal colour on dark pages
 */
record Paint(String variable, String light, String dark) {

    static final Paint PAGE = new Paint("--page", "#ffffff", "#14171c");
    static final Paint INK = new Paint("--ink", "#1c2026", "#e8eaef");
    static final Paint MUTED = new Paint("--muted", "#59616e", "#a6afbd");
    static final Paint RULE = new Paint("--rule", "#dde1e7", "#333a45");
    static final Paint SOFT = new Paint("--soft", "#f5f6f8", "#1c2129");
    static final Paint ACCENT = new Paint("--accent", "#00609b", "#74bdf0");
    static final Paint GAIN = new Paint("--gain", "#00735a", "#3ccfa4");
    static final Paint LOSS = new Paint("--loss", "#b8470b", "#ff9f6b");

    /**
     * Colours of series, distinguishable with any colour vision (after Okabe and Ito, Color Universal Design, 2008;
     * darker on light pages, lighter on dark ones).
     */
    static final List<Paint> SERIES = List.of(
            new Paint("--s0", "#0067a5", "#5cb3ee"),
            new Paint("--s1", "#cf4f0a", "#ff8f57"),
            new Paint("--s2", "#008361", "#3ccfa4"),
            new Paint("--s3", "#a8478c", "#ea9cd0"),
            new Paint("--s4", "#a87400", "#eec34c"),
            new Paint("--s5", "#3f97cf", "#a5d8ff"),
            new Paint("--s6", "#4d535c", "#c3c9d2"),
            new Paint("--s7", "#6b4fb3", "#b9a3f5"),
            new Paint("--s8", "#7d5436", "#d6ab8b"));

    /** Returns the colour of a series; the colours repeat after the last. */
    static Paint series(int index) {
        return SERIES.get(Math.floorMod(index, SERIES.size()));
    }

    /** Returns the declarations of all colours for a style sheet. */
    static String declarations(boolean darkTheme) {
        return Stream.concat(Stream.of(PAGE, INK, MUTED, RULE, SOFT, ACCENT, GAIN, LOSS), SERIES.stream())
                .map(paint -> paint.variable + ":" + (darkTheme ? paint.dark : paint.light) + ";")
                .collect(Collectors.joining());
    }
}
