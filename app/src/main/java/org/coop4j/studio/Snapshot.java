package org.coop4j.studio;

import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toList;

import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.coop4j.base.InputException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Labels;
import org.coop4j.image.ExifOrientation;

/**
 * Pictures, classes and test contents of a folder at a revision.
 *
 * @param state the latest action in the journal
 * @param tests contents of the test pictures
 * @param kept marks of pictures: labels that a person called right ({@link Photo#label}), and those that {@link Photo} makes
 * @param judged by content, the labels of a table that were decided, true if they are shown; null if the folder of a
 *     picture is its label
 */
record Snapshot(
        Path root,
        long revision,
        int state,
        List<String> classes,
        List<Photo> photos,
        Set<String> tests,
        Set<String> kept,
        Map<String, SortedMap<String, Boolean>> judged) {

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

        /** Returns the mark of two contents that are both kept though they look alike. */
        static String both(String sha256, String other) {
            return "=" + (sha256.compareTo(other) < 0 ? sha256 + other : other + sha256);
        }

        /** Returns the name of this file among those of its content. */
        String copy() {
            return id() + "/" + path;
        }

        /** Returns the mark of a content that the studio put into a class, and nobody has confirmed. */
        static String accepted(String sha256, String className) {
            return "+" + label(sha256, className);
        }

        /** Returns the mark of a known stranger. */
        static String none(String sha256) {
            return "*" + sha256;
        }

        /** Returns the mark of a content that was drawn to be checked. */
        static String drawn(String sha256) {
            return "?" + sha256;
        }

        /** Returns the mark of a drawn content whose class a person cannot tell. */
        static String unclear(String sha256) {
            return "." + sha256;
        }

        boolean isAccepted(Set<String> marks) {
            return className() != null && marks.contains(accepted(sha256, className()));
        }

        boolean isNone(Set<String> marks) {
            return className() == null && marks.contains(none(sha256));
        }

        boolean isStill(BasicFileAttributes file) {
            return size == file.size() && time.equals(file.lastModifiedTime());
        }
    }

    /** Returns this without some pictures. */
    Snapshot without(Predicate<Photo> like) {
        List<Photo> others = photos.stream().filter(one -> !like.test(one)).toList();
        return new Snapshot(root, revision, state, classes, others, tests, kept, judged);
    }

    /** Returns this with test pictures of some contents. */
    Snapshot testedOn(Set<String> contents) {
        return new Snapshot(root, revision, state, classes, photos, contents, kept, judged);
    }

    boolean isSeveral() {
        return judged != null;
    }

    /** Returns the classes of a picture. */
    Set<String> labels(Photo one) {
        if (isSeveral()) {
            return Places.shown(decided(one));
        }
        return one.className() == null ? Set.of() : Set.of(one.className());
    }

    /** Returns the labels of a picture that are decided, true if they are shown. */
    SortedMap<String, Boolean> decided(Photo one) {
        return judged.getOrDefault(one.sha256, new TreeMap<>());
    }

    /** Returns the pictures of some kind by content, the first of each. */
    Map<String, Photo> byContent(Predicate<Photo> like) {
        Map<String, Photo> found = new LinkedHashMap<>();
        photos.stream().filter(like).forEach(one -> found.putIfAbsent(one.sha256, one));
        return found;
    }

    /** Returns true if a picture waits to be labelled: of several labels, one is not decided. */
    boolean isUnsorted(Photo one) {
        return isSeveral()
                ? classes.isEmpty() || !decided(one).keySet().containsAll(classes)
                : one.className() == null && !one.isNone(kept);
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

    /** Returns true if a person gave it a label, and it is not hidden from learning by a check. */
    boolean isLabelled(Photo one) {
        return isSeveral()
                ? !decided(one).isEmpty()
                : one.className() != null && !one.isAccepted(kept) && !kept.contains(Photo.drawn(one.sha256));
    }

    /** Returns the known strangers. */
    List<Photo> none() {
        return photos.stream().filter(one -> one.isNone(kept)).toList();
    }

    /** Returns the pictures that the studio put into classes, and nobody has confirmed. */
    List<Photo> accepted() {
        return photos.stream().filter(one -> one.isAccepted(kept)).toList();
    }

    /** Returns the pictures that may be learned from and tested on. */
    List<Photo> labelled(Predicate<Photo> like) {
        return photos.stream().filter(this::isLabelled).filter(like).toList();
    }

    /**
     * A picture that was drawn to be checked.
     *
     * @param className class that a person gave it; null if there is none
     * @param isAnswered true as well for a stranger, or if nobody can tell
     */
    record Drawn(String sha256, String className, boolean isAnswered) {

        String id() {
            return Photo.id(sha256);
        }
    }

    /** Returns the pictures that were drawn, in the order of their contents. */
    List<Drawn> drawn() {
        SortedMap<String, Drawn> drawn = new TreeMap<>();
        photos.stream().filter(one -> kept.contains(Photo.drawn(one.sha256))).forEach(one -> {
            boolean isMarked = one.isNone(kept) || kept.contains(Photo.unclear(one.sha256));
            Drawn now = new Drawn(one.sha256, one.className(), one.className() != null || isMarked);
            drawn.merge(one.sha256, now, (a, b) -> a.className == null ? b : a);
        });
        return List.copyOf(drawn.values());
    }

    /** Returns the actions that drew pictures to be checked, the latest last. */
    List<Integer> checks() {
        return kept.stream()
                .filter(one -> one.matches("\\?\\d{1,9}"))
                .map(one -> Integer.parseInt(one.substring(1)))
                .sorted()
                .toList();
    }

    boolean isTest(Photo one) {
        return tests.contains(one.sha256);
    }

    LabelledImage image(Photo one, int label) {
        String name = Studio.named(one.className());
        return new LabelledImage(root.resolve(one.path), label, name, ExifOrientation.APPLY)
                .read(one.sha256, LabelledImage.UPRIGHT);
    }

    /** Returns a picture with its labels among some; those that are not decided are unknown. */
    private LabelledImage image(Photo one, List<String> names) {
        Map<String, Boolean> own = decided(one);
        Labels labels = Labels.ofStates(names.size(), c -> {
            Boolean shown = own.get(names.get(c));
            return shown == null ? Labels.UNKNOWN : shown ? Labels.PRESENT : Labels.ABSENT;
        });
        return LabelledImage.of(root.resolve(one.path), labels, names, ExifOrientation.APPLY, null)
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
                .flatMap(one -> labels(one).stream())
                .distinct()
                .sorted()
                .toList();
        if (names.size() < 2) {
            return Optional.empty();
        }
        Map<Boolean, List<LabelledImage>> parts = labelled.stream()
                .filter(one -> isSeveral() || names.contains(one.className()))
                .collect(partitioningBy(
                        this::isTest,
                        mapping(
                                one -> isSeveral() ? image(one, names) : image(one, names.indexOf(one.className())),
                                toList())));
        String name = root.getFileName().toString();
        return Optional.of(new ImageDataset(name, names, parts.get(false), List.of(), parts.get(true)));
    }
}
