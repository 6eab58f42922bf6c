package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;

/**
 * ImageNet and its four shifted versions: folders named by WordNet id (or, in V2, by label), class
 * names from classnames.txt, labels in sorted order of the folders there are. ImageNet-A and -R
 * have 200 folders and are scored among those classes alone.
 *
 * <p>Images of a class are in order of their names; the reference takes them as the file system
 * lists them, so its few-shot samples of ImageNet cannot be replayed.
 */
final class ImageNetFolders {
    private ImageNetFolders() {}

    /** ImageNet: the 50,000 validation images are the val and the test list. */
    static ImageDataset read(BenchmarkFolder folder) throws IOException {
        Map<String, String> names = classNames(folder);
        List<Path> trainFolders = folder.classFolders(folder.imageRoot().resolve("train"));
        Map<String, Integer> labels = new HashMap<>();
        List<LabelledImage> train = new ArrayList<>();
        for (Path classFolder : trainFolders) {
            labels.put(wnid(classFolder), labels.size());
            train.addAll(images(folder, classFolder, labels.size() - 1, names));
        }
        List<LabelledImage> val = new ArrayList<>();
        for (Path classFolder : folder.classFolders(folder.imageRoot().resolve("val"))) {
            Integer label = labels.get(wnid(classFolder));
            if (label == null) {
                throw new DatasetException(classFolder + " is a class that train does not have");
            }
            val.addAll(images(folder, classFolder, label, names));
        }
        return ImageDataset.fromImages(folder.name(), train, val, val);
    }

    /** ImageNet-Sketch, -A and -R. */
    static ImageDataset readTestOnly(BenchmarkFolder folder) throws IOException {
        Map<String, String> names = classNames(folder);
        List<LabelledImage> test = new ArrayList<>();
        int label = 0;
        for (Path classFolder : folder.classFolders(folder.imageRoot())) {
            test.addAll(images(folder, classFolder, label++, names));
        }
        return ImageDataset.fromImages(folder.name(), List.of(), List.of(), test);
    }

    /** ImageNetV2: folder k is the k-th class of classnames.txt, counted from 0. */
    static ImageDataset readNumbered(BenchmarkFolder folder) throws IOException {
        List<String> names = List.copyOf(classNames(folder).values());
        List<Path> folders = folder.classFolders(folder.imageRoot());
        if (folders.size() > names.size()) {
            throw new DatasetException("%s has %d class folders, and its classnames.txt %d names"
                    .formatted(folder.name(), folders.size(), names.size()));
        }
        List<LabelledImage> test = new ArrayList<>();
        for (int label = 0; label < folders.size(); label++) {
            Path classFolder = folder.imageRoot().resolve(Integer.toString(label));
            if (!folders.contains(classFolder)) {
                throw new DatasetException(
                        "%s needs the folder %s, which is not there".formatted(folder.name(), classFolder));
            }
            test.addAll(folder.imagesIn(classFolder, label, names.get(label)));
        }
        return ImageDataset.fromImages(folder.name(), List.of(), List.of(), test);
    }

    private static List<LabelledImage> images(
            BenchmarkFolder folder, Path classFolder, int label, Map<String, String> names) throws IOException {
        String name = names.get(wnid(classFolder));
        if (name == null) {
            throw new DatasetException(
                    "%s is not in %s".formatted(classFolder, folder.directory().resolve("classnames.txt")));
        }
        return folder.imagesIn(classFolder, label, name);
    }

    /** Lines "wnid name with spaces", in file order. */
    private static Map<String, String> classNames(BenchmarkFolder folder) throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        for (BenchmarkFolder.Line line : folder.lines("classnames.txt")) {
            List<String> words = line.words(2, "'wnid name'");
            names.put(words.get(0), String.join(" ", words.subList(1, words.size())));
        }
        return names;
    }

    private static String wnid(Path classFolder) {
        return classFolder.getFileName().toString();
    }
}
