package org.coop4j.cli;

import static java.util.Comparator.comparing;
import static org.coop4j.console.CommandFailure.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.base.Numbers;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.ClassNames;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.ImageFiles;

/**
 * The images that a command's arguments name.
 *
 * @param files the images, in order
 * @param truth the class folder of each image; empty where there are no class folders
 */
record ImageInputs(List<Path> files, List<String> truth) {

    /** Class folders that a message names. */
    private static final int NAMED = 5;

    /** Returns the names of the class folders, sorted; empty where there are none. */
    List<String> folders() {
        return truth.stream().distinct().toList();
    }

    /**
     * Finds the images: a file is taken as it is; a folder means the images directly in it, or, if it is the only
     * argument and has folders of images, the images of these classes.
     */
    static ImageInputs of(List<Path> arguments) throws IOException {
        if (arguments.size() == 1 && Files.isDirectory(arguments.get(0))) {
            return ofFolder(arguments.get(0));
        }
        List<Path> files = new ArrayList<>();
        for (Path argument : arguments) {
            if (!Files.isDirectory(argument)) {
                files.add(argument);
                continue;
            }
            ImageInputs inside = ofFolder(argument);
            require(
                    inside.truth.isEmpty(),
                    "%s has one subfolder per class: give it alone, or name the subfolders",
                    argument);
            files.addAll(inside.files);
        }
        return new ImageInputs(files, List.of());
    }

    /**
     * Returns the label of each image; a folder and a class are the same if they make the same prompt.
     *
     * @throws CommandFailure if a folder is not one of the classes
     */
    List<Integer> labels(List<String> classes) {
        Map<String, Integer> labels = new LinkedHashMap<>();
        folders().forEach(folder -> labels.put(folder, ClassNames.find(List.of(folder), classes)[0]));
        List<String> unknown = labels.keySet().stream()
                .filter(folder -> labels.get(folder) < 0)
                .toList();
        require(
                unknown.isEmpty(),
                "%s %s not among the classes: add the class, or name the images themselves",
                Numbers.some(unknown, NAMED),
                unknown.size() == 1 ? "is" : "are");
        return truth.stream().map(labels::get).toList();
    }

    /** Finds the images among files, and in folders and below them. */
    static List<Path> all(List<Path> arguments) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path argument : arguments) {
            files.addAll(Files.isDirectory(argument) ? ImageFiles.in(argument) : List.of(argument));
        }
        return some(files, arguments.get(0));
    }

    private static List<Path> some(List<Path> images, Path folder) {
        require(!images.isEmpty(), "%s has no images", folder);
        return images;
    }

    private static ImageInputs ofFolder(Path folder) throws IOException {
        List<Path> all = some(ImageFiles.in(folder), folder);
        List<Path> inFolders = all.stream()
                .filter(image -> !image.getParent().equals(folder))
                .sorted(comparing(image -> classFolder(folder, image)))
                .toList();
        if (inFolders.isEmpty()) {
            return new ImageInputs(all, List.of());
        }
        require(
                inFolders.size() == all.size(),
                "%s has both images and folders of images: keep one kind, or name the images themselves",
                folder);
        ImageInputs labelled = new ImageInputs(
                inFolders,
                inFolders.stream().map(image -> classFolder(folder, image)).toList());
        List<String> classes = labelled.folders();
        require(
                !classes.stream().allMatch(name -> Split.named(name).isPresent()),
                "%s is divided into %s: name one of them, such as %s",
                folder,
                String.join(", ", classes),
                folder.resolve(classes.get(0)));
        return labelled;
    }

    private static String classFolder(Path folder, Path image) {
        return folder.relativize(image).getName(0).toString();
    }
}
