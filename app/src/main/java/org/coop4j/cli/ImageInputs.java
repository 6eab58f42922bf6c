package org.coop4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.coop4j.cli.options.ClassOptions;
import org.coop4j.console.CommandFailure;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.ImageDataset.Split;

/**
 * The images that a command's arguments name.
 *
 * @param files the images, in order
 * @param truth the class folder of each image; empty where there are no class folders
 * @param folders names of the class folders, sorted; empty where there are none
 */
record ImageInputs(List<Path> files, List<String> truth, List<String> folders) {

    private static final int NAMED = 5;

    /** Copies the lists. */
    ImageInputs {
        files = List.copyOf(files);
        truth = List.copyOf(truth);
        folders = List.copyOf(folders);
    }

    /** Whether each image lies in the folder of its class. */
    boolean isLabelled() {
        return !folders.isEmpty();
    }

    /**
     * Finds the images: a file is taken as it is; a folder means the images directly in it, or, if
     * it is the only argument and has folders of images, the images of these classes.
     */
    static ImageInputs of(List<Path> arguments) throws IOException {
        if (arguments.size() == 1 && Files.isDirectory(arguments.get(0))) {
            return ofFolder(arguments.get(0));
        }
        List<Path> files = new ArrayList<>();
        for (Path argument : arguments) {
            ImageInputs inside = Files.isDirectory(argument) ? ofFolder(argument) : unlabelled(List.of(argument));
            if (inside.isLabelled()) {
                throw new CommandFailure(
                        "%s has one subfolder per class: give it alone, or name the subfolders".formatted(argument));
            }
            files.addAll(inside.files);
        }
        return unlabelled(files);
    }

    private static ImageInputs unlabelled(List<Path> files) {
        return new ImageInputs(files, List.of(), List.of());
    }

    /** The images of a dataset, each with its class. */
    static ImageInputs of(List<LabelledImage> images, List<String> classNames) {
        return new ImageInputs(
                images.stream().map(LabelledImage::path).toList(),
                images.stream().map(LabelledImage::className).toList(),
                classNames);
    }

    /**
     * The label of each image; a folder and a class are the same when they make the same prompt.
     *
     * @throws CommandFailure if a folder is none of the classes
     */
    List<Integer> labels(List<String> classes) {
        Map<String, Integer> labelByName = new HashMap<>();
        for (int label = 0; label < classes.size(); label++) {
            labelByName.put(ClassOptions.inPrompt(classes.get(label)), label);
        }
        List<String> unknown = new ArrayList<>(folders);
        unknown.removeIf(folder -> labelByName.containsKey(ClassOptions.inPrompt(folder)));
        if (!unknown.isEmpty()) {
            throw new CommandFailure(
                    "the folder%s %s %s not among the classes: add the class, or name the images themselves"
                            .formatted(
                                    unknown.size() == 1 ? "" : "s",
                                    named(unknown),
                                    unknown.size() == 1 ? "is" : "are"));
        }
        return truth.stream()
                .map(folder -> labelByName.get(ClassOptions.inPrompt(folder)))
                .toList();
    }

    private static String named(List<String> folders) {
        String first = String.join(", ", folders.subList(0, Math.min(NAMED, folders.size())));
        return folders.size() <= NAMED ? first : first + " and " + (folders.size() - NAMED) + " others";
    }

    /** Finds the images of files and folders, all that are in a folder and below it. */
    static List<Path> all(List<Path> arguments) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path argument : arguments) {
            files.addAll(Files.isDirectory(argument) ? ImageFiles.in(argument) : List.of(argument));
        }
        if (files.isEmpty()) {
            throw new CommandFailure("%s has no images".formatted(arguments.get(0)));
        }
        return files;
    }

    private static ImageInputs ofFolder(Path folder) throws IOException {
        List<Path> all = ImageFiles.in(folder);
        if (all.isEmpty()) {
            throw new CommandFailure("%s has no images".formatted(folder));
        }
        List<Path> files = new ArrayList<>();
        List<String> truth = new ArrayList<>();
        for (Path sub : ImageFiles.foldersIn(folder)) {
            for (Path image : ImageFiles.in(sub)) {
                files.add(image);
                truth.add(sub.getFileName().toString());
            }
        }
        if (files.isEmpty()) {
            return unlabelled(all);
        }
        if (files.size() < all.size()) {
            throw new CommandFailure(
                    "%s has both images and folders of images: keep one kind, or name the images themselves"
                            .formatted(folder));
        }
        List<String> classes = truth.stream().distinct().toList();
        if (classes.stream().allMatch(name -> Split.named(name).isPresent())) {
            throw new CommandFailure("%s is divided into %s: name one of them, such as %s"
                    .formatted(folder, String.join(", ", classes), folder.resolve(classes.get(0))));
        }
        return new ImageInputs(files, truth, classes);
    }
}
