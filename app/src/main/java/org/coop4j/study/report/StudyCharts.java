package org.coop4j.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.chart.FewShotChart;
import org.coop4j.study.chart.FewShotChart.Curve;
import org.coop4j.study.chart.FewShotChart.Origin;
import org.coop4j.study.chart.FewShotChart.Point;
import org.coop4j.study.chart.FewShotChart.Star;
import org.coop4j.study.Average;
import org.coop4j.study.DatasetNames;
import org.coop4j.study.FewShot;
import org.coop4j.study.Measure;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.PublishedNumbers.Score;
import org.coop4j.study.Shots;

/**
 * Few-shot curves as in the paper's figure 3. Published curves stand beside those of the same
 * backbone alone, where at least three of their points are known. A method has one colour and sign
 * in all charts of a report.
 */
final class StudyCharts {

    private static final int LEAST_POINTS = 3;

    private final Map<MethodLabel, Integer> series = new HashMap<>();

    /** Curves come first, so that their colours differ most. */
    StudyCharts(List<StudyView> views) {
        TreeSet<MethodLabel> methods = new TreeSet<>();
        views.forEach(view -> methods.addAll(view.fewShot().methods()));
        methods.stream()
                .filter(m -> !m.isWithoutTraining())
                .forEach(m -> series.putIfAbsent(m, series.size()));
        methods.forEach(m -> series.putIfAbsent(m, series.size()));
    }

    /** A method's series, if it is in any chart. */
    Optional<Integer> series(MethodLabel method) {
        return Optional.ofNullable(series.get(method));
    }

    /** The average over the datasets, if there is one with a curve. */
    Optional<FewShotChart> average(StudyView view) {
        FewShot fewShot = view.fewShot();
        return chart(
                view,
                "Average over " + fewShot.averaged().size() + " datasets",
                (method, shots) -> fewShot.average(method, shots).map(Average::summary),
                (method, shots) ->
                        view.published()
                                .fewShotAverage(
                                        fewShot.averaged(), method, shots, view.backbone()));
    }

    /** A dataset's curves, if it has any. */
    Optional<FewShotChart> dataset(StudyView view, String dataset) {
        return chart(
                view,
                DatasetNames.title(dataset),
                (method, shots) ->
                        view.fewShot()
                                .cell(dataset, method, shots)
                                .flatMap(cell -> cell.summary(Measure.ACCURACY)),
                (method, shots) ->
                        view.published().fewShot(dataset, method, shots, view.backbone()));
    }

    private Optional<FewShotChart> chart(
            StudyView view,
            String title,
            BiFunction<MethodLabel, Shots, Optional<SeedSummary>> measured,
            BiFunction<MethodLabel, Shots, Optional<Score>> published) {
        List<Curve> curves = new ArrayList<>();
        List<Star> stars = new ArrayList<>();
        List<MethodLabel> methods = new ArrayList<>(view.fewShot().methods());
        methods.sort(Comparator.comparing(series::get));
        for (MethodLabel method : methods) {
            int index = series.get(method);
            Function<Shots, Optional<Double>> paper =
                    shots ->
                            published
                                    .apply(method, shots)
                                    .filter(s -> Optional.of(s.backbone()).equals(view.backbone()))
                                    .map(Score::accuracy);
            if (method.isWithoutTraining()) {
                measured.apply(method, Shots.NONE)
                        .ifPresent(s -> addStars(method, index, s.mean(), paper, stars));
            } else {
                List<Point> points = new ArrayList<>();
                List<Point> papers = new ArrayList<>();
                for (Shots shots : view.fewShot().shots()) {
                    measured.apply(method, shots)
                            .ifPresent(s -> points.add(new Point(shots.count(), s)));
                    paper.apply(shots)
                            .ifPresent(a -> papers.add(new Point(shots.count(), a, 0, 0)));
                }
                addCurves(method, index, points, papers, curves);
            }
        }
        return curves.isEmpty()
                ? Optional.empty()
                : Optional.of(new FewShotChart(title, "accuracy (%)", curves, stars));
    }

    private static void addStars(
            MethodLabel method,
            int index,
            double accuracy,
            Function<Shots, Optional<Double>> paper,
            List<Star> stars) {
        stars.add(Star.measured(method.title(), index, accuracy));
        paper.apply(Shots.NONE)
                .map(a -> new Star(published(method), index, Origin.PUBLISHED, a))
                .ifPresent(stars::add);
    }

    private static void addCurves(
            MethodLabel method,
            int index,
            List<Point> points,
            List<Point> papers,
            List<Curve> curves) {
        if (!points.isEmpty()) {
            curves.add(Curve.measured(method.title(), index, points));
            if (papers.size() >= LEAST_POINTS) {
                curves.add(new Curve(published(method), index, Origin.PUBLISHED, papers));
            }
        }
    }

    private static String published(MethodLabel method) {
        return method.title() + ", published";
    }
}
