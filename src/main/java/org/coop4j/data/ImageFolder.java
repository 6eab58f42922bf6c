package org.coop4j.data;

import org.coop4j.data.ImageDataset.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.coop4j.data.ClassNames.ClassNamesFile;
import org.coop4j.data.SplitRules.SplitShares;
import org.coop4j.image.ExifOrientation;

/**
 * A folder with a folder a class, or with train/, val/ and test/ that each have one a class.
 *
 * <p>Labels follow the sorted names of the class folders. Where there is no division, each class is
 * split by {@link SplitShares}, 50/20/30 unless others are given. train/, val/ and test/ are
 * recognised (also as training, valid, validation, dev, testing) when the root has no other
 * folders. The EXIF orientation of the images is applied.
 *
 * @param root the folder
 * @param namesFile a file with class names for the folders, see {@link ClassNamesFile}
 * @param splitSeed seed of the division, where the folder has none
 * @param shares how it is divided; nothing for the benchmarks' shares, or its own division
 */
public record ImageFolder(Path root, Optional<Path> namesFile, long splitSeed, Optional<SplitShares> shares)
        implements DatasetSource {
    /** Checks that nothing is null. */
    public ImageFolder {
        Objects.requireNonNull(root, "root");
        Objects.requireNonNull(namesFile, "namesFile");
        Objects.requireNonNull(shares, "shares");
    }

    @Override
    public ImageDataset load() throws IOException {
        if (!Files.isDirectory(root)) {
            throw new DatasetException(root + " is not a folder: give the folder that has a folder a class");
        }
        List<Path> folders = ImageFiles.foldersIn(root);
        if (folders.isEmpty()) {
            throw new DatasetException(
                    root + " has no folders: make one for each class, with the class's images in" + " it");
        }
        Map<Split, Path> divided = splitFolders(folders);
        if (divided.isEmpty()) {
            return loadUndivided(folders);
        }
        SplitRules.requireNoShares(root.toString(), shares);
        return loadDivided(divided);
    }

    private ImageDataset loadUndivided(List<Path> folders) throws IOException {
        Map<String, ImageClass> classes = classes(names(folders));
        List<List<LabelledImage>> images = new ArrayList<>();
        for (Path folder : folders) {
            images.add(imagesOf(folder, classes.get(name(folder))));
        }
        return SplitRules.divide(name(), images, shares.orElse(SplitShares.STANDARD), new PythonRandom(splitSeed));
    }

    private ImageDataset loadDivided(Map<Split, Path> divided) throws IOException {
        Path defining = divided.getOrDefault(Split.TRAIN, divided.get(Split.TEST));
        Map<String, ImageClass> classes = classes(names(ImageFiles.foldersIn(defining)));
        Map<Split, List<LabelledImage>> parts = new EnumMap<>(Split.class);
        for (Map.Entry<Split, Path> part : divided.entrySet()) {
            List<LabelledImage> images = new ArrayList<>();
            for (Path folder : ImageFiles.foldersIn(part.getValue())) {
                ImageClass imageClass = classes.get(name(folder));
                if (imageClass == null) {
                    throw new DatasetException(
                            "%s is a class that %s does not have: remove it or add training images of it"
                                    .formatted(folder, defining));
                }
                images.addAll(imagesOf(folder, imageClass));
            }
            parts.put(part.getKey(), images);
        }
        return SplitRules.assemble(name(), root.toString(), namesOf(classes), parts);
    }

    /** The label and name of each class folder. */
    private Map<String, ImageClass> classes(Set<String> folders) throws IOException {
        Map<String, String> renamed = namesFile.isPresent() ? ClassNamesFile.read(namesFile.get(), folders) : Map.of();
        Map<String, ImageClass> classes = new LinkedHashMap<>();
        for (String folder : folders) {
            classes.put(folder, new ImageClass(classes.size(), renamed.getOrDefault(folder, folder)));
        }
        ClassNames.requireUsable(namesOf(classes), root.toString());
        return classes;
    }

    private String name() {
        return name(root.toAbsolutePath().normalize());
    }

    private static List<LabelledImage> imagesOf(Path folder, ImageClass imageClass) throws IOException {
        List<LabelledImage> images =
                ImageFiles.in(folder).stream().map(imageClass::image).toList();
        if (images.isEmpty()) {
            throw new DatasetException(
                    "class folder %s has no images: add some or remove the folder".formatted(folder));
        }
        return images;
    }

    /** The folders that mean splits, or nothing if the folders mean classes. */
    private static Map<Split, Path> splitFolders(List<Path> folders) throws DatasetException {
        Map<Split, Path> divided = new EnumMap<>(Split.class);
        for (Path folder : folders) {
            Optional<Split> split = Split.named(name(folder));
            if (split.isEmpty()) {
                return Map.of();
            }
            Path other = divided.put(split.get(), folder);
            if (other != null) {
                throw new DatasetException(
                        "%s and %s mean the same part of the data: keep one".formatted(other, folder));
            }
        }
        if (divided.keySet().equals(Set.of(Split.VAL))) {
            throw new DatasetException(divided.get(Split.VAL) + " stands alone: add a train or test folder beside it");
        }
        return divided;
    }

    private static Set<String> names(List<Path> folders) {
        return folders.stream().map(ImageFolder::name).collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<String> namesOf(Map<String, ImageClass> classes) {
        return classes.values().stream().map(ImageClass::name).toList();
    }

    private static String name(Path folder) {
        Path name = folder.getFileName();
        return name == null ? folder.toString() : name.toString();
    }

    /** A class folder's label and class name. */
    private record ImageClass(int label, String name) {
        LabelledImage image(Path file) {
            return new LabelledImage(file, label, name, ExifOrientation.APPLY);
        }
    }
}
