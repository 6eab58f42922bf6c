package org.coop4j.page;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Points of a plane, coloured by group.
 *
 * @param title description for those who do not see it
 * @param groups names of the groups, by their numbers
 */
public record PointMap(String title, List<String> groups, List<Point> points) {

    /** Most points that a page draws. */
    public static final int MOST = 20_000;

    private static final double WIDTH = 1000;
    private static final double MARGIN = 12;

    /**
     * A point.
     *
     * @param group number of its group; −1 for none
     * @param marked true for a ring around it
     * @param hint text shown on hover
     */
    public record Point(double x, double y, int group, boolean marked, String hint) {}

    Markup markup() {
        double left = points.stream().mapToDouble(Point::x).min().orElse(0);
        double right = points.stream().mapToDouble(Point::x).max().orElse(0);
        double low = points.stream().mapToDouble(Point::y).min().orElse(0);
        double high = points.stream().mapToDouble(Point::y).max().orElse(0);
        double scale = (WIDTH - 2 * MARGIN) / Math.max(Math.max(right - left, high - low), 1e-9);
        double radius = points.size() > 2_000 ? 2.5 : 5;
        return Markup.of(
                "<figure class=\"single\"><svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}</svg>"
                        + "</figure><ul class=\"legend\">{}</ul>",
                2 * MARGIN + scale * (right - left),
                2 * MARGIN + scale * (high - low),
                title,
                Markup.each(
                        points,
                        point -> Markup.of(
                                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"var(--{})\"{}><title>{}</title></circle>\n",
                                MARGIN + scale * (point.x - left),
                                MARGIN + scale * (high - point.y),
                                point.marked ? 2 * radius : radius,
                                colour(point.group),
                                Markup.of(point.marked ? " stroke=\"var(--ink)\" stroke-width=\"2\"" : ""),
                                point.hint)),
                Markup.each(
                        IntStream.range(0, groups.size()).boxed().toList(),
                        group -> Markup.of(
                                "<li><svg class=\"sign\" viewBox=\"0 0 28 14\" aria-hidden=\"true\"><circle cx=\"14\" cy=\"7\""
                                        + " r=\"5\" fill=\"var(--{})\"/></svg>{}</li>",
                                colour(group),
                                groups.get(group))));
    }

    private static String colour(int group) {
        return group < 0 ? "muted" : Svg.colour(group);
    }
}
