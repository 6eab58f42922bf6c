package org.coop4j.data.benchmark;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;

/**
 * ImageNet and its four shifted versions: folders named by WordNet id (or, in V2, by label), class names from
 * classnames.txt, labels in sorted order of the existing folders. ImageNet-A and -R have 200 folders and are scored
 * among those classes alone.
 *
 * <p>Images of a class are sorted by name; the reference takes them in the order of the file system, so that its few-shot
 * samples of ImageNet cannot be replayed.
 */
record ImageNetFolders(BenchmarkFolder folder) {

    /** Reads ImageNet: the 50,000 validation images are both the val and the test list. */
    ImageDataset read() throws IOException {
        Map<String, String> names = classNames();
        List<String> wnids = wnids("train");
        List<LabelledImage> train = images("train", wnids, names);
        List<LabelledImage> val = images("val", wnids, names);
        return ImageDataset.fromImages(folder.name(), train, val, val);
    }

    /** Reads ImageNet-Sketch, -A and -R. */
    ImageDataset readTestOnly() throws IOException {
        Map<String, String> names = classNames();
        List<LabelledImage> test = images("", wnids(""), names);
        return ImageDataset.fromImages(folder.name(), List.of(), List.of(), test);
    }

    /** Reads ImageNetV2: folder k is class k of classnames.txt, counted from 0. */
    ImageDataset readNumbered() throws IOException {
        List<String> names = List.copyOf(classNames().values());
        List<Path> folders = folder.classFolders(folder.imageRoot());
        require(
                folders.size() <= names.size(),
                "%s has %d class folders, but classnames.txt has %d names",
                folder.name(),
                folders.size(),
                names.size());
        List<LabelledImage> test = new ArrayList<>();
        for (int label = 0; label < folders.size(); label++) {
            Path classFolder = folder.imageRoot().resolve(Integer.toString(label));
            require(
                    folders.contains(classFolder),
                    "%s needs the folder %s, which does not exist",
                    folder.name(),
                    classFolder);
            test.addAll(folder.imagesIn(classFolder, label, names.get(label)));
        }
        return ImageDataset.fromImages(folder.name(), List.of(), List.of(), test);
    }

    private List<String> wnids(String part) throws IOException {
        return folder.classFolders(folder.imageRoot().resolve(part)).stream()
                .map(ImageNetFolders::wnid)
                .toList();
    }

    /** Lists the images of the class folders in a folder; the label of a class is its place in {@code wnids}. */
    private List<LabelledImage> images(String part, List<String> wnids, Map<String, String> names) throws IOException {
        List<LabelledImage> images = new ArrayList<>();
        for (Path classFolder : folder.classFolders(folder.imageRoot().resolve(part))) {
            String wnid = wnid(classFolder);
            int label = wnids.indexOf(wnid);
            require(
                    label >= 0 && names.containsKey(wnid),
                    "%s is not a class of %s: remove it",
                    classFolder,
                    label < 0 ? "train" : "classnames.txt");
            images.addAll(folder.imagesIn(classFolder, label, names.get(wnid)));
        }
        return images;
    }

    /** Reads lines "wnid name with spaces", in file order. */
    private Map<String, String> classNames() throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        for (BenchmarkFolder.Line line : folder.lines("classnames.txt")) {
            names.put(line.words(1, "").get(0), line.rest("'wnid name'"));
        }
        return names;
    }

    private static String wnid(Path classFolder) {
        return classFolder.getFileName().toString();
    }
}
