package org.coop4j.report;

import static org.coop4j.base.Numbers.count;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Progress;
import org.coop4j.console.CommandFailure;
import org.coop4j.findings.OpenPool;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.PointMap;
import org.coop4j.page.PointMap.Point;
import org.coop4j.page.Section;
import org.coop4j.pool.Pool;

/** A page on which pictures that look alike are near each other. */
public final class PoolMap {

    private PoolMap() {}

    /**
     * Draws the pictures of a pool.
     *
     * @param place of the pictures, in words
     */
    public static HtmlPage page(OpenPool opened, long seed, String place, Progress progress) {
        Pool pool = opened.pool();
        CommandFailure.require(
                pool.size() <= PointMap.MOST,
                "a page shows at most %s pictures, these are %s: give a part of them",
                count(PointMap.MOST),
                count(pool.size()));
        double[][] places = pool.map(seed, progress);
        int[] answers = opened.logits() == null
                ? null
                : opened.joint(Map.of(), progress).labels();
        Set<Integer> suspects = pool.neighbours().contradicted(opened.known()).keySet();
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < pool.size(); i++) {
            int label =
                    answers == null ? -1 : opened.known().getOrDefault(i, answers[i]); // a person's, if there is one
            String name = label < 0 ? "" : ": " + opened.className(label);
            points.add(new Point(
                    places[0][i],
                    places[1][i],
                    label,
                    suspects.contains(i),
                    opened.names().get(i) + name));
        }
        String pictures = count(pool.size(), "picture");
        Section section = new Section("Map")
                .paragraph("Pictures that look alike are near each other; directions and distances across the map mean"
                        + " nothing. Hold the pointer over a point to read its name.")
                .map(new PointMap(pictures, opened.classNames(), points));
        if (!suspects.isEmpty()) {
            section.subheading("Labels that most of their neighbours contradict")
                    .list(suspects.stream().map(i -> points.get(i).hint()).toList());
        }
        return new HtmlPage("Map of " + pictures, place).add(section);
    }
}
