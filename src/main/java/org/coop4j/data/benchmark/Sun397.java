package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PythonRandom;
import org.coop4j.data.SplitRules;

/**
 * SUN397, partition 01: lines "/a/apse/indoor/sun_….jpg". Labels follow ClassName.txt; the class
 * name drops the letter and reverses the rest ("indoor apse").
 */
final class Sun397 {
    private Sun397() {}

    static ImageDataset read(BenchmarkFolder folder, PythonRandom random) throws IOException {
        Map<String, Integer> labels = new HashMap<>();
        for (BenchmarkFolder.Line line : folder.lines("ClassName.txt")) {
            labels.put(withoutSlash(line), labels.size());
        }
        return SplitRules.fifthToVal(
                folder.name(),
                images(folder, "Training_01.txt", labels),
                images(folder, "Testing_01.txt", labels),
                random);
    }

    private static List<LabelledImage> images(
            BenchmarkFolder folder, String list, Map<String, Integer> labels) throws IOException {
        Path imageRoot = folder.imageRoot();
        List<LabelledImage> images = new ArrayList<>();
        for (BenchmarkFolder.Line line : folder.lines(list)) {
            String file = withoutSlash(line);
            String category = file.substring(0, Math.max(file.lastIndexOf('/'), 0));
            Integer label = labels.get(category);
            if (label == null) {
                throw new DatasetException(
                        "%s line %d has the class '/%s', which ClassName.txt does not have"
                                .formatted(line.file(), line.number(), category));
            }
            images.add(
                    new LabelledImage(
                            folder.image(imageRoot, file), label, className(line, category)));
        }
        return images;
    }

    private static String className(BenchmarkFolder.Line line, String category)
            throws DatasetException {
        List<String> parts = new ArrayList<>(List.of(category.split("/", -1)));
        parts.remove(0);
        if (parts.isEmpty()) {
            throw line.refused("'/letter/class/image'");
        }
        Collections.reverse(parts);
        return String.join(" ", parts);
    }

    private static String withoutSlash(BenchmarkFolder.Line line) throws DatasetException {
        if (!line.text().startsWith("/")) {
            throw line.refused("a path that begins with '/'");
        }
        return line.text().substring(1);
    }
}
