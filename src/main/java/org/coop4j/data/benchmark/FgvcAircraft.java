package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;

/**
 * FGVC Aircraft: classes are the lines of variants.txt in file order; lines "id variant name" of
 * the three official lists.
 */
final class FgvcAircraft {
    private FgvcAircraft() {}

    static ImageDataset read(BenchmarkFolder folder) throws IOException {
        Map<String, Integer> labels = new LinkedHashMap<>();
        for (BenchmarkFolder.Line line : folder.lines("variants.txt")) {
            if (labels.put(line.text(), labels.size()) != null) {
                throw line.refused("each variant once");
            }
        }
        return ImageDataset.fromImages(
                folder.name(),
                images(folder, "images_variant_train.txt", labels),
                images(folder, "images_variant_val.txt", labels),
                images(folder, "images_variant_test.txt", labels));
    }

    private static List<LabelledImage> images(
            BenchmarkFolder folder, String list, Map<String, Integer> labels) throws IOException {
        Path imageRoot = folder.imageRoot();
        List<LabelledImage> images = new ArrayList<>();
        for (BenchmarkFolder.Line line : folder.lines(list)) {
            List<String> words = line.words(2, "'id variant'");
            String variant = String.join(" ", words.subList(1, words.size()));
            Integer label = labels.get(variant);
            if (label == null) {
                throw new DatasetException(
                        "%s line %d has the variant '%s', which variants.txt does not have"
                                .formatted(line.file(), line.number(), variant));
            }
            images.add(
                    new LabelledImage(
                            folder.image(imageRoot, words.get(0) + ".jpg"), label, variant));
        }
        return images;
    }
}
