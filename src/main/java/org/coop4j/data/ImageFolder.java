package org.coop4j.data;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.coop4j.base.InputException;
import org.coop4j.base.Numbers;
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
 * @param nested true if each folder with images is a class, named by its path such as {@code food/pizza}; otherwise class
 *     folders lie side by side
 */
record ImageFolder(Path root, Optional<Path> namesFile, long splitSeed, Optional<SplitShares> shares, boolean nested) {

    /**
     * Lists the images.
     *
     * @param notes receives a sentence about what is passed over
     */
    public ImageDataset load(Consumer<String> notes) throws IOException {
        ImageFiles files = new ImageFiles();
        Map<Split, Path> splits = splitFolders(folders(files, root));
        if (!splits.isEmpty()) {
            SplitRules.requireNoShares(root, shares);
        }
        Map<Split, Path> parts = splits.isEmpty() ? Map.of(Split.TRAIN, root) : splits;
        Path first = parts.getOrDefault(Split.TRAIN, parts.get(Split.TEST));
        SortedMap<String, List<Path>> classes = classes(files, first);
        List<String> known = List.copyOf(classes.keySet());
        List<String> names = names(known);
        Map<Split, List<LabelledImage>> images = new EnumMap<>(Split.class);
        for (Map.Entry<Split, Path> part : parts.entrySet()) {
            Path folder = part.getValue();
            List<LabelledImage> labelled = new ArrayList<>();
            for (Map.Entry<String, List<Path>> one :
                    (folder.equals(first) ? classes : classes(files, folder)).entrySet()) {
                int label = known.indexOf(one.getKey());
                require(
                        label >= 0,
                        "%s is not a class of %s: remove it or add training images",
                        folder.resolve(one.getKey()),
                        first);
                one.getValue()
                        .forEach(file ->
                                labelled.add(new LabelledImage(file, label, names.get(label), ExifOrientation.APPLY)));
            }
            images.put(part.getKey(), labelled);
        }
        files.report(root, notes);
        String name = name(root.toAbsolutePath().normalize());
        return splits.isEmpty()
                ? SplitRules.split(name, SplitRules.byFirstAppearance(images.get(Split.TRAIN)), shares, splitSeed)
                : SplitRules.assemble(name, root, names, images);
    }

    /** Returns the images of each class, of {@code train} if there is one. */
    static SortedMap<String, List<Path>> toLearnFrom(Path root) throws IOException {
        ImageFiles files = new ImageFiles();
        Map<Split, Path> splits = splitFolders(folders(files, root));
        return new ImageFolder(root, Optional.empty(), 0, Optional.empty(), false)
                .classes(files, splits.getOrDefault(Split.TRAIN, root));
    }

    private static List<Path> folders(ImageFiles files, Path root) throws IOException {
        require(Files.isDirectory(root), "%s is not a folder: give a folder that has one subfolder per class", root);
        List<Path> folders = files.folders(root);
        require(!folders.isEmpty(), "%s has no subfolders: make one for each class, with its images in it", root);
        return folders;
    }

    /** Returns the images of each class folder, by its name or, if nested, its path below the parent. */
    private SortedMap<String, List<Path>> classes(ImageFiles files, Path parent) throws IOException {
        SortedMap<String, List<Path>> classes = new TreeMap<>();
        for (Path folder : files.folders(parent)) {
            List<Path> images = files.images(folder);
            require(!images.isEmpty(), "class folder %s has no images: add some or remove the folder", folder);
            SortedMap<String, List<Path>> byPath = images.stream()
                    .collect(Collectors.groupingBy(
                            image -> parent.relativize(image.getParent())
                                    .toString()
                                    .replace('\\', '/'),
                            TreeMap::new,
                            Collectors.toList()));
            if (nested) {
                classes.putAll(byPath);
            } else if (byPath.containsKey(name(folder))) {
                classes.put(name(folder), images);
            } else {
                List<String> found = byPath.entrySet().stream()
                        .map(one -> one.getKey() + " with "
                                + Numbers.count(one.getValue().size(), "image"))
                        .toList();
                throw new InputException(
                        "%s has no images of its own, only %s: put the classes side by side, or read nested classes"
                                .formatted(folder, Numbers.first(found)));
            }
        }
        return classes;
    }

    private List<String> names(List<String> folders) throws IOException {
        Map<String, String> renamed =
                namesFile.isPresent() ? ClassNames.read(namesFile.get(), Set.copyOf(folders)) : Map.of();
        List<String> names = folders.stream()
                .map(folder -> renamed.getOrDefault(folder, folder))
                .toList();
        ClassNames.requireUsable(names, root.toString());
        return names;
    }

    /** Returns the folders that are splits; empty if the folders are classes. */
    private static Map<Split, Path> splitFolders(List<Path> folders) throws InputException {
        Map<Split, Path> splits = new EnumMap<>(Split.class);
        for (Path folder : folders) {
            Optional<Split> split = Split.named(name(folder));
            if (split.isEmpty()) {
                return Map.of();
            }
            Path other = splits.put(split.get(), folder);
            require(other == null, "%s and %s are the same split: keep one", other, folder);
        }
        require(
                !splits.keySet().equals(Set.of(Split.VAL)),
                "%s has no train or test folder next to it: add one",
                splits.get(Split.VAL));
        return splits;
    }

    private static String name(Path folder) {
        Path name = folder.getFileName();
        return name == null ? folder.toString() : name.toString();
    }
}
