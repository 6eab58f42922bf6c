package org.coop4j.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.coop4j.eval.SeedSummary;
import org.coop4j.report.chart.FewShotChart;
import org.coop4j.report.chart.FewShotChart.Curve;
import org.coop4j.report.chart.FewShotChart.Origin;
import org.coop4j.report.chart.FewShotChart.Point;
import org.coop4j.report.chart.FewShotChart.Star;
import org.coop4j.results.Average;
import org.coop4j.results.FewShot;
import org.coop4j.results.Measure;
import org.coop4j.results.MethodLabel;
import org.coop4j.results.Outcome;
import org.coop4j.results.PublishedNumbers;
import org.coop4j.results.Shots;

/**
 * Few-shot curves as in the paper's figure 3. Published curves stand beside those of the same
 * backbone alone, where at least three of their points are known.
 */
final class StudyCharts {

    private static final int LEAST_POINTS = 3;
    private static final String SCORE = "score (%)";

    private final StudyView view;
    private final Series series;
    private final PublishedNumbers published;

    StudyCharts(StudyView view, Series series, PublishedNumbers published) {
        this.view = view;
        this.series = series;
        this.published = published;
    }

    /** The average over the datasets, if there is one with a curve. */
    Optional<FewShotChart> average() {
        FewShot fewShot = view.fewShot();
        List<Curve> curves = new ArrayList<>();
        List<Star> stars = new ArrayList<>();
        for (MethodLabel method : methods()) {
            List<Point> points = new ArrayList<>();
            for (Average average : fewShot.averages()) {
                if (!average.method().equals(method)) {
                    continue;
                }
                if (method.isWithoutTraining()) {
                    stars.add(Star.measured(method.title(), series.of(method), average.accuracy()));
                } else if (average.shots().isCount()) {
                    points.add(
                            point(
                                    average.shots(),
                                    average.accuracy(),
                                    average.overSeeds(Measure.ACCURACY)));
                }
            }
            add(method, points, curves);
            addPublished(
                    method,
                    shots ->
                            published.fewShotAverage(
                                    fewShot.averaged(), method, shots, view.backbone()),
                    curves,
                    stars);
        }
        return chart("Average over " + fewShot.averaged().size() + " datasets", curves, stars);
    }

    /** A dataset's curves, if it has any. */
    Optional<FewShotChart> dataset(String dataset) {
        List<Curve> curves = new ArrayList<>();
        List<Star> stars = new ArrayList<>();
        for (MethodLabel method : methods()) {
            List<Point> points = new ArrayList<>();
            for (Outcome cell : view.fewShot().cells(dataset)) {
                if (!cell.method().equals(method)) {
                    continue;
                }
                if (method.isWithoutTraining()) {
                    stars.add(Star.measured(method.title(), series.of(method), cell.accuracy()));
                } else if (cell.shots().isCount()) {
                    points.add(
                            point(cell.shots(), cell.accuracy(), cell.summary(Measure.ACCURACY)));
                }
            }
            add(method, points, curves);
            addPublished(
                    method,
                    shots -> published.fewShot(dataset, method, shots, view.backbone()),
                    curves,
                    stars);
        }
        return chart(StudyView.title(dataset), curves, stars);
    }

    private List<MethodLabel> methods() {
        return view.fewShot().methods().stream().sorted(Comparator.comparing(series::of)).toList();
    }

    private static Optional<FewShotChart> chart(
            String title, List<Curve> curves, List<Star> stars) {
        return curves.isEmpty()
                ? Optional.empty()
                : Optional.of(new FewShotChart(title, SCORE, curves, stars));
    }

    private void add(MethodLabel method, List<Point> points, List<Curve> curves) {
        if (!points.isEmpty()) {
            curves.add(Curve.measured(method.title(), series.of(method), points));
        }
    }

    private static Point point(Shots shots, double mean, Optional<SeedSummary> overSeeds) {
        double sd = overSeeds.filter(s -> s.count() > 1).map(SeedSummary::sampleSd).orElse(0.0);
        return new Point(shots.count(), mean, sd, overSeeds.map(SeedSummary::count).orElse(0));
    }

    /** Looks a published number up. */
    private interface Lookup {
        Optional<PublishedNumbers.Score> of(Shots shots);
    }

    private void addPublished(
            MethodLabel method, Lookup lookup, List<Curve> curves, List<Star> stars) {
        List<Point> points = new ArrayList<>();
        String name = method.title() + ", published";
        if (method.isWithoutTraining()) {
            if (stars.stream().anyMatch(star -> star.name().equals(method.title()))) {
                sameBackbone(lookup, Shots.NONE)
                        .ifPresent(
                                value ->
                                        stars.add(
                                                new Star(
                                                        name,
                                                        series.of(method),
                                                        Origin.PUBLISHED,
                                                        value)));
            }
            return;
        }
        for (Shots shots : view.fewShot().shots()) {
            sameBackbone(lookup, shots)
                    .ifPresent(value -> points.add(new Point(shots.count(), value, 0, 0)));
        }
        boolean measured = curves.stream().anyMatch(curve -> curve.name().equals(method.title()));
        if (measured && points.size() >= LEAST_POINTS) {
            curves.add(new Curve(name, series.of(method), Origin.PUBLISHED, points));
        }
    }

    private Optional<Double> sameBackbone(Lookup lookup, Shots shots) {
        return lookup.of(shots)
                .filter(score -> view.backbone().equals(Optional.of(score.backbone())))
                .map(PublishedNumbers.Score::accuracy);
    }
}
