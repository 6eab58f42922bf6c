package org.coop4j.pretraindata;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tells which pictures are variants of one drawing: those that look alike, those by one author in
 * one series of names ("clock_01", "clock_02", "clock_bw") that look related (see {@link
 * PerceptualHash}), and those tied through others.
 */
final class Drawings {
    private final Map<String, String> drawingOf = new HashMap<>();

    Drawings(List<Prepared> pictures) {
        int[] parent = new int[pictures.size()];
        java.util.Arrays.setAll(parent, i -> i);
        joinSeries(pictures, parent);
        joinLookAlikes(pictures, parent);
        Map<Integer, String> smallest = new TreeMap<>();
        for (int i = 0; i < parent.length; i++) {
            smallest.merge(root(parent, i), pictures.get(i).id(), (a, b) -> a.compareTo(b) < 0 ? a : b);
        }
        for (int i = 0; i < parent.length; i++) {
            drawingOf.put(pictures.get(i).id(), smallest.get(root(parent, i)));
        }
    }

    /** Returns the id of the picture's drawing: the first, in alphabetical order, of its variants' ids. */
    String of(Prepared picture) {
        return drawingOf.get(picture.id());
    }

    private static void joinSeries(List<Prepared> pictures, int[] parent) {
        Map<String, List<Integer>> series = new HashMap<>();
        for (int i = 0; i < parent.length; i++) {
            SourcePicture picture = pictures.get(i).picture();
            series.computeIfAbsent(picture.author() + "\n" + picture.series(), key -> new ArrayList<>())
                    .add(i);
        }
        for (List<Integer> members : series.values()) {
            for (int i : members) {
                for (int j : members) {
                    if (i < j
                            && pictures.get(i).hash().isRelated(pictures.get(j).hash())) {
                        join(parent, i, j);
                    }
                }
            }
        }
    }

    private static void joinLookAlikes(List<Prepared> pictures, int[] parent) {
        PerceptualHash[] hashes = pictures.stream().map(Prepared::hash).toArray(PerceptualHash[]::new);
        for (int i = 0; i < hashes.length; i++) {
            for (int j = i + 1; j < hashes.length; j++) {
                if (hashes[i].isNear(hashes[j])) {
                    join(parent, i, j);
                }
            }
        }
    }

    private static void join(int[] parent, int a, int b) {
        parent[root(parent, a)] = root(parent, b);
    }

    private static int root(int[] parent, int i) {
        int at = i;
        while (parent[at] != at) {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        return at;
    }
}
