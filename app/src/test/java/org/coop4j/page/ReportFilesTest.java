package org.coop4j.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.coop4j.base.Thrown.assertThrown;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.coop4j.console.SeedSummary;
import org.coop4j.page.FewShotChart.Point;
import org.coop4j.page.FewShotChart.Series;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ReportFilesTest {

    @TempDir
    Path folder;

    private Path out() {
        return folder.resolve("report");
    }

    private void write(String... figures) throws IOException {
        Map<String, String> contents = new LinkedHashMap<>();
        contents.put("report.html", "page");
        contents.put("scores.csv", "table");
        for (String name : figures) {
            contents.put("figures/" + name, name);
        }
        new ReportFiles(out(), "scores.csv").write(contents);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.walk(out())) {
            return files.filter(Files::isRegularFile)
                    .map(file -> out().relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aLaterReportReplacesTheEarlierOneAndLeavesOtherFilesAlone() throws IOException {
        write("1-all.svg", "2-rn50.svg");
        Files.writeString(out().resolve("notes.txt"), "mine");
        Files.writeString(out().resolve("figures/mine.svg"), "mine");
        write("1-all.svg");
        assertThat(files())
                .containsExactly("figures/1-all.svg", "figures/mine.svg", "notes.txt", "report.html", "scores.csv");
        Files.delete(out().resolve("figures/mine.svg"));
        write();
        assertThat(out().resolve("figures")).doesNotExist();
    }

    @Test
    void aFileAndAFolderOfOtherThingsAreRefused() throws IOException {
        Files.writeString(out(), "");
        assertThrown(() -> write(), "is a file");
        Files.delete(out());
        Files.createDirectories(out());
        Files.writeString(out().resolve("report.html"), "a run's");
        assertThrown(IOException.class, () -> write(), out().toString(), "--out");
        assertThat(files()).containsExactly("report.html");
    }

    @Test
    void whatCannotBeWrittenIsSaid() throws IOException {
        assertThrown(IOException.class, () -> write("a.svg", "a.svg/b.svg"), out().toString(), "--out");
    }

    private static final String HOSTILE = "</svg><script>alert(\"1\" & '2')</script>\u0007";

    /** Makes a point of one seed. */
    private static Point point(int shots, double accuracy) {
        return new Point(new Shots(shots), SeedSummary.of(accuracy));
    }

    private static Series star(String name, int index, double accuracy) {
        return new Series(name, index, false, List.of(point(0, accuracy)));
    }

    private static FewShotChart chart(String title, String method) {
        return new FewShotChart(
                title,
                List.of(
                        new Series(
                                method,
                                0,
                                false,
                                List.of(
                                        new Point(new Shots(1), new SeedSummary(3, 50, 2)),
                                        new Point(new Shots(16), new SeedSummary(3, 70, 1)))),
                        new Series("published", 1, true, List.of(point(1, 52), point(4, 60))),
                        star("zero-shot", 2, 55)));
    }

    @Test
    void svgFileIsXmlWithTheTextsOfTheChart() throws Exception {
        Document svg = parse(chart(HOSTILE, "CoOp & <co>").file());

        assertThat(svg.getElementsByTagName("script").getLength()).isZero();
        assertThat(texts(svg, "text"))
                .contains(
                        HOSTILE.replace("\u0007", "\\x07"),
                        "CoOp & <co>",
                        "0",
                        "1",
                        "4",
                        "16",
                        "accuracy (%)",
                        "zero-shot");
        assertThat(svg.getDocumentElement().getAttribute("aria-label"))
                .contains("1 shot: 50.0 ± 2.0 (3 seeds), 16 shots: 70.0 ± 1.0 (3 seeds)");
    }

    @Test
    void inlineSvgFollowsTheThemeAndNamesItsPoints() throws Exception {
        String svg = chart("DTD", "CoOp").markup().toString();

        assertThat(svg)
                .contains("var(--s0)", "<g data-series=\"0\">", "<g data-series=\"1\">")
                .doesNotContain("#", "<g data-series=\"2\">");
        assertThat(texts(parse(svg), "title"))
                .containsExactlyInAnyOrder(
                        "CoOp, 1 shot: 50.0 ± 2.0 (3 seeds)",
                        "CoOp, 16 shots: 70.0 ± 1.0 (3 seeds)",
                        "published, 1 shot: 52.0",
                        "published, 4 shots: 60.0",
                        "zero-shot: 55.0");
    }

    /** Distances from zero-shot, in those of the first number; all images are 0. */
    @ParameterizedTest
    @CsvSource({"1 2 16, 1 2 16", "1 2 64, 1 2 3", "4 16 0, 1 4 4.651"})
    void shotsStandAtTrueDistancesAsInThePaperOrAtEqualOnesWhereThatIsTooClose(String shots, String distances)
            throws Exception {
        // The points of one curve alone, which need not stand aside for another; then 0.
        List<Double> x = places(numbers(shots));

        double[] expected = numbers(distances);
        for (int i = 0; i < expected.length; i++) {
            assertThat((x.get(i) - x.get(3)) / (x.get(0) - x.get(3))).isCloseTo(expected[i], within(0.005));
        }
    }

    private static double[] numbers(String text) {
        return Arrays.stream(text.split(" ")).mapToDouble(Double::valueOf).toArray();
    }

    private static List<Double> places(double... shots) throws Exception {
        List<Point> points = Arrays.stream(shots)
                .mapToObj(s -> new Point(Shots.of((int) s, true), SeedSummary.of(50 + s)))
                .toList();
        Document svg =
                parse(new FewShotChart("DTD", List.of(new Series("CoOp", 0, false, points), star("zero-shot", 1, 40)))
                        .markup()
                        .toString());
        List<Double> places = new java.util.ArrayList<>();
        NodeList groups = svg.getElementsByTagName("g");
        for (int i = 0; i < groups.getLength(); i++) {
            if (((Element) groups.item(i)).getAttribute("class").equals("point")) {
                places.add(x(groups, i));
            }
        }
        return places;
    }

    private static double x(NodeList hovers, int index) {
        Element circle = (Element)
                ((Element) hovers.item(index)).getElementsByTagName("circle").item(0);
        return Double.parseDouble(circle.getAttribute("cx"));
    }

    @Test
    void namesOfCloseCurvesDoNotOverlap() throws Exception {
        List<Series> curves = List.of(
                new Series("a", 0, false, List.of(point(1, 40))),
                new Series("b", 1, false, List.of(point(1, 40.1))),
                new Series("c", 2, false, List.of(point(1, 40.2))),
                new Series("d", 3, false, List.of(point(1, 90))));
        String file = new FewShotChart("close", curves).file();

        NodeList texts = parse(file).getElementsByTagName("text");
        double[] y = new double[4];
        for (int i = 0; i < texts.getLength(); i++) {
            Element text = (Element) texts.item(i);
            int series = "abcd".indexOf(text.getTextContent());
            if (text.getTextContent().length() == 1 && series >= 0) {
                y[series] = Double.parseDouble(text.getAttribute("y"));
            }
        }
        assertThat(y[0] - y[1]).isGreaterThan(15);
        assertThat(y[1] - y[2]).isGreaterThan(15);
        assertThat(y[3]).isLessThan(y[2]).isPositive();
    }

    @Test
    void oneValueAloneIsDrawn() {
        FewShotChart star = new FewShotChart("star", List.of(star("zero", 0, 50)));

        assertThat(star.file()).doesNotContain("NaN", "Infinity");
        assertThat(star.markup().toString()).doesNotContain("NaN", "Infinity");
    }

    @Test
    void seriesAreToldApartByColourOrSignForSixtyThree() {
        java.util.Set<List<Object>> looks = new java.util.HashSet<>();
        for (int i = 0; i < 63; i++) {
            looks.add(List.of(Svg.colour(i), Svg.Marker.series(i)));
        }
        assertThat(looks).hasSize(63);
    }

    private static List<String> texts(Document document, String element) {
        NodeList nodes = document.getElementsByTagName(element);
        return java.util.stream.IntStream.range(0, nodes.getLength())
                .mapToObj(i -> nodes.item(i).getTextContent())
                .toList();
    }

    private static Document parse(String xml) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(xml.getBytes(UTF_8)));
    }
}
