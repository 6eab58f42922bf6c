package org.coop4j.study.html;

import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.coop4j.base.Resource;

/** The colours of pages and charts, which are CSS variables of {@code colours.css} for a light and a dark theme. */
final class Colours {

    static final String CSS = Resource.text(Colours.class, "colours.css");

    private static final Map<String, String> LIGHT = theme(CSS.substring(0, CSS.indexOf("@media")));
    private static final int SERIES =
            (int) LIGHT.keySet().stream().filter(name -> name.matches("s\\d")).count();

    private Colours() {}

    /** Returns the colours of a theme by name. */
    static Map<String, String> theme(String css) {
        return Pattern.compile("--(\\w+):(#\\w{6})")
                .matcher(css)
                .results()
                .collect(Collectors.toMap(colour -> colour.group(1), colour -> colour.group(2)));
    }

    /** Returns the hexadecimal colour of the light theme. */
    static String light(String name) {
        return LIGHT.get(name);
    }

    /** Returns the name of a series' colour; the colours repeat after the last. */
    static String series(int index) {
        return "s" + Math.floorMod(index, SERIES);
    }
}
