package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PythonRandom;
import org.coop4j.data.SplitRules;

/**
 * Oxford-IIIT Pets: lines "image class species breed" of two annotation lists. The class name is
 * the image's name without the number after it, in lower case.
 */
final class OxfordPets {
    private OxfordPets() {}

    static ImageDataset read(BenchmarkFolder folder, PythonRandom random) throws IOException {
        return SplitRules.fifthToVal(
                folder.name(),
                images(folder, "annotations/trainval.txt"),
                images(folder, "annotations/test.txt"),
                random);
    }

    private static List<LabelledImage> images(BenchmarkFolder folder, String list)
            throws IOException {
        Path imageRoot = folder.imageRoot();
        List<LabelledImage> images = new ArrayList<>();
        for (BenchmarkFolder.Line line : folder.lines(list)) {
            String wanted = "'image_number class species breed'";
            List<String> words = line.words(4, wanted);
            String stem = words.get(0);
            int number = stem.lastIndexOf('_');
            if (number < 1) {
                throw line.refused(wanted);
            }
            images.add(
                    new LabelledImage(
                            folder.image(imageRoot, stem + ".jpg"),
                            line.label(words.get(1)),
                            stem.substring(0, number).toLowerCase(Locale.ROOT)));
        }
        return images;
    }
}
