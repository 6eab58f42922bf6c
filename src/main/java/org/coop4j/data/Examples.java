package org.coop4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.coop4j.base.InputException;
import org.coop4j.base.Require;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.EncodingQueue.EncodingLimits;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder.Encoded;
import org.coop4j.clip.InputImage;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.eval.Labels;
import org.coop4j.graph.host.Floats;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.Preprocessing.PixelReader;

/** Labelled images, or their features, to learn a classifier from in memory. */
public final class Examples {

    /** Name of images in memory, in messages and in the classifier's file; image 3 of class 1 is {@code examples/1/3}. */
    public static final Path NAME = Path.of("examples");

    private static final Path VAL = NAME.resolve("val");

    private final DataSpec source;
    private final Lists lists;
    private final Map<Path, InputImage> contents; // of images in memory

    /** Lists of images for a model and the seed of a split. */
    private interface Lists {
        ImageDataset of(Clip clip, long seed) throws IOException;
    }

    private Examples(DataSpec source, Lists lists, Map<Path, InputImage> contents) {
        this.source = source;
        this.lists = lists;
        this.contents = contents;
    }

    /**
     * Returns images by the names of their classes, whose labels follow the names' order.
     *
     * @throws IllegalArgumentException if there are fewer than two classes, or a class has no images
     */
    public static Examples of(Map<String, List<InputImage>> images) {
        SortedMap<String, List<InputImage>> sorted = new TreeMap<>(images);
        List<String> names = usable(List.copyOf(sorted.keySet()));
        List<LabelledImage> all = new ArrayList<>();
        Map<Path, InputImage> contents = new HashMap<>();
        for (int label = 0; label < names.size(); label++) {
            List<InputImage> own = sorted.get(names.get(label));
            for (int i = 0; i < own.size(); i++) {
                Path path = NAME.resolve(label + "/" + i);
                contents.put(path, own.get(i));
                all.add(new LabelledImage(path, label, names.get(label), ExifOrientation.APPLY));
            }
        }
        ImageDataset dataset = new ImageDataset(NAME.toString(), names, all, List.of(), List.of());
        return new Examples(DataSpec.of(NAME), (clip, seed) -> dataset, contents);
    }

    /** Returns the images that a run learns from and chooses by: those of {@link #of(DataSpec)}. */
    public static Examples folder(Path folder) {
        return of(DataSpec.of(folder));
    }

    /**
     * Returns the train and val images of data on disk. Data without a split is split by the seed as for a run: half of each
     * class to learn from, a fifth to calibrate by, unless the data names other shares.
     */
    public static Examples of(DataSpec data) {
        return new Examples(data, (clip, seed) -> data.load(seed), Map.of());
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
        List<String> names = usable(List.copyOf(classNames));
        int[] own = labels.clone();
        List<String> absent = ImageDataset.absent(names, IntStream.of(own));
        Require.that(absent.isEmpty(), "classes without examples: %s; expected 1 or more of each", absent);
        return new Examples(DataSpec.of(NAME), (clip, seed) -> stored(clip, names, rows, own), Map.of());
    }

    private static ImageDataset stored(Clip clip, List<String> names, FeatureMatrix rows, int[] labels)
            throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, labels.length * rows.width()));
        bytes.asFloatBuffer().put(rows.toArray());
        StoredFeatures stored = new StoredFeatures(
                NAME,
                Sha256.of(bytes.array()),
                clip.modelSha256(),
                clip.logLogitScale(),
                clip.precision(),
                StoredFeatures.Rows.of(rows),
                null);
        List<LabelledImage> train = IntStream.range(0, labels.length)
                .mapToObj(i -> new LabelledImage(
                        NAME.resolve("row " + i),
                        Labels.of(labels[i]),
                        names.get(labels[i]),
                        ExifOrientation.APPLY,
                        new StoredFeatures.Row(stored, i)))
                .toList();
        return new ImageDataset(NAME.toString(), names, train, List.of(), List.of());
    }

    private static List<String> usable(List<String> names) {
        try {
            ClassNames.requireUsable(names, NAME.toString());
            return names;
        } catch (InputException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * Returns these examples with others in memory to choose settings and calibrate probabilities by; nothing is learned
     * from them.
     *
     * @param val examples of the same classes
     */
    public Examples withVal(Examples val) {
        Map<Path, InputImage> all = new HashMap<>(contents);
        val.contents.forEach((path, image) -> all.put(VAL.resolve(path), image));
        return new Examples(
                source,
                (clip, seed) -> {
                    ImageDataset own = lists.of(clip, seed);
                    ImageDataset other = val.lists.of(clip, seed);
                    Require.that(
                            own.classNames().equals(other.classNames()),
                            "val examples: expected the classes %s, got %s",
                            own.classNames(),
                            other.classNames());
                    List<LabelledImage> moved = other.train().stream()
                            .map(image -> image.movedTo(VAL.resolve(image.path())))
                            .toList();
                    return new ImageDataset(own.name(), own.classNames(), own.train(), moved, own.test());
                },
                all);
    }

    /** Returns the place of the images, {@link #NAME} if they are in memory. */
    public DataSpec source() {
        return source;
    }

    /**
     * Returns the lists of the images.
     *
     * @param seed of the split, if the data on disk has none
     */
    public ImageDataset lists(Clip clip, long seed) throws IOException {
        return lists.of(clip, seed);
    }

    /**
     * Encodes some of the images as a feature bank does, those that can be read.
     *
     * @param unreadable receives each of the others with its problem
     */
    public ImageFeatures encode(
            Clip clip, List<LabelledImage> some, FeatureKind kind, BiConsumer<LabelledImage, IOException> unreadable) {
        PixelReader reader = EncodingLimits.standard().reader(clip, source.orientation());
        Encoded encoded = clip.imageEncoder(kind)
                .encode(some.size(), (i, target, offset) -> content(some.get(i)).read(reader, target, offset));
        encoded.problems().forEach((i, problem) -> unreadable.accept(some.get(i), problem));
        int[] readable = IntStream.range(0, some.size())
                .filter(i -> encoded.features().get(i) != null)
                .toArray();
        FeatureMatrix rows = FeatureMatrix.of(
                IntStream.of(readable).mapToObj(encoded.features()::get).toList(), encoded.width());
        List<LabelledImage> images = IntStream.of(readable).mapToObj(some::get).toList();
        return new ImageFeatures(images, 1, rows.width(), (i, view, target, offset) -> rows.copyRow(i, target, offset));
    }

    private InputImage content(LabelledImage image) {
        InputImage inMemory = contents.get(image.path());
        return inMemory == null ? InputImage.of(image.path()) : inMemory;
    }
}
