package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.PythonRandom;
import org.coop4j.data.SplitRules;

/**
 * Caltech101, Food101, Describable Textures and EuroSAT: a folder a class, labels in sorted order
 * of the folders, some folders skipped and some classes renamed, each class split 50/20/30.
 */
final class ClassFolders {
    private ClassFolders() {}

    static ImageDataset read(BenchmarkFolder folder, PythonRandom random) throws IOException {
        List<List<LabelledImage>> classes = new ArrayList<>();
        for (Path classFolder : folder.classFolders(folder.imageRoot())) {
            String name = classFolder.getFileName().toString();
            classes.add(
                    folder.imagesIn(
                            classFolder,
                            classes.size(),
                            folder.benchmark().renamed().getOrDefault(name, name)));
        }
        return SplitRules.halfFifthRest(folder.name(), classes, random);
    }
}
