package org.coop4j.study.chart;

import java.util.List;
import java.util.TreeSet;
import org.coop4j.base.Numbers;
import org.coop4j.eval.SeedSummary;

/**
 * Few-shot curves as in the paper's figure 3: score over the number of labelled training images per class, zero-shot as
 * a star at 0.
 *
 * @param title such as the dataset's name
 * @param score what the curves show, with its unit, such as "accuracy (%)"
 * @param series one for each method
 */
public record FewShotChart(String title, String score, List<Series> series) {

    /** All training images, as many as there are. */
    public static final int ALL = Integer.MAX_VALUE;

    /** Checks that there is something to draw. */
    public FewShotChart {
        series = List.copyOf(series);
        if (series.isEmpty()) {
            throw new IllegalArgumentException(
                    "chart \"" + title + "\" has neither a curve nor a star: give at least one");
        }
    }

    /**
     * A method: a curve, or a star if it sees no training image.
     *
     * @param name the method, as the legend names it
     * @param index decides colour and sign, so that a method looks the same in all charts
     * @param published from a paper and not of runs here: drawn dashed and hollow
     * @param points one for each number of shots, ascending; a star's one has no shots
     */
    public record Series(String name, int index, boolean published, List<Point> points) {

        /** Checks that the shots ascend. */
        public Series {
            points = List.copyOf(points);
            if (points.isEmpty()) {
                throw new IllegalArgumentException("curve \"" + name + "\" has no points");
            }
            for (int i = 1; i < points.size(); i++) {
                if (points.get(i).shots <= points.get(i - 1).shots) {
                    throw new IllegalArgumentException(
                            "curve \"%s\": %d shots stand behind %d; expected ascending order"
                                    .formatted(name, points.get(i).shots, points.get(i - 1).shots));
                }
            }
        }

        /** A measured curve. */
        public static Series curve(String name, int index, List<Point> points) {
            return new Series(name, index, false, points);
        }

        /** The measured score of a method that sees no training image. */
        public static Series star(String name, int index, double score) {
            return new Series(name, index, false, List.of(new Point(0, score, 0, 0)));
        }

        boolean isStar() {
            return points.get(0).shots == 0;
        }

        Point last() {
            return points.get(points.size() - 1);
        }

        Paint paint() {
            return Paint.series(index);
        }

        Svg.Pen pen() {
            return new Svg.Pen(paint(), published ? 1.6 : 2.4, published, 1);
        }

        Svg.Sign sign(double radius) {
            return new Svg.Sign(isStar() ? Svg.Marker.STAR : Svg.Marker.series(index), radius, paint(), published);
        }
    }

    /**
     * A point of a series.
     *
     * @param shots training images per class, {@link FewShotChart#ALL}, or 0 of a star
     * @param mean mean over the seeds
     * @param sd standard deviation over the seeds; 0 if unknown, drawn without bar
     * @param seeds number of seeds; 0 if unknown
     */
    public record Point(int shots, double mean, double sd, int seeds) {

        /** Checks the ranges. */
        public Point {
            if (shots < 0 || seeds < 0 || !Double.isFinite(mean) || !(sd >= 0)) {
                throw new IllegalArgumentException(
                        "point of %d shots, mean %s, sd %s, %d seeds: expected no negative shots, a finite mean and an"
                                        .formatted(shots, mean, sd, seeds)
                                + " sd of 0 or more");
            }
        }

        /** Of one seed neither spread nor number of seeds is shown. */
        public Point(int shots, SeedSummary summary) {
            this(
                    shots,
                    summary.mean(),
                    summary.count() == 1 ? 0 : summary.sampleSd(),
                    summary.count() == 1 ? 0 : summary.count());
        }

        /** "16 shots: 73.4 ± 0.5 (3 seeds)". */
        String describe() {
            StringBuilder text = new StringBuilder();
            if (shots > 0) {
                text.append(shots == ALL ? "all images" : Numbers.count(shots, "shot"))
                        .append(": ");
            }
            text.append(Numbers.number(mean, 1));
            if (sd > 0) {
                text.append(" ± ").append(Numbers.number(sd, 1));
            }
            if (seeds > 0) {
                text.append(" (").append(Numbers.count(seeds, "seed")).append(')');
            }
            return text.toString();
        }
    }

    List<Series> curves() {
        return series.stream().filter(one -> !one.isStar()).toList();
    }

    /** All numbers of shots, ascending, with 0 if there is a star. */
    List<Integer> shots() {
        TreeSet<Integer> shots = new TreeSet<>();
        series.forEach(one -> one.points.forEach(point -> shots.add(point.shots)));
        return List.copyOf(shots);
    }

    /** Returns true if any point has a standard deviation. */
    public boolean hasSpread() {
        return series.stream().flatMap(one -> one.points.stream()).anyMatch(p -> p.sd > 0);
    }

    /** The picture in words, for those who cannot see it. */
    String describe() {
        StringBuilder text = new StringBuilder(title + ", " + score + ".");
        for (Series one : series) {
            text.append(' ').append(one.name).append(": ");
            text.append(
                    String.join(", ", one.points.stream().map(Point::describe).toList()));
            text.append('.');
        }
        return text.toString();
    }

    /** The content of an SVG file, with title and names. */
    public String file() {
        return draw(Svg.file(describe()));
    }

    /** An SVG element for a page, which has title and names as text beside it. */
    public String inline() {
        return draw(Svg.inline(describe()));
    }

    private String draw(Svg svg) {
        new CurveLayout(this, svg).draw();
        return svg.end();
    }
}
