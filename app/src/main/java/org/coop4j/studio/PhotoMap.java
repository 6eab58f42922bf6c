package org.coop4j.studio;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.coop4j.base.WatchedProgress;
import org.coop4j.page.PointMap;
import org.coop4j.pool.Neighbours;
import org.coop4j.studio.PhotoSearch.Shown;
import org.coop4j.studio.Pooled.Compared;
import org.coop4j.studio.Snapshot.Photo;

/** The map of a folder's pictures, drawn in the background when somebody looks at it. */
final class PhotoMap {

    /** Fewest pictures of a map. */
    private static final int FEWEST = 16;

    /** The map is drawn anew when one of so many pictures is new; until then they lie where the most similar ones do. */
    private static final int NEW = 10;

    private static final long SEED = 1;

    private final Model model;
    private final Background drawing;
    private volatile Map<String, double[]> places = Map.of(); // by content
    private volatile int drawnOf; // pictures

    /**
     * @param listener called when there is something new
     */
    PhotoMap(Model model, Runnable listener) {
        this.model = model;
        this.drawing = new Background("The map was not drawn: %s.", listener);
    }

    /**
     * A picture on the map.
     *
     * @param among the class of most labelled neighbours, if they contradict its own and nobody called that right; or null
     */
    record Point(@JsonUnwrapped Shown picture, boolean unsorted, double x, double y, String among) {}

    /**
     * A map.
     *
     * @param pictures number of the pictures that can be on it
     * @param points the present ones; none while the first map is drawn
     */
    record Drawn(int pictures, List<Point> points) {}

    /** Returns the drawing of a map. */
    Background drawing() {
        return drawing;
    }

    /** Returns of how many pictures the present map was drawn; each later one has more. */
    int drawnOf() {
        return drawnOf;
    }

    /** Returns the map, and has it drawn if there is none or many pictures are new. */
    synchronized Drawn of(Snapshot now) {
        Compared all = model.pooled().latest();
        if (all == null) {
            return new Drawn(0, List.of());
        }
        Map<String, Photo> present = now.byContent(one -> all.rows().containsKey(one.sha256()));
        Map<String, double[]> drawn = places;
        boolean isPart = present.size() > PointMap.MOST;
        int more = all.contents().size() - drawnOf;
        if (present.size() >= FEWEST && more * NEW > drawnOf && drawing.progress() == null) {
            drawing.begin("Drawing", "A map is drawn.", progress -> draw(all, progress));
        }
        if (drawn.isEmpty()) {
            return new Drawn(present.size(), List.of());
        }
        Map<Integer, String> among = among(now, all, present);
        List<Point> points = new ArrayList<>();
        present.forEach((content, one) -> {
            int row = all.rows().get(content);
            double[] place = isPart ? drawn.get(content) : drawn.getOrDefault(content, nearest(drawn, all, row));
            if (place != null) {
                points.add(new Point(Shown.of(now, one), now.isUnsorted(one), place[0], place[1], among.get(row)));
            }
        });
        return new Drawn(present.size(), points);
    }

    /** Returns the place of the most similar picture that has one, or null. */
    private static double[] nearest(Map<String, double[]> drawn, Compared all, int row) {
        Neighbours near = all.pool().neighbours();
        return IntStream.range(0, near.count())
                .mapToObj(place -> drawn.get(all.contents().get(near.row(row, place))))
                .filter(place -> place != null)
                .findFirst()
                .orElse(null);
    }

    private static Map<Integer, String> among(Snapshot now, Compared all, Map<String, Photo> present) {
        Map<Integer, Integer> labels = new HashMap<>();
        if (!now.isSeveral()) {
            present.forEach((content, one) -> {
                if (now.isLabelled(one)) {
                    labels.put(all.rows().get(content), now.classes().indexOf(one.className()));
                }
            });
        }
        Map<Integer, String> among = new HashMap<>();
        all.pool().neighbours().contradicted(labels).forEach((row, label) -> {
            Photo one = present.get(all.contents().get(row));
            if (!now.kept().contains(one.label())) {
                among.put(row, now.classes().get(label));
            }
        });
        return among;
    }

    private void draw(Compared all, WatchedProgress progress) {
        List<Integer> rows = new ArrayList<>(
                IntStream.range(0, all.contents().size()).boxed().toList());
        Collections.shuffle(rows, new Random(SEED));
        int[] some = rows.stream()
                .limit(PointMap.MOST)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
        double[][] drawn = all.pool().map(some, SEED, progress);
        Map<String, double[]> found = new HashMap<>();
        for (int i = 0; i < some.length; i++) {
            found.put(all.contents().get(some[i]), new double[] {drawn[0][i], drawn[1][i]});
        }
        places = found;
        drawnOf = rows.size();
    }
}
