package org.coop4j.tags;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.Color;
import java.nio.file.Path;
import java.util.List;
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

    private static final Pattern NAME = Pattern.compile("(.*?) ?\\[(?:d=[0-9.]+,)?x=(-?\\d{1,9}),y=(-?\\d{1,9})"
            + ",w=(\\d{1,9}),h=(\\d{1,9})(?:,z=(\\d{1,9}))?(?:,t=(\\d{1,9}))?]\\.[^.]+");

    /** The golden ratio: the colours of any number of classes differ. */
    private static final float HUE = 0.618f;

    private final List<Matcher> names;
    private final List<String> classNames;
    private final ArrayNode features = Json.object().putArray("features");

    /** Reads the places of tiles; their names must have one, and be of one image. */
    public Tiles(List<Path> files, List<String> classNames) {
        this.classNames = classNames;
        names = files.stream().map(Tiles::name).toList();
        List<String> images =
                names.stream().map(name -> name.group(1)).distinct().toList();
        CommandFailure.require(
                images.size() <= 1,
                "these are tiles of %d images (%s): give those of one image",
                images.size(),
                Numbers.first(images));
    }

    private static Matcher name(Path file) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        CommandFailure.require(
                name.matches(),
                "%s has no place in its name: expected one such as IMAGE [x=1024,y=0,w=512,h=512].jpg",
                file);
        return name;
    }

    /**
     * Adds the answer for a tile.
     *
     * @param label null if no class is probable enough
     * @param ranked classes whose probabilities are measurements
     */
    public void add(int index, String label, List<Prediction> ranked) {
        ObjectNode feature = features.addObject().put("type", "Feature");
        geometry(feature.putObject("geometry"), names.get(index));
        ObjectNode properties = feature.putObject("properties").put("objectType", "detection");
        if (label != null) {
            Color color = Color.getHSBColor(HUE * classNames.indexOf(label), 0.8f, 0.8f);
            int[] parts = {color.getRed(), color.getGreen(), color.getBlue()};
            properties.putObject("classification").put("name", label).set("color", Json.of(parts));
        }
        ObjectNode measurements = properties.putObject("measurements");
        ranked.forEach(one -> measurements.put("coop4j: " + one.label(), (float) one.probability()));
    }

    private static void geometry(ObjectNode geometry, Matcher name) {
        int left = number(name, 2);
        int top = number(name, 3);
        int right = left + number(name, 4);
        int bottom = top + number(name, 5);
        int[][][] rings = {{{left, top}, {right, top}, {right, bottom}, {left, bottom}, {left, top}}};
        geometry.put("type", "Polygon").set("coordinates", Json.of(rings));
        if (number(name, 6) + number(name, 7) > 0) {
            geometry.putObject("plane").put("c", -1).put("z", number(name, 6)).put("t", number(name, 7));
        }
    }

    private static int number(Matcher name, int group) {
        return name.group(group) == null ? 0 : Integer.parseInt(name.group(group));
    }

    /** Returns all answers, a FeatureCollection. */
    public ObjectNode geoJson() {
        return Json.object().put("type", "FeatureCollection").set("features", features);
    }
}
