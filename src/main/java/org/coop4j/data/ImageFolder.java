package org.coop4j.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;

/**
 * A folder with one subfolder per class, or with train/, val/ and test/ that each have one per class.
 *
 * <p>Labels follow the sorted names of the class folders. Without a split each class is split by {@link SplitShares}.
 * train/, val/ and test/ are recognised (also as training, valid, validation, dev, testing) if the root has no other
 * folders. The EXIF orientation of the images is applied.
 *
 * @param root the folder
 * @param namesFile a file with class names for the folders, see {@link ClassNames#read}
 * @param splitSeed seed of the split, if the folder has none
 * @param shares shares of the split, 50/20/30 if empty; must be empty if the folder has a split
 */
public record ImageFolder(Path root, Optional<Path> namesFile, long splitSeed, Optional<SplitShares> shares) {

    /** Lists the images. */
    public ImageDataset load() throws IOException {
        if (!Files.isDirectory(root)) {
            throw new DatasetException(root + " is not a folder: give a folder that has one subfolder per class");
        }
        List<Path> folders = ImageFiles.foldersIn(root);
        if (folders.isEmpty()) {
            throw new DatasetException(root + " has no subfolders: make one for each class, with its images in it");
        }
        Map<Split, Path> splits = splitFolders(folders);
        String name = name(root.toAbsolutePath().normalize());
        if (splits.isEmpty()) {
            return SplitRules.split(
                    name, SplitRules.byFirstAppearance(images(folders, classes(root))), shares, splitSeed);
        }
        SplitRules.requireNoShares(root, shares);
        Classes classes = classes(splits.getOrDefault(Split.TRAIN, splits.get(Split.TEST)));
        Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
        for (Map.Entry<Split, Path> part : splits.entrySet()) {
            parts.put(part.getKey(), images(ImageFiles.foldersIn(part.getValue()), classes));
        }
        return SplitRules.assemble(name, root, classes.names, parts);
    }

    /**
     * The classes by label.
     *
     * @param parent the folder that has their folders
     */
    private record Classes(Path parent, List<String> folders, List<String> names) {}

    private Classes classes(Path parent) throws IOException {
        Set<String> folders = new TreeSet<>();
        ImageFiles.foldersIn(parent).forEach(folder -> folders.add(name(folder)));
        Map<String, String> renamed = namesFile.isPresent() ? ClassNames.read(namesFile.get(), folders) : Map.of();
        List<String> names = folders.stream()
                .map(folder -> renamed.getOrDefault(folder, folder))
                .toList();
        ClassNames.requireUsable(names, root.toString());
        return new Classes(parent, List.copyOf(folders), names);
    }

    private static List<LabelledImage> images(List<Path> folders, Classes classes) throws IOException {
        List<LabelledImage> images = new ArrayList<>();
        for (Path folder : folders) {
            int label = classes.folders.indexOf(name(folder));
            if (label < 0) {
                throw new DatasetException(
                        "%s is not a class of %s: remove it or add training images".formatted(folder, classes.parent));
            }
            List<Path> files = ImageFiles.in(folder);
            if (files.isEmpty()) {
                throw new DatasetException("class folder " + folder + " has no images: add some or remove the folder");
            }
            for (Path file : files) {
                images.add(new LabelledImage(file, label, classes.names.get(label), ExifOrientation.APPLY));
            }
        }
        return images;
    }

    /** Returns the folders that are splits; empty if the folders are classes. */
    private static Map<Split, Path> splitFolders(List<Path> folders) throws DatasetException {
        Map<Split, Path> splits = new EnumMap<>(Split.class);
        for (Path folder : folders) {
            Optional<Split> split = Split.named(name(folder));
            if (split.isEmpty()) {
                return Map.of();
            }
            Path other = splits.put(split.get(), folder);
            if (other != null) {
                throw new DatasetException("%s and %s are the same split: keep one".formatted(other, folder));
            }
        }
        if (splits.keySet().equals(Set.of(Split.VAL))) {
            throw new DatasetException(splits.get(Split.VAL) + " has no train or test folder next to it: add one");
        }
        return splits;
    }

    private static String name(Path folder) {
        Path name = folder.getFileName();
        return name == null ? folder.toString() : name.toString();
    }
}
