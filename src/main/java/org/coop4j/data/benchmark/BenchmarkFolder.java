package org.coop4j.data.benchmark;

import static org.coop4j.base.InputException.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.coop4j.base.InputException;
import org.coop4j.base.TextFile;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;

/**
 * One dataset's folder on disk.
 *
 * @param benchmark the dataset
 * @param directory its folder
 * @param found receives the number of images found in each class folder
 */
record BenchmarkFolder(Benchmark benchmark, Path directory, IntConsumer found) {

    String name() {
        return benchmark.name();
    }

    /** Returns the folder that a split file's paths are relative to. */
    Path imageRoot() {
        return directory.resolve(benchmark.layout().imageRoot());
    }

    /** Returns the place of the split file, if the dataset has one. */
    Optional<Path> splitFile() {
        return benchmark.layout().splitFile().map(directory::resolve);
    }

    /** Returns a file of the dataset, refusing one that is missing. */
    Path file(String relative) throws InputException {
        Path file = directory.resolve(relative);
        require(Files.isRegularFile(file), "%s needs the file %s, which does not exist", name(), file);
        return file;
    }

    /** Reads the lines of a text list, each stripped, without the empty ones. */
    List<Line> lines(String relative) throws IOException {
        Path file = file(relative);
        List<Line> lines = new ArrayList<>();
        int number = 0;
        for (String text : TextFile.lines(file)) {
            number++;
            if (!text.isBlank()) {
                lines.add(new Line(file, number, text.strip()));
            }
        }
        return lines;
    }

    /** Lists the images in a class's folder, which must not be empty. */
    List<LabelledImage> imagesIn(Path folder, int label, String className) throws IOException {
        List<LabelledImage> images = new ImageFiles()
                .images(folder).stream()
                        .map(file -> new LabelledImage(file, label, className))
                        .toList();
        require(!images.isEmpty(), "class folder %s of %s has no images: extract the archive again", folder, name());
        found.accept(images.size());
        return images;
    }

    /** Lists the class folders in a folder of this dataset, sorted by name. */
    List<Path> classFolders(Path folder) throws IOException {
        List<Path> folders = !Files.isDirectory(folder)
                ? List.of()
                : new ImageFiles()
                        .folders(folder).stream()
                                .filter(f -> !benchmark
                                        .skipped()
                                        .contains(f.getFileName().toString()))
                                .toList();
        require(!folders.isEmpty(), "%s needs one folder per class in %s and finds none", name(), folder);
        return folders;
    }

    /** A line of a text list. */
    record Line(Path file, int number, String text) {

        /** Returns the words between spaces, at least {@code least} of them. */
        List<String> words(int least, String expected) throws InputException {
            List<String> words = List.of(text.split(" +", -1));
            if (words.size() < least) {
                throw refused(expected);
            }
            return words;
        }

        /** Returns all words but the first one, at least one. */
        String rest(String expected) throws InputException {
            List<String> words = words(2, expected);
            return String.join(" ", words.subList(1, words.size()));
        }

        /** Converts a label that the file counts from 1 to one counted from 0. */
        int label(String word) throws InputException {
            if (!word.matches("[1-9][0-9]{0,5}")) {
                throw refused("a class number, counted from 1");
            }
            return Integer.parseInt(word) - 1;
        }

        /** Returns the label of a class that a list must name. */
        int label(Map<String, Integer> labels, String className, String list) throws InputException {
            Integer label = labels.get(className);
            if (label == null) {
                throw refused("a class of " + list);
            }
            return label;
        }

        /** Returns an image that the line names, which must lie below a folder. */
        LabelledImage image(Path folder, String path, int label, String className) throws InputException {
            return new LabelledImage(ImageFiles.resolve(folder, path, file), label, className);
        }

        InputException refused(String expected) {
            return new InputException("%s line %d: expected %s, got '%s'".formatted(file, number, expected, text));
        }
    }
}
