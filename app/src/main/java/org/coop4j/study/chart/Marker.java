package org.coop4j.study.chart;

import java.util.List;

/** The sign of a series' points, so that colour is not all that tells series apart. */
public enum Marker {
    CIRCLE,
    SQUARE,
    TRIANGLE,
    DIAMOND,
    TRIANGLE_DOWN,
    PENTAGON,
    HEXAGON,
    STAR;

    private static final List<Marker> OF_SERIES =
            List.of(CIRCLE, SQUARE, TRIANGLE, DIAMOND, TRIANGLE_DOWN, PENTAGON, HEXAGON);

    public static Marker series(int index) {
        return OF_SERIES.get(Math.floorMod(index, OF_SERIES.size()));
    }

    /**
     * The corners x0, y0, x1, y1, … of a sign of about the same area as a circle of that radius;
     * none for the circle itself.
     */
    double[] corners(double x, double y, double radius) {
        return switch (this) {
            case CIRCLE -> new double[0];
            case SQUARE -> regular(4, Math.PI / 4, x, y, 1.25 * radius);
            case TRIANGLE -> regular(3, Math.PI / 2, x, y + 0.15 * radius, 1.45 * radius);
            case DIAMOND -> regular(4, 0, x, y, 1.35 * radius);
            case TRIANGLE_DOWN -> regular(3, -Math.PI / 2, x, y - 0.15 * radius, 1.45 * radius);
            case PENTAGON -> regular(5, Math.PI / 2, x, y, 1.2 * radius);
            case HEXAGON -> regular(6, 0, x, y, 1.15 * radius);
            case STAR -> star(x, y, 1.9 * radius);
        };
    }

    private static double[] regular(int n, double turn, double x, double y, double radius) {
        double[] corners = new double[2 * n];
        for (int i = 0; i < n; i++) {
            double angle = turn + 2 * Math.PI * i / n;
            corners[2 * i] = x + radius * Math.cos(angle);
            corners[2 * i + 1] = y - radius * Math.sin(angle);
        }
        return corners;
    }

    /** Five points; the inner corners lie where the lines of a pentagram cross. */
    private static double[] star(double x, double y, double radius) {
        double inner = radius * 0.44;
        double[] corners = new double[20];
        for (int i = 0; i < 10; i++) {
            double angle = Math.PI / 2 + Math.PI * i / 5;
            double r = i % 2 == 0 ? radius : inner;
            corners[2 * i] = x + r * Math.cos(angle);
            corners[2 * i + 1] = y - r * Math.sin(angle);
        }
        return corners;
    }
}
