package org.coop4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.InputImage;
import org.coop4j.graph.host.Floats;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.Preprocessing.PixelReader;

/** Labelled images, or their features, to learn a classifier from in memory. */
public final class Examples {

    /** Name of the data in messages and in the classifier's file. */
    public static final Path NAME = Path.of("examples");

    private final List<String> classNames;
    private final int[] labels;
    private final List<InputImage> images; // empty if there are features
    private final Optional<FeatureMatrix> features;

    private Examples(List<String> classNames, int[] labels, List<InputImage> images, Optional<FeatureMatrix> features) {
        this.classNames = classNames;
        this.labels = labels;
        this.images = images;
        this.features = features;
        for (int label = 0; label < classNames.size(); label++) {
            int wanted = label;
            Require.that(
                    IntStream.of(labels).anyMatch(one -> one == wanted),
                    "class \"%s\" has no examples: expected 1 or more",
                    classNames.get(label));
        }
        try {
            ClassNames.requireUsable(classNames, NAME.toString());
        } catch (InputException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * Returns images by the names of their classes, whose labels follow the names' order.
     *
     * @throws IllegalArgumentException if there are fewer than two classes, or a class has no images
     */
    public static Examples of(Map<String, List<InputImage>> images) {
        SortedMap<String, List<InputImage>> sorted = new TreeMap<>(images);
        List<InputImage> all = sorted.values().stream().flatMap(List::stream).toList();
        List<List<InputImage>> classes = List.copyOf(sorted.values());
        int[] labels = IntStream.range(0, classes.size())
                .flatMap(label -> classes.get(label).stream().mapToInt(image -> label))
                .toArray();
        return new Examples(List.copyOf(sorted.keySet()), labels, all, Optional.empty());
    }

    /**
     * Returns the images of a folder with one subfolder per class, or of its {@code train} if it has a split.
     *
     * @throws InputException if it is not such a folder, with the reason
     */
    public static Examples folder(Path folder) throws IOException {
        Map<String, List<InputImage>> images = new TreeMap<>();
        DataFiles.toLearnFrom(folder)
                .forEach((name, files) ->
                        images.put(name, files.stream().map(InputImage::of).toList()));
        ClassNames.requireUsable(List.copyOf(images.keySet()), folder.toString());
        return of(images);
    }

    /**
     * Returns features of images.
     *
     * @param classNames name of each label
     * @param features [n, {@link Clip#embedDim}], of the model that the classifier is for; not copied
     * @param labels [n], counted from 0
     * @throws IllegalArgumentException if the sizes differ, a class has no example, or a number is not finite
     */
    public static Examples of(List<String> classNames, float[][] features, int[] labels) {
        Require.that(
                features.length == labels.length,
                "expected as many features as labels, got %d and %d",
                features.length,
                labels.length);
        FeatureMatrix rows = FeatureMatrix.of(features);
        for (int i = 0; i < labels.length; i++) {
            Require.that(
                    labels[i] >= 0 && labels[i] < classNames.size(),
                    "label %d of example %d: expected 0 to %d",
                    labels[i],
                    i,
                    classNames.size() - 1);
            Require.that(
                    Floats.areFinite(features[i]) && rows.dot(i, rows, i) > 0,
                    "features of example %d: expected finite numbers, not all 0",
                    i);
        }
        return new Examples(List.copyOf(classNames), labels.clone(), List.of(), Optional.of(rows));
    }

    /**
     * Returns the examples as training images with features, encoding images as a feature bank does.
     *
     * @throws IOException if an image cannot be read or decoded, or features are of another width
     */
    public ImageDataset encoded(Clip clip) throws IOException {
        PixelReader reader = EncodingLimits.standard().reader(clip, ExifOrientation.APPLY);
        FeatureMatrix rows = features.isPresent()
                ? features.get()
                : clip.imageEncoder()
                        .encode(images.size(), (i, target, offset) -> images.get(i)
                                .read(reader, target, offset))
                        .all();
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, labels.length * rows.width()));
        bytes.asFloatBuffer().put(rows.toArray());
        StoredFeatures stored = new StoredFeatures(
                NAME, Sha256.of(bytes.array()), clip.modelSha256(), clip.logLogitScale(), clip.precision(), rows, null);
        stored.requireOf(clip);
        List<LabelledImage> train = new ArrayList<>();
        for (int i = 0; i < labels.length; i++) {
            String name = classNames.get(labels[i]);
            train.add(new LabelledImage(
                    NAME.resolve("row " + i),
                    labels[i],
                    name,
                    ExifOrientation.APPLY,
                    new StoredFeatures.Row(stored, i)));
        }
        return new ImageDataset(NAME.toString(), classNames, train, List.of(), List.of());
    }
}
