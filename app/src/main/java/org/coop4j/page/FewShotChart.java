package org.coop4j.page;

import static org.coop4j.base.Numbers.count;

import java.util.List;
import org.coop4j.console.SeedSummary;
import org.coop4j.page.Svg.Marker;

/**
 * Few-shot curves as in the paper's figure 3: accuracy over the number of labelled training images per class, zero-shot
 * as a star at 0.
 *
 * @param title title, such as the dataset's name
 * @param series one series per method
 */
public record FewShotChart(String title, List<Series> series) {

    /**
     * The results of a method: a curve, or a star if it learns from no image.
     *
     * @param name the method's name in the legend
     * @param index number that decides colour and shape, the same in all charts of a report
     * @param published true for a paper's results, which are dashed and hollow
     * @param points a point per number of shots, ascending; a star has one with no shots
     */
    public record Series(String name, int index, boolean published, List<Point> points) {

        boolean isStar() {
            return points.get(0).shots.equals(Shots.NONE);
        }

        Point last() {
            return points.get(points.size() - 1);
        }

        String paint() {
            return Svg.colour(index);
        }

        double width() {
            return published ? 1.6 : 2.4;
        }

        /** Draws a point of the series. */
        void mark(Svg svg, double x, double y, String hint) {
            Marker marker = isStar() ? Marker.STAR : Marker.series(index);
            svg.marker(marker, published ? 3.6 : 4.2, paint(), published, x, y, hint);
        }

        /** Returns the legend's sign. */
        Markup sign() {
            Svg svg = new Svg(false, 0, 0, 1);
            if (!isStar()) {
                svg.line(paint(), width(), published, 0, 7, 28, 7);
            }
            mark(svg, 14, 7, "");
            return svg.sign();
        }
    }

    /**
     * A point of a series.
     *
     * @param shots training images per class; none for a star
     * @param accuracy mean and spread over the seeds
     */
    public record Point(Shots shots, SeedSummary accuracy) {

        double mean() {
            return accuracy.mean();
        }

        /** Returns the standard deviation; 0 of a single seed. */
        double sd() {
            return accuracy.count() == 1 ? 0 : accuracy.sampleSd();
        }

        /** Describes the point: "16 shots: 73.4 ± 0.5 (3 seeds)". */
        String describe() {
            return (shots.equals(Shots.NONE) ? "" : shots.describe() + ": ")
                    + accuracy.meanSd(1)
                    + (accuracy.count() > 1 ? " (" + count(accuracy.count(), "seed") + ")" : "");
        }
    }

    /** Returns the series that are not a star. */
    public List<Series> curves() {
        return series.stream().filter(one -> !one.isStar()).toList();
    }

    List<Point> points() {
        return series.stream().flatMap(one -> one.points.stream()).toList();
    }

    /** Returns the content of an SVG file, with title and names. */
    public String file() {
        return new CurveLayout(this, true).draw().toString();
    }

    /** Returns an element for a page that shows title and names as text. */
    Markup markup() {
        return new CurveLayout(this, false).draw();
    }
}
