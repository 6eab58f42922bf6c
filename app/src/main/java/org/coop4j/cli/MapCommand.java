package org.coop4j.cli;

import static org.coop4j.base.Numbers.count;
import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.coop4j.base.AtomicFile;
import org.coop4j.cli.Converters.FileName;
import org.coop4j.findings.OpenPool;
import org.coop4j.page.HtmlPage;
import org.coop4j.page.PointMap;
import org.coop4j.page.PointMap.Point;
import org.coop4j.page.Section;
import org.coop4j.pool.Pool;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code coop map}: a page on which pictures that look alike are near each other. */
@Command(name = "map")
final class MapCommand extends PoolCommand {

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "FILE",
            converter = FileName.class)
    Path out;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1")
    long seed;

    @Override
    public Integer call() throws IOException {
        return open(poolOptions.haveClasses(), true, opened -> {
            Pool pool = opened.pool();
            require(
                    pool.size() <= PointMap.MOST,
                    "a page shows at most %s pictures, these are %s: give a part of them",
                    count(PointMap.MOST),
                    count(pool.size()));
            double[][] places = pool.map(seed, console);
            int[] labels = labels(opened);
            Set<Integer> suspects =
                    pool.neighbours().contradicted(opened.known()).keySet();
            List<Point> points = new ArrayList<>();
            for (int i = 0; i < pool.size(); i++) {
                String name = labels[i] < 0 ? "" : ": " + opened.className(labels[i]);
                points.add(new Point(
                        places[0][i],
                        places[1][i],
                        labels[i],
                        suspects.contains(i),
                        opened.names().get(i) + name));
            }
            String pictures = count(pool.size(), "picture");
            Section section = new Section("Map")
                    .paragraph(
                            "Pictures that look alike are near each other; directions and distances across the map mean"
                                    + " nothing. Hold the pointer over a point to read its name.")
                    .map(new PointMap(pictures, opened.classNames(), points));
            if (!suspects.isEmpty()) {
                section.subheading("Labels that most of their neighbours contradict")
                        .list(suspects.stream().map(i -> points.get(i).hint()).toList());
            }
            AtomicFile.write(
                    out,
                    new HtmlPage("Map of " + pictures, arguments.get(0).toString())
                            .add(section)
                            .html());
            console.note("map: " + out);
        });
    }

    /** Returns the class of each picture: a person's, or else the answer; −1 without classes. */
    private int[] labels(OpenPool opened) {
        if (opened.logits() == null) {
            return IntStream.range(0, opened.pool().size()).map(i -> -1).toArray();
        }
        int[] labels = opened.joint(Map.of(), console).labels().clone();
        opened.known().forEach((row, label) -> labels[row] = label);
        return labels;
    }
}
