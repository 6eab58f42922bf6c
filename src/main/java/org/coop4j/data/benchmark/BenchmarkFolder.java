package org.coop4j.data.benchmark;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageFiles;
import org.coop4j.data.LabelledImage;

/**
 * One dataset's folder on disk.
 *
 * @param benchmark the dataset
 * @param directory its folder
 * @param found is told of images as they are found in class folders, a number at a time
 */
record BenchmarkFolder(Benchmark benchmark, Path directory, IntConsumer found) {
    /** Far above any list there is: SUN397's are 1 MB. */
    private static final long LARGEST_LIST = 64L << 20;

    static BenchmarkFolder under(Path root, Benchmark benchmark, IntConsumer found) {
        return new BenchmarkFolder(
                benchmark,
                root.toAbsolutePath().normalize().resolve(benchmark.layout().directory()),
                found);
    }

    String name() {
        return benchmark.name();
    }

    /** The folder that a split file's paths are relative to. */
    Path imageRoot() {
        String relative = benchmark.layout().imageRoot();
        return relative.isEmpty() ? directory : directory.resolve(relative);
    }

    /** Where the split file belongs, if the dataset has one. */
    Optional<Path> splitFile() {
        return benchmark.layout().splitFile().map(directory::resolve);
    }

    /** A file of the dataset that must be there. */
    Path file(String relative) throws IOException {
        Path file = directory.resolve(relative);
        if (!Files.isRegularFile(file)) {
            throw new DatasetException("%s needs the file %s, which is not there".formatted(name(), file));
        }
        if (Files.size(file) > LARGEST_LIST) {
            throw new DatasetException(
                    "%s has %,d bytes, more than a list of %s can have".formatted(file, Files.size(file), name()));
        }
        return file;
    }

    /** The lines of a text list, without the empty ones, each stripped. */
    List<Line> lines(String relative) throws IOException {
        Path file = file(relative);
        List<Line> lines = new ArrayList<>();
        int number = 0;
        try {
            for (String text : Files.readAllLines(file)) {
                number++;
                if (!text.isBlank()) {
                    lines.add(new Line(file, number, text.strip()));
                }
            }
        } catch (CharacterCodingException e) {
            throw new DatasetException(file + " is not UTF-8 text: fetch it again", e);
        }
        return lines;
    }

    /** A file that a list names, which must lie below a folder of this dataset. */
    Path image(Path folder, String relative) throws DatasetException {
        Path image = folder.resolve(relative).normalize();
        if (!image.startsWith(folder)) {
            throw new DatasetException(
                    "a list of %s names '%s', which leads out of %s".formatted(name(), relative, folder));
        }
        return image;
    }

    /** The images in a class's folder, which must not be empty. */
    List<LabelledImage> imagesIn(Path folder, int label, String className) throws IOException {
        List<LabelledImage> images = ImageFiles.in(folder).stream()
                .map(file -> new LabelledImage(file, label, className))
                .toList();
        if (images.isEmpty()) {
            throw new DatasetException(
                    "class folder %s of %s has no images: extract the archive again".formatted(folder, name()));
        }
        found.accept(images.size());
        return images;
    }

    /** The class folders in a folder of this dataset, sorted by name. */
    List<Path> classFolders(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new DatasetException("%s needs the folder %s, which is not there".formatted(name(), folder));
        }
        List<Path> folders = ImageFiles.foldersIn(folder).stream()
                .filter(f -> !benchmark.skipped().contains(f.getFileName().toString()))
                .toList();
        if (folders.isEmpty()) {
            throw new DatasetException("%s of %s needs a folder a class and has none".formatted(folder, name()));
        }
        return folders;
    }

    /** A line of a text list. */
    record Line(Path file, int number, String text) {
        /** The words between single spaces, at least {@code least} of them. */
        List<String> words(int least, String wanted) throws DatasetException {
            List<String> words = List.of(text.split(" +", -1));
            if (words.size() < least) {
                throw refused(wanted);
            }
            return words;
        }

        /** A label that the file counts from 1, counted from 0. */
        int label(String word) throws DatasetException {
            if (!word.matches("[1-9][0-9]{0,5}")) {
                throw refused("a class number, counted from 1");
            }
            return Integer.parseInt(word) - 1;
        }

        DatasetException refused(String wanted) {
            return new DatasetException(
                    "%s line %d is '%s', where %s was expected".formatted(file, number, text, wanted));
        }
    }
}
