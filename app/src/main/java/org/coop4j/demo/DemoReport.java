package org.coop4j.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.AtomicFile;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.chart.ChartFiles;
import org.coop4j.study.chart.FewShotChart;
import org.coop4j.run.RunFolder;

/**
 * What the demo leaves behind: the page, the curve as pictures, and the numbers.
 *
 * @param result what was measured
 */
public record DemoReport(DemoResult result) {

    /** The page. */
    public static final String PAGE = "report.html";

    /** The curve as PNG. */
    public static final String CURVE_PNG = "curve.png";

    /** The curve as SVG. */
    public static final String CURVE_SVG = "curve.svg";

    /** The numbers. */
    public static final String NUMBERS = "demo.json";

    /** Writes all files into a folder. */
    public void write(Path folder) throws IOException {
        try (RunFolder out = RunFolder.open(folder)) {
            out.write(NUMBERS, result);
        }
        AtomicFile.write(folder.resolve(CURVE_PNG), ChartFiles.png(chart()));
        AtomicFile.write(folder.resolve(CURVE_SVG), ChartFiles.svg(chart()));
        AtomicFile.write(
                folder.resolve(PAGE),
                new DemoPage(result, chart()).page().html().getBytes(StandardCharsets.UTF_8));
    }

    /** Accuracy over shots, the best hand-written prompt as a star. */
    public FewShotChart chart() {
        List<FewShotChart.Curve> curves = new ArrayList<>();
        int series = 0;
        for (DemoMethod method : DemoMethod.values()) {
            curves.add(curve(method, series++));
        }
        DemoResult.Prompt best = result.bestPrompt();
        return new FewShotChart(
                result.classNames().size() + " classes of Caltech101, " + result.model(),
                "accuracy (%)",
                curves,
                List.of(
                        FewShotChart.Star.measured(
                                "zero-shot, \"" + best.template() + "\"",
                                series,
                                best.photographs()),
                        FewShotChart.Star.measured(
                                "zero-shot, careful names",
                                series + 1,
                                result.bestRenamedPrompt().photographs())));
    }

    private FewShotChart.Curve curve(DemoMethod method, int series) {
        List<FewShotChart.Point> points = new ArrayList<>();
        for (int shots : result.shots()) {
            SeedSummary summary = result.photographs(method, shots);
            points.add(new FewShotChart.Point(shots, summary));
        }
        return FewShotChart.Curve.measured(method.title(), series, points);
    }
}
