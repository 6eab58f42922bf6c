package org.coop4j.study.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.coop4j.base.Numbers;
import org.coop4j.eval.SeedSummary;

/**
 * Few-shot curves as in the paper's figure 3: score over the number of labelled training images a
 * class, zero-shot as a star at 0.
 *
 * @param title such as the dataset's name
 * @param score what the curves show, with its unit, such as "accuracy (%)"
 * @param curves one for each method
 * @param stars methods that see no training image
 */
public record FewShotChart(String title, String score, List<Curve> curves, List<Star> stars) {

    /** All training images, as many as there are. */
    public static final int ALL = Integer.MAX_VALUE;

    /** Checks that there is something to draw. */
    public FewShotChart {
        curves = List.copyOf(curves);
        stars = List.copyOf(stars);
        if (curves.isEmpty() && stars.isEmpty()) {
            throw new IllegalArgumentException(
                    "chart \"" + title + "\" has neither a curve nor a star: give at least one");
        }
    }

    /** Whose numbers a series shows. */
    public enum Origin {
        /** Of runs here: drawn solid. */
        MEASURED,
        /** From a paper: drawn dashed and hollow. */
        PUBLISHED
    }

    /** A method in the chart. */
    public sealed interface Series {
        /** The method, as the legend names it. */
        String name();

        /** Decides colour and sign, so that a method looks the same in all charts. */
        int series();

        /** Whose numbers they are. */
        Origin origin();

        /** The sign of its points. */
        Marker marker();

        /** The score beside which its name stands. */
        double end();

        /** Whether its signs are filled with the page's colour. */
        default boolean isHollow() {
            return origin() == Origin.PUBLISHED;
        }
    }

    /** The curves, then the stars. */
    public List<Series> all() {
        List<Series> all = new ArrayList<>(curves);
        all.addAll(stars);
        return all;
    }

    /**
     * A method's curve.
     *
     * @param name the method, as the legend names it
     * @param series decides colour and sign, so that a method looks the same in all charts
     * @param origin whose numbers they are
     * @param points one for each number of shots, ascending
     */
    public record Curve(String name, int series, Origin origin, List<Point> points)
            implements Series {
        /** Checks that the shots ascend. */
        public Curve {
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
        public static Curve measured(String name, int series, List<Point> points) {
            return new Curve(name, series, Origin.MEASURED, points);
        }

        @Override
        public Marker marker() {
            return Marker.series(series);
        }

        @Override
        public double end() {
            return last().mean;
        }

        Point last() {
            return points.get(points.size() - 1);
        }
    }

    /**
     * A point of a curve.
     *
     * @param shots training images a class, 1 or more, or {@link #ALL}
     * @param mean mean over the seeds
     * @param sd standard deviation over the seeds; 0 if unknown, drawn without bar
     * @param seeds number of seeds; 0 if unknown
     */
    public record Point(int shots, double mean, double sd, int seeds) {
        /** Checks the ranges. */
        public Point {
            if (shots < 1 || seeds < 0 || !Double.isFinite(mean) || !(sd >= 0)) {
                throw new IllegalArgumentException(
                        "point of %d shots, mean %s, sd %s, %d seeds: expected 1 shot or more, a"
                                        .formatted(shots, mean, sd, seeds)
                                + " finite mean and an sd of 0 or more");
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

        String describe() {
            StringBuilder text = new StringBuilder();
            text.append(shots == ALL ? "all images" : Numbers.count(shots, "shot"));
            text.append(": ").append(number(mean));
            if (sd > 0) {
                text.append(" ± ").append(number(sd));
            }
            if (seeds > 0) {
                text.append(" (").append(Numbers.count(seeds, "seed")).append(')');
            }
            return text.toString();
        }
    }

    /**
     * A method without training images.
     *
     * @param series decides the colour
     * @param value its score
     */
    public record Star(String name, int series, Origin origin, double value) implements Series {
        /** Checks the value. */
        public Star {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("star \"" + name + "\" stands at " + value);
            }
        }

        @Override
        public Marker marker() {
            return Marker.STAR;
        }

        @Override
        public double end() {
            return value;
        }

        /** A measured star. */
        public static Star measured(String name, int series, double value) {
            return new Star(name, series, Origin.MEASURED, value);
        }
    }

    /** All numbers of shots, ascending. */
    List<Integer> shots() {
        TreeSet<Integer> shots = new TreeSet<>();
        curves.forEach(curve -> curve.points.forEach(point -> shots.add(point.shots)));
        return List.copyOf(shots);
    }

    /** Whether any point has a standard deviation. */
    public boolean hasSpread() {
        return curves.stream().flatMap(c -> c.points.stream()).anyMatch(p -> p.sd > 0);
    }

    /** The picture in words, for those who cannot see it. */
    public String describe() {
        StringBuilder text = new StringBuilder();
        text.append(title).append(", ").append(score).append(". ");
        for (Star star : stars) {
            text.append(star.name).append(": ").append(number(star.value)).append(". ");
        }
        for (Curve curve : curves) {
            text.append(curve.name).append(": ");
            for (int i = 0; i < curve.points.size(); i++) {
                text.append(i == 0 ? "" : ", ").append(curve.points.get(i).describe());
            }
            text.append(". ");
        }
        return text.toString().strip();
    }

    static String number(double value) {
        return Numbers.number(value, 1);
    }
}
