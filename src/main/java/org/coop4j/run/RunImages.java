package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.coop4j.data.bank.ImageFeatures.HashedImage;

/**
 * The images that a run learned from, chose by and was tested on, as {@code images.json} keeps
 * them: whatever their files are called later, their contents tell them from others.
 *
 * @param testedClasses name of each label of the test images
 * @param train images that it learned from
 * @param val images that it chose settings by; none where the method chooses nothing
 * @param test images that it was tested on
 */
public record RunImages(List<String> testedClasses, List<Image> train, List<Image> val, List<Image> test) {

    /** Of a run that learned from nothing. */
    public static final RunImages NONE = new RunImages(null, null, null, null);

    /** Bytes that a file may have: some million images. */
    private static final long LARGEST = 512L << 20;

    /**
     * An image of a list.
     *
     * @param path where its file was; for a row of a file of features, what that calls it
     * @param label its class, counted from 0
     * @param className the class's name
     * @param sha256 SHA-256 of its file's content, in hexadecimal
     */
    public record Image(String path, int label, String className, String sha256) {

        public Image {
            if (path == null || className == null || sha256 == null || label < 0) {
                throw new IllegalArgumentException(
                        "expected the path, label, className and sha256 of an image, got %s, %d, %s and %s"
                                .formatted(path, label, className, sha256));
            }
        }

        static Image of(HashedImage image) {
            Path path = image.image().path();
            return new Image(
                    image.image().stored() == null
                            ? path.toAbsolutePath().normalize().toString()
                            : path.toString(),
                    image.image().label(),
                    image.image().className(),
                    image.sha256());
        }
    }

    /** Copies the lists; one that is missing has no images. */
    public RunImages {
        testedClasses = testedClasses == null ? List.of() : List.copyOf(testedClasses);
        train = train == null ? List.of() : List.copyOf(train);
        val = val == null ? List.of() : List.copyOf(val);
        test = test == null ? List.of() : List.copyOf(test);
    }

    static RunImages learnedFrom(List<HashedImage> train, List<HashedImage> val) {
        return new RunImages(List.of(), images(train), images(val), List.of());
    }

    private static List<Image> images(List<HashedImage> images) {
        return images.stream().map(Image::of).toList();
    }

    /** What was learned, tested on other images. */
    public RunImages testedOn(Evaluator evaluator) {
        return new RunImages(
                evaluator.dataset().classNames(),
                train,
                val,
                images(evaluator.images().images()));
    }

    /**
     * The lists of the run in a folder, if there are any.
     *
     * @throws IOException if they are damaged, naming the file
     */
    public static Optional<RunImages> of(Path folder) throws IOException {
        Path file = folder.resolve(RunFolder.IMAGES);
        return Files.exists(file) ? Optional.of(CheckedJson.read(file, RunImages.class, LARGEST)) : Optional.empty();
    }

    /** Writes the lists into a run's folder. */
    public void write(RunFolder folder) throws IOException {
        CheckedJson.writeLists(folder.file(RunFolder.IMAGES), this);
    }

    /** The contents of the images that it learned from. */
    public Set<String> learnedContents() {
        return train.stream().map(Image::sha256).collect(Collectors.toUnmodifiableSet());
    }

    /** The test images whose contents were learned from: they are no test. */
    public List<Image> overlap() {
        Set<String> learned = learnedContents();
        return test.stream().filter(image -> learned.contains(image.sha256())).toList();
    }

    /** A sentence about the overlap, if there is any. */
    Optional<String> overlapNote() {
        List<Image> overlap = overlap();
        return overlap.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "%s of %d test images are training images too, by content (first: %s): they are counted, and make the accuracy say too much"
                                .formatted(
                                        overlap.size(),
                                        test.size(),
                                        overlap.get(0).path()));
    }
}
