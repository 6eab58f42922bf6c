package org.coop4j.study.chart;

import java.util.List;

/**
 * A colour of charts and pages in both themes.
 *
 * @param variable its CSS variable
 * @param light on a light page, and in files
 * @param dark on a dark page
 */
public record Paint(String variable, String light, String dark) {

    public static final Paint PAGE = new Paint("--page", "#ffffff", "#14171c");
    public static final Paint INK = new Paint("--ink", "#1c2026", "#e8eaef");
    public static final Paint MUTED = new Paint("--muted", "#59616e", "#a6afbd");
    static final Paint RULE = new Paint("--rule", "#dde1e7", "#333a45");
    static final Paint SOFT = new Paint("--soft", "#f5f6f8", "#1c2129");
    public static final Paint ACCENT = new Paint("--accent", "#00609b", "#74bdf0");
    static final Paint LOSS = new Paint("--loss", "#b8470b", "#ff9f6b");

    /**
     * Colours of series, told apart with any colour vision (after Okabe and Ito, Color Universal
     * Design, 2008; darker on light pages, lighter on dark ones).
     */
    public static final List<Paint> SERIES = List.of(
            new Paint("--s0", "#0067a5", "#5cb3ee"),
            new Paint("--s1", "#cf4f0a", "#ff8f57"),
            new Paint("--s2", "#008361", "#3ccfa4"),
            new Paint("--s3", "#a8478c", "#ea9cd0"),
            new Paint("--s4", "#a87400", "#eec34c"),
            new Paint("--s5", "#3f97cf", "#a5d8ff"),
            new Paint("--s6", "#4d535c", "#c3c9d2"),
            new Paint("--s7", "#6b4fb3", "#b9a3f5"),
            new Paint("--s8", "#7d5436", "#d6ab8b"));

    static final List<Paint> ALL = List.of(PAGE, INK, MUTED, RULE, SOFT, ACCENT, LOSS);

    /** The colour of a series; they repeat after the last. */
    public static Paint series(int index) {
        return SERIES.get(Math.floorMod(index, SERIES.size()));
    }

    /** {@code var(--ink)}, which follows the page's theme. */
    String css() {
        return "var(" + variable + ")";
    }

    /** The declarations of all colours for style sheets. */
    public static String declarations(boolean darkTheme) {
        StringBuilder css = new StringBuilder();
        for (List<Paint> paints : List.of(ALL, SERIES)) {
            for (Paint paint : paints) {
                css.append(paint.variable).append(':');
                css.append(darkTheme ? paint.dark : paint.light).append(';');
            }
        }
        return css.toString();
    }
}
