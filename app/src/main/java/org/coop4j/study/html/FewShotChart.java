package org.coop4j.study.html;

import java.util.List;
import org.coop4j.base.Numbers;
import org.coop4j.eval.SeedSummary;

/**
 * Few-shot curves as in the paper's figure 3: accuracy over the number of labelled training images per class, zero-shot
 * as a star at 0.
 *
 * @param title title, such as the dataset's name
 * @param series one series per method
 */
public record FewShotChart(String title, List<Series> series) {

    /** Shots of a point that was learned from all training images. */
    public static final int ALL = Integer.MAX_VALUE;

    /**
     * The results of a method: a curve, or a star if it learns from no image.
     *
     * @param name the method's name in the legend
     * @param index number that decides colour and shape, the same in all charts of a report
     * @param published true for a paper's results, which are dashed and hollow
     * @param points a point per number of shots, ascending; a star has one with no shots
     */
    public record Series(String name, int index, boolean published, List<Point> points) {

        /** Returns a measured curve. */
        public static Series curve(String name, int index, List<Point> points) {
            return new Series(name, index, false, points);
        }

        /** Returns the measured accuracy of a method that learns from no image. */
        public static Series star(String name, int index, double accuracy) {
            return curve(name, index, List.of(new Point(0, accuracy, 0, 0)));
        }

        boolean isStar() {
            return points.get(0).shots == 0;
        }

        Point last() {
            return points.get(points.size() - 1);
        }

        String paint() {
            return Colours.series(index);
        }

        double width() {
            return published ? 1.6 : 2.4;
        }
    }

    /**
     * A point of a series.
     *
     * @param shots training images per class, {@link FewShotChart#ALL}, or 0 for a star
     * @param mean mean accuracy over the seeds
     * @param sd standard deviation over the seeds; 0 if unknown
     * @param seeds number of seeds; 0 if unknown
     */
    public record Point(int shots, double mean, double sd, int seeds) {

        /** Takes mean and spread of the seeds; a single seed has no spread. */
        public Point(int shots, SeedSummary s) {
            this(shots, s.mean(), s.count() == 1 ? 0 : s.sampleSd(), s.count() == 1 ? 0 : s.count());
        }

        /** Describes the point: "16 shots: 73.4 ± 0.5 (3 seeds)". */
        String describe() {
            return (shots == 0 ? "" : (shots == ALL ? "all images" : Numbers.count(shots, "shot")) + ": ")
                    + Numbers.number(mean, 1)
                    + (sd > 0 ? " ± " + Numbers.number(sd, 1) : "")
                    + (seeds > 0 ? " (" + Numbers.count(seeds, "seed") + ")" : "");
        }
    }

    List<Series> curves() {
        return series.stream().filter(one -> !one.isStar()).toList();
    }

    /** Returns true if any point has a standard deviation. */
    boolean hasSpread() {
        return series.stream().flatMap(one -> one.points.stream()).anyMatch(p -> p.sd > 0);
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
