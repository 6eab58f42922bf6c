package org.coop4j.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.base.AtomicFile;
import org.coop4j.study.chart.FewShotChart;
import org.coop4j.run.RunFolder;

/**
 * What the demo leaves behind: the page, the curve as a picture, and the numbers.
 *
 * @param result what was measured
 */
public record DemoReport(DemoResult result) {

    /** The page. */
    public static final String PAGE = "report.html";

    /** The curve as SVG. */
    public static final String CURVE_SVG = "curve.svg";

    /** The numbers. */
    public static final String NUMBERS = "demo.json";

    /** Writes all files into a folder. */
    public void write(Path folder) throws IOException {
        try (RunFolder out = RunFolder.open(folder)) {
            out.write(NUMBERS, result);
        }
        AtomicFile.write(folder.resolve(CURVE_SVG), chart().file().getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(
                folder.resolve(PAGE),
                new DemoPage(result, chart()).page().html().getBytes(StandardCharsets.UTF_8));
    }

    /** Accuracy over shots, the best hand-written prompt as a star. */
    public FewShotChart chart() {
        List<FewShotChart.Series> series = new ArrayList<>();
        for (DemoMethod method : DemoMethod.values()) {
            List<FewShotChart.Point> points = new ArrayList<>();
            for (int shots : result.shots()) {
                points.add(new FewShotChart.Point(shots, result.photographs(method, shots)));
            }
            series.add(FewShotChart.Series.curve(method.title(), series.size(), points));
        }
        DemoResult.Prompt best = result.bestPrompt();
        series.add(FewShotChart.Series.star(
                "zero-shot, \"" + best.template() + "\"", series.size(), best.photographs()));
        series.add(FewShotChart.Series.star(
                "zero-shot, careful names",
                series.size(),
                result.bestRenamedPrompt().photographs()));
        return new FewShotChart(
                result.classNames().size() + " classes of Caltech101, " + result.model(), "accuracy (%)", series);
    }
}
