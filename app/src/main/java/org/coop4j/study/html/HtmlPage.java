package org.coop4j.study.html;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.coop4j.base.Resource;
import org.coop4j.base.Sha256;
import org.coop4j.study.chart.Paint;

/**
 * A page that is one file: style, charts and pictures are inside, nothing is loaded from elsewhere,
 * and its content security policy makes the browser see to that.
 *
 * <p>Light or dark as the reader's system is, from phones of 320 pixels to wide screens.
 */
public final class HtmlPage {

    private static final int LEAST_SECTIONS_OF_A_TABLE_OF_CONTENTS = 4;

    private final String title;
    private final String subtitle;
    private final List<Section> sections = new ArrayList<>();
    private final List<HtmlFilter> filters = new ArrayList<>();
    private String script = "";

    /** A page without sections yet. */
    public HtmlPage(String title, String subtitle) {
        this.title = title;
        this.subtitle = subtitle;
    }

    /** Adds a section, unless it is empty. */
    public HtmlPage add(Section section) {
        if (!section.isEmpty()) {
            sections.add(section);
        }
        return this;
    }

    /** Lets the reader choose what is shown; without script all of it is. */
    public HtmlPage filters(List<HtmlFilter> choices) {
        filters.addAll(choices);
        return script(resource("filter.js"));
    }

    /**
     * Sets a script; the page must be whole without it.
     *
     * @param source code of this program, never made from data
     */
    HtmlPage script(String source) {
        if (source.contains("</")) {
            throw new IllegalArgumentException("a script may not hold \"</\": it would end there");
        }
        script = source;
        return this;
    }

    /** The page. */
    public String html() {
        String policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
                + (script.isEmpty() ? "" : "; script-src 'sha256-" + hash(script) + "'");
        return Markup.of(
                        """
                        <!DOCTYPE html>
                        <html lang="en">
                        <head>
                        <meta charset="utf-8">
                        <meta http-equiv="Content-Security-Policy" content="{}">
                        <meta name="viewport" content="width=device-width, initial-scale=1">
                        <meta name="color-scheme" content="light dark">
                        <title>{}</title>
                        <link rel="icon" href="data:,">
                        <style>
                        {}</style>
                        </head>
                        <body>
                        <header><h1>{}</h1><p class="lead">{}</p>{}</header>
                        {}<main>
                        {}</main>
                        {}</body>
                        </html>
                        """,
                        Markup.trusted(policy),
                        title,
                        Markup.trusted(style()),
                        title,
                        subtitle,
                        contents(),
                        filters.isEmpty() ? Markup.nothing() : HtmlFilter.bar(filters),
                        main(),
                        script.isEmpty()
                                ? Markup.nothing()
                                : Markup.of("<script>{}</script>\n", Markup.trusted(script)))
                .toString();
    }

    private List<Markup> main() {
        List<Markup> main = new ArrayList<>();
        for (Section section : sections) {
            main.add(Markup.of(
                    "<section id=\"section-{}\"><h2>{}</h2>{}</section>\n",
                    main.size() + 1,
                    section.heading(),
                    section.parts()));
        }
        return main;
    }

    private static String style() {
        return ":root{color-scheme:light dark;"
                + Paint.declarations(false)
                + "}\n@media (prefers-color-scheme:dark){:root{"
                + Paint.declarations(true)
                + "}}\n"
                + resource("page.css");
    }

    /** Links to the sections, where there are many. */
    private Markup contents() {
        if (sections.size() < LEAST_SECTIONS_OF_A_TABLE_OF_CONTENTS) {
            return Markup.nothing();
        }
        List<Markup> links = new ArrayList<>();
        for (Section section : sections) {
            links.add(Markup.of("<li><a href=\"#section-{}\">{}</a></li>", links.size() + 1, section.heading()));
        }
        return Markup.of("<nav aria-label=\"Sections\"><ul>{}</ul></nav>", links);
    }

    private static String hash(String source) {
        return Base64.getEncoder().encodeToString(new Sha256().add(source).bytes());
    }

    private static String resource(String name) {
        return Resource.text(HtmlPage.class, name);
    }
}
