package org.coop4j.data.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PythonRandom;
import org.coop4j.data.SplitRules;
import us.hebi.matlab.mat.types.Matrix;

/**
 * Oxford Flowers: image_00001.jpg and so on, their labels in imagelabels.mat and the labels' names
 * in cat_to_name.json, both counted from 1. Split 50/20/30 (not by the official split), classes in
 * order of first appearance.
 */
final class OxfordFlowers {
    private OxfordFlowers() {}

    static ImageDataset read(BenchmarkFolder folder, PythonRandom random) throws IOException {
        Path nameFile = folder.file("cat_to_name.json");
        Map<String, String> names = names(nameFile);
        int[] labels =
                MatlabFile.read(
                        folder.file("imagelabels.mat"), mat -> labels(mat.getMatrix("labels")));
        List<LabelledImage> images = new ArrayList<>();
        for (int i = 0; i < labels.length; i++) {
            String name = names.get(Integer.toString(labels[i]));
            if (name == null || labels[i] < 1) {
                throw new DatasetException(
                        "%s has no name for the label %d of imagelabels.mat"
                                .formatted(nameFile, labels[i]));
            }
            images.add(
                    new LabelledImage(
                            folder.imageRoot().resolve("image_%05d.jpg".formatted(i + 1)),
                            labels[i] - 1,
                            name));
        }
        return SplitRules.halfFifthRest(
                folder.name(), SplitRules.byFirstAppearance(images), random);
    }

    private static int[] labels(Matrix matrix) {
        int[] labels = new int[matrix.getNumElements()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = matrix.getInt(i);
        }
        return labels;
    }

    private static Map<String, String> names(Path file) throws IOException {
        try {
            return new JsonMapper().readValue(Files.readAllBytes(file), new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new DatasetException(
                    file + " is not an object of names: " + e.getOriginalMessage(), e);
        }
    }
}
