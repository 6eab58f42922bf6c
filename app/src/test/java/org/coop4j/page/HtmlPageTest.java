package org.coop4j.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.coop4j.base.Thrown.assertThrown;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Resource;
import org.coop4j.base.Sha256;
import org.coop4j.console.Cell;
import org.coop4j.console.SeedSummary;
import org.coop4j.console.Table;
import org.coop4j.console.Table.Kind;
import org.coop4j.page.FewShotChart.Point;
import org.coop4j.page.FewShotChart.Series;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlPageTest {

    private static final String HOSTILE = "<img src=x onerror=\"alert('1')\">&";
    private static final byte[] JPEG = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};

    @TempDir
    private Path folder;

    /** A page with hostile text wherever text can go. */
    private static String hostilePage() {
        Section section = new Section(HOSTILE);
        section.verdict(HOSTILE).paragraph(HOSTILE).subheading(HOSTILE);
        section.list(List.of(HOSTILE)).facts(List.of(new Section.Fact(HOSTILE, HOSTILE)));
        Table<String> table = new Table<String>("t", HOSTILE, HOSTILE)
                .words(HOSTILE, text -> Cell.words(text), "method")
                .column(HOSTILE, Table.Kind.HEAT, text -> Cell.of(List.of(1, 1.0), decimals -> text))
                .row(HOSTILE);
        section.table(table);
        Point point = new Point(new Shots(1), new SeedSummary(3, 50, 1));
        FewShotChart chart = new FewShotChart(HOSTILE, List.of(new Series(HOSTILE, 0, false, List.of(point))));
        section.charts(Map.of(chart, Map.of("dataset", HOSTILE)));
        section.pictures("", List.of(new Section.Picture(JPEG, HOSTILE, HOSTILE, HOSTILE, List.of(HOSTILE))));
        return new HtmlPage(HOSTILE, HOSTILE).add(section).html();
    }

    @Test
    void hostileTextStaysText() {
        String html = hostilePage();

        assertThat(html).doesNotContain(HOSTILE).doesNotContain("<img src=x");
        assertThat(html).contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;");
    }

    @Test
    void tagsAreBalanced() {
        List<String> open = new ArrayList<>();
        Matcher tags = Pattern.compile("<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\"[^\"]*\"|[^>\"])*)>")
                .matcher(hostilePage());
        while (tags.find()) {
            String name = tags.group(2);
            boolean isVoid = List.of("meta", "link", "img", "wbr").contains(name)
                    || tags.group(3).endsWith("/");
            if (!tags.group(1).isEmpty()) {
                assertThat(open).isNotEmpty();
                assertThat(open.remove(open.size() - 1)).isEqualTo(name);
            } else if (!isVoid) {
                open.add(name);
            }
        }
        assertThat(open).isEmpty();
    }

    @Test
    void nothingIsLoadedFromElsewhere() {
        String html = hostilePage();

        assertThat(html).doesNotContain("http://", "https://", "@import", "url(");
        assertThat(html).contains("default-src 'none'").doesNotContain("script-src");
    }

    @Test
    void scriptRunsByItsHashAlone() {
        String html = new HtmlPage("t", "s").filtered().html();

        String script = Resource.text(HtmlPage.class, "filter.js");
        byte[] digest = new Sha256().add(script).bytes();
        assertThat(script).doesNotContain("</");
        assertThat(html)
                .contains("script-src 'sha256-" + Base64.getEncoder().encodeToString(digest) + "'")
                .contains("<script>" + script + "</script>");
    }

    /** The page as Chromium shows it. */
    @Test
    @Tag("browser")
    void filtersHaveTheValuesOfTheRowsAndTheTextsOfTheirCells() throws Exception {
        Table<String> table = new Table<String>("t", "t", "")
                .data("dataset", row -> "one")
                .words("method", row -> Cell.words(row, "The " + row + HOSTILE), "method")
                .rows(List.of("x", "y"));
        Path file = folder.resolve("page.html");
        Files.writeString(
                file,
                new HtmlPage("t", "s")
                        .filtered()
                        .add(new Section("s").table(table))
                        .html());
        Process browser = new ProcessBuilder(
                        "/usr/bin/chromium",
                        "--headless",
                        "--no-sandbox",
                        "--dump-dom",
                        file.toUri().toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String html = new String(browser.getInputStream().readAllBytes(), UTF_8);

        assertThat(html)
                .contains("<form class=\"filter\" aria-label=\"Filter\">")
                .contains("<select name=\"method\" aria-label=\"Method\"><option value=\"\">Method: all</option><option"
                        + " value=\"x\">The x&lt;img")
                .doesNotContain("<select name=\"dataset\"", "<img src=x");
    }

    @Test
    void picturesAreJpegWhateverTheyHold() {
        byte[] svg = "<svg onload=alert(1)>".getBytes(UTF_8);
        Section section = new Section("s").pictures("", List.of(new Section.Picture(svg, "", "", "", List.of())));
        assertThat(section.markup("id").toString()).contains("src=\"data:image/jpeg;base64,");
    }

    @Test
    void textColoursHaveTheContrastThatWcagAsksFor() {
        for (String css : Svg.COLOURS.split("@media", -1)) {
            Map<String, String> theme = Svg.theme(css);
            assertThat(theme).hasSize(17);
            theme.forEach((name, colour) -> {
                double contrast = contrast(colour, theme.get("page"));
                if (List.of("ink", "muted", "accent", "gain", "loss").contains(name)) {
                    assertThat(contrast).as(name).isGreaterThan(4.5);
                } else if (name.matches("s\\d")) {
                    assertThat(contrast).as(name).isGreaterThan(3);
                }
            });
        }
    }

    /** WCAG 2.2, success criterion 1.4.3. */
    private static double contrast(String one, String other) {
        double a = luminance(one);
        double b = luminance(other);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }

    private static double luminance(String colour) {
        int rgb = Integer.decode(colour);
        return 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) + 0.0722 * linear(rgb & 255);
    }

    private static double linear(int channel) {
        double c = channel / 255.0;
        return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
    }

    @Test
    void textInATemplateIsEscapedAndMarkupIsNot() {
        Markup bold = Markup.of("<b>{}</b>", "a < b {}");

        assertThat(Markup.of("<i title=\"{}\">{}{}</i>", "\"><script>", bold, List.of(bold)))
                .hasToString("<i title=\"&quot;&gt;&lt;script&gt;\"><b>a &lt; b {}</b>" + "<b>a &lt; b {}</b></i>");
        assertThrown(() -> Markup.of("{}"), "places");
        assertThrown(() -> Markup.of("{}", 1, 2), "places");
    }

    @Test
    void numbersAndPercentSignsStayTogether() {
        assertThat(Markup.of("{} {}", "12.5 % of 3 images", 0.5)).hasToString("12.5\u00a0% of 3 images 0.5");
    }

    @Test
    void whatSteersTheDirectionOfWritingIsWrittenOut() {
        assertThat(Markup.of("{}", "a\u202eb\u001b[31m\n")).hasToString("a\\u202eb\\x1b[31m\n");
    }

    private static String html(Table<?> table) {
        return HtmlTable.of(table).toString();
    }

    @Test
    void namesRowsAndColumnsAndSetsNumbersRight() {
        Table<Double> table = new Table<Double>("t", "Accuracy", "in %")
                .words("dataset", mean -> Cell.words("d", "DTD"), "dataset")
                .numbers("mean", mean -> Cell.number(mean).in(Cell.Style.PUBLISHED))
                .column("reason", Kind.SENTENCES, mean -> Cell.words("why"))
                .row(63.6);

        assertThat(html(table))
                .contains("<caption><span>Accuracy: in %</span></caption>")
                .contains("<th scope=\"col\" class=\"num\"><span>mean</span></th>")
                .contains("<tr><th scope=\"row\" data-dataset=\"d\">DTD</th>")
                .contains("<td class=\"num published\">63.6</td>")
                .contains("<td class=\"text\">why</td>");
    }

    @Test
    void columnsForProgramsOrWithoutContentAreNotShown() {
        Table<String> table = new Table<String>("t", "t", "")
                .data("hidden", text -> "secret")
                .words("a", text -> text)
                .numbers("nothing", text -> Cell.NONE)
                .row("1");

        assertThat(html(table)).doesNotContain("secret", "nothing");
    }

    private static Table<String> words() {
        return new Table<String>("t", "t", "").words("a", text -> text);
    }

    @Test
    void manyRowsScrollBelowTheirHeader() {
        Table<String> table = words();
        for (int i = 0; i < 21; i++) {
            table.row("x");
        }
        assertThat(html(table)).contains("class=\"scroll tall\"");
    }

    @Test
    void averagesAndGroupsAreSetOff() {
        Table<String> table = words().grouped().averages(List.of("average")).rows(List.of("x", "x", "y"));

        assertThat(html(table))
                .containsSubsequence(
                        "<tr class=\"total\">",
                        "<tr class=\"off\"><th scope=\"row\">x",
                        "<tr><th scope=\"row\">x",
                        "<tr class=\"off\"><th scope=\"row\">y");
    }

    @Test
    void gainsPointRightAndLossesLeft() {
        Table<Integer> table = new Table<Integer>("t", "t", "")
                .decimals(1)
                .column("gain", Kind.BARS, Cell::points)
                .rows(List.of(3, -6));

        assertThat(html(table))
                .contains("class=\"gain\" style=\"left:50%;width:25%\"></span></span>")
                .contains("<span class=\"value better\">+3.0</span>")
                .contains("class=\"loss\" style=\"right:50%;width:50%\"></span></span>")
                .contains("<span class=\"value worse\">−6.0</span>");
    }
}
