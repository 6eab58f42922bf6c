package org.coop4j.page;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.coop4j.base.Resource;
import org.coop4j.base.Sha256;

/**
 * A page in one file, with its style, charts and pictures. Nothing is loaded from elsewhere, which its content security
 * policy enforces. It is light or dark like the reader's system, and made for 320 pixels and more.
 */
public final class HtmlPage {

    private static final int FEWEST_LINKED = 4;

    private final String title;
    private final String subtitle;
    private final List<Markup> links = new ArrayList<>();
    private final List<Markup> sections = new ArrayList<>();
    private String script = "";

    /** Makes a page without sections. */
    public HtmlPage(String title, String subtitle) {
        this.title = title;
        this.subtitle = subtitle;
    }

    /** Adds a section, unless it is empty. */
    public HtmlPage add(Section section) {
        if (!section.isEmpty()) {
            String id = "section-" + sections.size();
            links.add(Markup.of("<li><a href=\"#{}\">{}</a></li>", id, section.heading));
            sections.add(section.markup(id));
        }
        return this;
    }

    /** Lets the reader filter the parts with data; without script all of them are shown. */
    public HtmlPage filtered() {
        script = resource("filter.js");
        return this;
    }

    /** Returns the page as HTML. */
    public String html() {
        boolean plain = script.isEmpty();
        String hash =
                Base64.getEncoder().encodeToString(new Sha256().add(script).bytes());
        return Markup.of(
                        resource("page.html"),
                        plain ? "" : Markup.trusted("; script-src 'sha256-" + hash + "'"),
                        title,
                        Markup.trusted(Svg.COLOURS),
                        Markup.trusted(resource("page.css")),
                        title,
                        subtitle,
                        links.size() < FEWEST_LINKED
                                ? ""
                                : Markup.of("<nav aria-label=\"Sections\"><ul>{}</ul></nav>", links),
                        plain ? "" : Markup.of("<form class=\"filter\" aria-label=\"Filter\" hidden=\"\"></form>"),
                        sections,
                        plain ? "" : Markup.of("<script>{}</script>", Markup.trusted(script)))
                .toString();
    }

    static String resource(String name) {
        return Resource.text(HtmlPage.class, name);
    }
}
