package org.coop4j.report.html;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.coop4j.report.chart.Paint;
import org.coop4j.weights.AtomicFile;
import org.coop4j.weights.Resource;
import org.coop4j.weights.Sha256;

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
    private String footer = "";
    private String script = "";

    /** A page without sections yet. */
    public HtmlPage(String title, String subtitle) {
        this.title = title;
        this.subtitle = subtitle;
    }

    /** Adds a section. */
    public HtmlPage add(Section section) {
        sections.add(section);
        return this;
    }

    /** Lets the reader choose what is shown; without script all of it is. */
    public HtmlPage filters(List<HtmlFilter> choices) {
        filters.addAll(choices);
        return script(resource("filter.js"));
    }

    /** Sets the small print at the end. */
    public HtmlPage footer(String text) {
        footer = text;
        return this;
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

    /** Writes the page, whole or not at all. */
    public void write(Path file) throws IOException {
        try (AtomicFile target = AtomicFile.create(file)) {
            target.write(ByteBuffer.wrap(html().getBytes(StandardCharsets.UTF_8)), 0);
            target.commit();
        }
    }

    /** The page. */
    public String html() {
        List<Markup> body = new ArrayList<>();
        body.add(
                Markup.element(
                        "header",
                        Markup.element("h1", Markup.text(title)),
                        Markup.element("p", Map.of("class", "lead"), Markup.text(subtitle)),
                        contents()));
        if (!filters.isEmpty()) {
            body.add(HtmlFilter.bar(filters));
        }
        List<Markup> main = new ArrayList<>();
        for (int i = 0; i < sections.size(); i++) {
            Section section = sections.get(i);
            List<Markup> parts = new ArrayList<>();
            parts.add(Markup.element("h2", Markup.text(section.heading())));
            parts.addAll(List.of(section.parts()));
            main.add(Markup.element("section", Map.of("id", id(i)), parts.toArray(Markup[]::new)));
        }
        body.add(Markup.element("main", main.toArray(Markup[]::new)));
        if (!footer.isEmpty()) {
            body.add(Markup.element("footer", Markup.element("p", Markup.text(footer))));
        }
        return document(Markup.join(body.toArray(Markup[]::new)));
    }

    private String document(Markup body) {
        String policy =
                "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
                        + (script.isEmpty() ? "" : "; script-src 'sha256-" + hash(script) + "'");
        String code = script.isEmpty() ? "" : "<script>" + script + "</script>\n";
        return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="%s">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>%s</title>
        <link rel="icon" href="data:,">
        <style>
        %s</style>
        </head>
        <body>
        %s
        %s</body>
        </html>
        """
                .formatted(policy, Markup.escape(title), style(), body, code);
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
        for (int i = 0; i < sections.size(); i++) {
            links.add(Markup.element("li", Markup.link("#" + id(i), sections.get(i).heading())));
        }
        return Markup.element(
                "nav",
                Map.of("aria-label", "Sections"),
                Markup.element("ul", links.toArray(Markup[]::new)));
    }

    private static String id(int section) {
        return "section-" + (section + 1);
    }

    private static String hash(String source) {
        return Base64.getEncoder().encodeToString(new Sha256().add(source).bytes());
    }

    static String resource(String name) {
        return Resource.text(HtmlPage.class, name);
    }
}
