package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.base.CheckedJson;
import org.coop4j.base.Numbers;
import org.coop4j.base.Require;
import org.coop4j.data.LabelledImage;
import org.coop4j.eval.Labels;

/**
 * The images that a run learned from, chose settings by and was tested on, kept in {@code images.json}. Their contents
 * identify them, whatever their files are called later.
 *
 * @param testedClasses name of each label of the test images
 * @param train images that it learned from
 * @param val images that it chose settings by; none if the method chooses nothing
 * @param test images that it was tested on
 */
public record RunImages(
        List<String> testedClasses, List<LabelledImage> train, List<LabelledImage> val, List<LabelledImage> test) {

    /** The images of a run that learned nothing. */
    public static final RunImages NONE = new RunImages(null, null, null, null);

    /** Limit of the file's size in bytes, enough for some millions of images. */
    private static final long LARGEST = 512L << 20;

    /** Copies the lists; a missing one becomes empty. */
    public RunImages {
        testedClasses = copy(testedClasses);
        train = copy(train);
        val = copy(val);
        test = copy(test);
        for (LabelledImage image : test) {
            Require.that(
                    image.labels().largest() < testedClasses.size(),
                    "label %d of %s: expected one of %s",
                    image.labels().largest(),
                    image.path(),
                    Numbers.count(testedClasses.size(), "tested class", "tested classes"));
        }
    }

    private static <T> List<T> copy(List<T> list) {
        return list == null ? List.of() : List.copyOf(list);
    }

    static RunImages learnedFrom(List<LabelledImage> train, List<LabelledImage> val) {
        return new RunImages(List.of(), train, val, List.of());
    }

    /** Returns the run's images with other test images, of the classes with these names. */
    RunImages testedOn(List<String> classNames, List<LabelledImage> tested) {
        return new RunImages(classNames, train, val, tested);
    }

    /**
     * Reads the lists of the run in a folder, if there are any.
     *
     * @throws IOException if they are damaged, naming the file
     */
    static Optional<RunImages> of(Path folder) throws IOException {
        Path file = folder.resolve(RunFolder.IMAGES);
        return Files.exists(file)
                ? Optional.of(CheckedJson.read(file, file.toString(), RunImages.class, LARGEST))
                : Optional.empty();
    }

    /** Writes the lists into a run's folder. */
    void write(RunFolder folder) throws IOException {
        CheckedJson.writeLists(folder.file(RunFolder.IMAGES), this);
    }

    /** Returns the number of training images that show each class. */
    Map<String, Integer> trainPositives(List<String> classNames) {
        int[] positives =
                Labels.positives(train.stream().map(LabelledImage::labels).toList(), classNames.size());
        Map<String, Integer> byName = new HashMap<>();
        for (int c = 0; c < positives.length; c++) {
            byName.put(classNames.get(c), positives[c]);
        }
        return byName;
    }

    /** Returns the contents of the images that it learned from. */
    public Set<String> learnedContents() {
        return contents(train);
    }

    /** Returns the hashes of images' contents. */
    public static Set<String> contents(List<LabelledImage> images) {
        return images.stream().map(LabelledImage::sha256).collect(Collectors.toUnmodifiableSet());
    }

    /** Returns the test images whose contents were learned from. */
    public List<LabelledImage> overlap() {
        Set<String> learned = learnedContents();
        return test.stream().filter(image -> learned.contains(image.sha256())).toList();
    }

    /** Returns a sentence about the overlap, if there is any. */
    Optional<String> overlapNote() {
        List<LabelledImage> overlap = overlap();
        return overlap.stream()
                .findFirst()
                .map(first ->
                        "%d of %d test images are also training images, by content (first: %s), which inflates the accuracy"
                                .formatted(overlap.size(), test.size(), first.path()));
    }
}
