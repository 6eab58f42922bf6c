package org.coop4j.tags;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.Color;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.coop4j.base.Numbers;
import org.coop4j.console.CommandFailure;
import org.coop4j.console.Json;
import org.coop4j.predict.Prediction;

/**
 * Tiles of one image, whose names say where they lie, as QuPath's {@code TileExporter} writes them: {@code IMAGE
 * [d=2,x=1024,y=0,w=512,h=512].jpg}. Answers become detections in GeoJSON, with the fields of QuPath's
 * {@code QuPathTypeAdapters}.
 */
public final class Tiles {

    private static final Pattern NAME = Pattern.compile("(.*?) ?\\[((?:[a-z]=-?[0-9.]+,?)+)]\\.[^.]+");

    /** The golden ratio: the colours of any number of classes differ. */
    private static final float HUE = 0.618f;

    private final List<Map<String, Integer>> places;
    private final List<String> classNames;
    private final ObjectNode collection = Json.object().put("type", "FeatureCollection");
    private final ArrayNode features = collection.putArray("features");

    /** Reads the places of tiles; their names must have one, and be of one image. */
    public Tiles(List<Path> files, List<String> classNames) {
        this.classNames = classNames;
        places = files.stream().map(file -> place(name(file))).toList();
        List<String> images =
                files.stream().map(file -> name(file).group(1)).distinct().toList();
        CommandFailure.require(
                images.size() <= 1,
                "these are tiles of %d images (%s): give those of one image",
                images.size(),
                Numbers.first(images));
    }

    private static Matcher name(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        CommandFailure.require(
                name.matches() && place(name).keySet().containsAll(List.of("x", "y", "w", "h")),
                "%s has no place in its name: expected one such as IMAGE [x=1024,y=0,w=512,h=512].jpg",
                file);
        return name;
    }

    /** Returns the numbers of a name; the downsampling {@code d} is left out, since pixels are those of full resolution. */
    private static Map<String, Integer> place(Matcher name) {
        Map<String, Integer> place = new HashMap<>();
        for (String part : name.group(2).split(",")) {
            if (part.substring(2).matches("-?[0-9]{1,9}")) {
                place.put(part.substring(0, 1), Integer.parseInt(part.substring(2)));
            }
        }
        return place;
    }

    /**
     * Adds the answer for a tile.
     *
     * @param label null if no class is probable enough
     * @param ranked classes whose probabilities are measurements
     */
    public void add(int index, String label, List<Prediction> ranked) {
        ObjectNode feature = features.addObject().put("type", "Feature");
        geometry(feature.putObject("geometry"), places.get(index));
        ObjectNode properties = feature.putObject("properties").put("objectType", "detection");
        if (label != null) {
            Color color = Color.getHSBColor(HUE * classNames.indexOf(label), 0.8f, 0.8f);
            properties
                    .putObject("classification")
                    .put("name", label)
                    .putArray("color")
                    .add(color.getRed())
                    .add(color.getGreen())
                    .add(color.getBlue());
        }
        ObjectNode measurements = properties.putObject("measurements");
        ranked.forEach(one -> measurements.put("coop4j: " + one.label(), (float) one.probability()));
    }

    private static void geometry(ObjectNode geometry, Map<String, Integer> place) {
        int left = place.get("x");
        int top = place.get("y");
        int right = left + place.get("w");
        int bottom = top + place.get("h");
        ArrayNode ring = geometry.put("type", "Polygon").putArray("coordinates").addArray();
        for (int[] corner : new int[][] {{left, top}, {right, top}, {right, bottom}, {left, bottom}, {left, top}}) {
            ring.addArray().add(corner[0]).add(corner[1]);
        }
        if (place.containsKey("z") || place.containsKey("t")) {
            geometry.putObject("plane")
                    .put("c", -1)
                    .put("z", place.getOrDefault("z", 0))
                    .put("t", place.getOrDefault("t", 0));
        }
    }

    /** Returns all answers, a FeatureCollection. */
    public ObjectNode geoJson() {
        return collection;
    }
}
