package org.coop4j.study.report;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.coop4j.eval.SeedSummary;
import org.coop4j.study.MethodLabel;
import org.coop4j.study.MethodResult.Setup;
import org.coop4j.study.Shots;
import org.coop4j.study.Study;
import org.coop4j.study.html.FewShotChart;
import org.coop4j.study.html.FewShotChart.Point;
import org.coop4j.study.html.FewShotChart.Series;

/**
 * Few-shot curves as in the paper's figure 3. Published curves stand beside those of the same backbone alone, where at
 * least three of their points are known. A method has one colour and shape in all charts of a report.
 */
final class StudyCharts {

    private static final int LEAST_POINTS = 3;

    private final Map<MethodLabel, Integer> series = new HashMap<>();

    /** Numbers the methods, curves first, so that their colours differ most. */
    StudyCharts(List<Study> studies) {
        TreeSet<MethodLabel> methods =
                new TreeSet<>(comparing(MethodLabel::isWithoutTraining).thenComparing(naturalOrder()));
        studies.forEach(study -> methods.addAll(study.fewShot().methods()));
        methods.forEach(method -> series.put(method, series.size()));
    }

    /** Returns the curves of a place, if it has any. */
    Optional<FewShotChart> chart(Place place) {
        Study study = place.study();
        List<Series> all = new ArrayList<>();
        List<MethodLabel> methods = new ArrayList<>(study.fewShot().methods());
        methods.sort(comparing(series::get));
        for (MethodLabel method : methods) {
            boolean star = method.isWithoutTraining();
            List<Point> points = new ArrayList<>();
            List<Point> papers = new ArrayList<>();
            for (Shots shots : star ? List.of(Shots.NONE) : study.fewShot().shots()) {
                Setup setup = new Setup(method, shots);
                place.accuracy(setup).ifPresent(s -> points.add(new Point(shots, star ? SeedSummary.of(s.mean()) : s)));
                place.published(setup)
                        .filter(s ->
                                Optional.of(s.backbone()).equals(study.model().backbone()))
                        .ifPresent(s -> papers.add(new Point(shots, SeedSummary.of(s.accuracy()))));
            }
            if (!points.isEmpty()) {
                all.add(new Series(method.title(), series.get(method), false, points));
                if (papers.size() >= (star ? 1 : LEAST_POINTS)) {
                    all.add(new Series(method.title() + ", published", series.get(method), true, papers));
                }
            }
        }
        boolean isCurve =
                all.stream().anyMatch(one -> !one.points().get(0).shots().equals(Shots.NONE));
        return isCurve ? Optional.of(new FewShotChart(place.title(), all)) : Optional.empty();
    }
}
