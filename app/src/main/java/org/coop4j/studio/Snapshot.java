package org.coop4j.studio;

import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toList;

import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.coop4j.base.InputException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ExifOrientation;

/**
 * Pictures, classes and test contents of a folder at a revision.
 *
 * @param state the latest action in the journal
 * @param tests contents of the test pictures
 * @param kept labels that a person called right ({@link Photo#label}) or wrong ({@link Photo#wrong})
 */
record Snapshot(
        Path root,
        long revision,
        int state,
        List<String> classes,
        List<Photo> photos,
        Set<String> tests,
        Set<String> kept) {

    /**
     * A picture.
     *
     * @param path place below the folder, with '/'
     */
    record Photo(String sha256, String path, long size, FileTime time) {

        private static final int ID = 20;

        static Photo of(String sha256, String path, BasicFileAttributes file) {
            return new Photo(sha256, path, file.size(), file.lastModifiedTime());
        }

        /** Returns the beginning of its content's hash. */
        String id() {
            return id(sha256);
        }

        static String id(String sha256) {
            return sha256.substring(0, ID);
        }

        String file() {
            return path.substring(path.lastIndexOf('/') + 1);
        }

        /** Returns its class; null if it is unsorted. */
        String className() {
            return classOf(path);
        }

        static String classOf(String path) {
            int slash = path.indexOf('/');
            return slash < 0 ? null : path.substring(0, slash);
        }

        /** Returns the content with the class. */
        String label() {
            return label(sha256, className());
        }

        static String label(String sha256, String className) {
            return sha256 + className;
        }

        /** Returns the mark of a content that is not of a class. */
        static String wrong(String sha256, String className) {
            return "!" + label(sha256, className);
        }

        boolean isStill(BasicFileAttributes file) {
            return size == file.size() && time.equals(file.lastModifiedTime());
        }
    }

    /** Returns this without some pictures. */
    Snapshot without(Predicate<Photo> like) {
        List<Photo> others = photos.stream().filter(one -> !like.test(one)).toList();
        return new Snapshot(root, revision, state, classes, others, tests, kept);
    }

    /** Returns the classes of a picture. */
    List<String> labels(Photo one) {
        return one.className() == null ? List.of() : List.of(one.className());
    }

    /** Returns true if a picture waits to be labelled. */
    boolean isUnsorted(Photo one) {
        return one.className() == null;
    }

    /** Returns the pictures of a class, or the unsorted ones. */
    List<Photo> of(String className) {
        return photos.stream()
                .filter(one -> className == null ? isUnsorted(one) : labels(one).contains(className))
                .toList();
    }

    /** Returns the pictures of each class that has some. */
    Map<String, List<Photo>> byClass() {
        Map<String, List<Photo>> all = new HashMap<>();
        photos.forEach(one -> labels(one).forEach(name -> all.computeIfAbsent(name, key -> new ArrayList<>())
                .add(one)));
        return all;
    }

    List<Photo> labelled(Predicate<Photo> like) {
        return photos.stream()
                .filter(one -> !labels(one).isEmpty() && like.test(one))
                .toList();
    }

    boolean isTest(Photo one) {
        return tests.contains(one.sha256);
    }

    LabelledImage image(Photo one, int label) {
        String name = Objects.requireNonNullElse(one.className(), "unsorted");
        return new LabelledImage(root.resolve(one.path), label, name, ExifOrientation.APPLY)
                .read(one.sha256, LabelledImage.UPRIGHT);
    }

    /**
     * Returns the usable pictures of the classes that have training pictures, to learn from and to test on; empty if there
     * are fewer than two.
     */
    Optional<ImageDataset> lists(Predicate<Photo> usable) throws InputException {
        List<Photo> labelled = labelled(usable);
        List<String> names = labelled.stream()
                .filter(one -> !isTest(one))
                .map(Photo::className)
                .distinct()
                .sorted()
                .toList();
        if (names.size() < 2) {
            return Optional.empty();
        }
        Map<Boolean, List<LabelledImage>> parts = labelled.stream()
                .filter(one -> names.contains(one.className()))
                .collect(partitioningBy(
                        this::isTest, mapping(one -> image(one, names.indexOf(one.className())), toList())));
        return Optional.of(
                ImageDataset.fromImages(root.getFileName().toString(), parts.get(false), List.of(), parts.get(true)));
    }
}
