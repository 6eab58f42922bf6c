package org.coop4j.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
        int classes = testedClasses.size();
        test.stream()
                .filter(image -> image.labels().largest() >= classes)
                .findFirst()
                .ifPresent(image -> {
                    throw new IllegalArgumentException("label %d of %s: expected one of %s"
                            .formatted(
                                    image.labels().largest(),
                                    image.path(),
                                    Numbers.count(classes, "tested class", "tested classes")));
                });
    }

    /**
     * Images as the file has them: what belongs to one image has the same position in each list.
     *
     * @param paths files, or the names that a file of features gives
     * @param labels single labels or sets
     * @param classNames the different class names
     * @param classes positions of the images' class names; null if they are the labels
     * @param sha256 contents: {@value #HASH} bytes of each image, in Base64; zeros where unknown
     * @param machine positions of images whose label a classifier gave; null if there are none
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Columns(
            List<String> paths,
            List<Labels> labels,
            List<String> classNames,
            int[] classes,
            byte[] sha256,
            int[] machine) {

        private static final int HASH = 32;

        static Columns of(List<LabelledImage> images) {
            Map<String, Integer> names = new LinkedHashMap<>();
            boolean ordered = images.stream().allMatch(image -> image.labels().isSingle());
            if (ordered) { // each class at its label, if the names allow it
                images.stream()
                        .collect(Collectors.toMap(
                                LabelledImage::label, LabelledImage::className, (one, other) -> one, TreeMap::new))
                        .forEach((label, name) -> names.putIfAbsent(name, names.size()));
            }
            images.forEach(image -> names.putIfAbsent(image.className(), names.size()));
            int[] classes = images.stream()
                    .mapToInt(image -> names.get(image.className()))
                    .toArray();
            ordered = ordered
                    && IntStream.range(0, classes.length)
                            .allMatch(i -> classes[i] == images.get(i).label());
            ByteBuffer hashes = ByteBuffer.allocate(Math.multiplyExact(HASH, images.size()));
            for (LabelledImage image : images) {
                hashes.put(
                        image.sha256().isEmpty()
                                ? new byte[HASH]
                                : HexFormat.of().parseHex(image.sha256()));
            }
            int[] machine = IntStream.range(0, images.size())
                    .filter(i -> images.get(i).machine())
                    .toArray();
            return new Columns(
                    images.stream().map(LabelledImage::place).toList(),
                    images.stream().map(LabelledImage::labels).toList(),
                    List.copyOf(names.keySet()),
                    ordered ? null : classes,
                    hashes.array(),
                    machine.length == 0 ? null : machine);
        }

        List<LabelledImage> images() {
            Require.that(
                    paths != null && labels != null && classNames != null && sha256 != null,
                    "expected the paths, labels, classNames and sha256 of images");
            int n = paths.size();
            Require.that(
                    labels.size() == n && sha256.length == HASH * n && (classes == null || classes.length == n),
                    "expected as many labels, classes and hashes as the %d paths",
                    n);
            Set<Integer> byMachine =
                    machine == null ? Set.of() : IntStream.of(machine).boxed().collect(Collectors.toSet());
            return IntStream.range(0, n)
                    .mapToObj(i -> {
                        int name = classes == null ? labels.get(i).largest() : classes[i];
                        Require.that(
                                name >= 0 && name < classNames.size(),
                                "class %d of %s: expected one of %d",
                                name,
                                paths.get(i),
                                classNames.size());
                        byte[] hash = Arrays.copyOfRange(sha256, i * HASH, (i + 1) * HASH);
                        return LabelledImage.known(
                                paths.get(i),
                                labels.get(i),
                                classNames.get(name),
                                Arrays.equals(hash, new byte[HASH])
                                        ? ""
                                        : HexFormat.of().formatHex(hash),
                                byMachine.contains(i));
                    })
                    .toList();
        }
    }

    @JsonCreator
    static RunImages of(
            @JsonProperty("testedClasses") List<String> testedClasses,
            @JsonProperty("train") Columns train,
            @JsonProperty("val") Columns val,
            @JsonProperty("test") Columns test) {
        return new RunImages(testedClasses, images(train), images(val), images(test));
    }

    private static List<LabelledImage> images(Columns columns) {
        return columns == null ? List.of() : columns.images();
    }

    @JsonValue
    Map<String, Object> toJson() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("testedClasses", testedClasses);
        all.put("train", Columns.of(train));
        all.put("val", Columns.of(val));
        all.put("test", Columns.of(test));
        return all;
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
