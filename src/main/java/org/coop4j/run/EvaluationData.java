package org.coop4j.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.coop4j.base.Numbers;
import org.coop4j.data.ImageDataset.ClassHalf;
import org.coop4j.data.DatasetException;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.ImageDataset.Split;
import org.coop4j.data.bank.ImageFeatures.HashedImage;
import org.coop4j.image.ExifOrientation;
import org.coop4j.method.ClassifierFile;

/**
 * Images to test a learned classifier on again: those of its run, or others, without the ones that
 * it learned from.
 */
public final class EvaluationData {

    private static final int NAMED = 5;

    private final List<String> learnedClasses;
    private final RunConfig config;
    private final Provenance provenance;
    private final RunImages images;
    private final Consumer<String> notes;

    private EvaluationData(
            List<String> learnedClasses,
            RunConfig config,
            Provenance provenance,
            RunImages images,
            Consumer<String> notes) {
        this.learnedClasses = learnedClasses;
        this.config = config;
        this.provenance = provenance;
        this.images = images;
        this.notes = notes;
    }

    /**
     * Images with their classes.
     *
     * @param classNames name of each label
     */
    public record Images(List<String> classNames, List<LabelledImage> images) {}

    /**
     * Of a classifier.
     *
     * @param folder where it lies, which may be that of its run
     * @param notes is told of what differs from the run
     * @throws IOException if what the run records is damaged
     */
    public static EvaluationData of(ClassifierFile learned, Path folder, Consumer<String> notes) throws IOException {
        Path file = folder.resolve(RunFolder.CONFIG);
        RunConfig config = Files.exists(file) ? RunConfig.read(file) : null;
        boolean own = config != null
                && config.modelSha256().equals(learned.modelSha256())
                && config.method().id().equals(learned.method().id()); // it may have chosen settings
        Path provenance = folder.resolve(RunFolder.PROVENANCE);
        return new EvaluationData(
                learned.classNames(),
                own ? config : null,
                own && Files.exists(provenance) ? RunFolder.read(provenance, Provenance.class) : null,
                own ? RunImages.of(folder).orElse(null) : null,
                notes);
    }

    /**
     * The images that the run was tested on.
     *
     * @param exif takes what the run did with EXIF orientations, and gives what is to be done
     * @throws IOException if nothing is recorded of them, or files are missing
     */
    public Images own(UnaryOperator<ExifOrientation> exif) throws IOException {
        if (images == null || images.test().isEmpty()) {
            throw new IOException("no run beside the classifier lists its test images: give images with --data");
        }
        if (source().holdsFeatures()) {
            return ownRows();
        }
        ExifOrientation orientation = exif.apply(source().orientation());
        List<LabelledImage> tested = new ArrayList<>();
        List<Path> missing = new ArrayList<>();
        for (RunImages.Image image : images.test()) {
            Path path = Path.of(image.path());
            if (Files.notExists(path)) {
                missing.add(path);
            }
            tested.add(new LabelledImage(path, image.label(), image.className(), orientation));
        }
        if (!missing.isEmpty()) {
            throw new DatasetException(
                    "%d of the %d images that the run was tested on are missing (first: %s): say with --data where the images are now"
                            .formatted(missing.size(), tested.size(), missing.get(0)));
        }
        return new Images(images.testedClasses(), tested);
    }

    /** The rows of the file of features whose images, by content, the run was tested on. */
    private Images ownRows() throws IOException {
        ImageDataset lists =
                source().load(config.sample().seed()).half(config.testedOn().classes());
        Set<String> contents = new HashSet<>();
        images.test().forEach(image -> contents.add(image.sha256()));
        List<LabelledImage> tested = lists.test().stream()
                .filter(image -> contents.contains(image.stored().sha256()))
                .toList();
        if (tested.size() != images.test().size()) {
            throw new DatasetException(
                    "%s has %d of the %d images that the run was tested on: say with --data where they are now"
                            .formatted(
                                    source().path(),
                                    tested.size(),
                                    images.test().size()));
        }
        return new Images(images.testedClasses(), tested);
    }

    /**
     * The data that the run was tested on, wherever they are now.
     *
     * @throws IOException if nothing is recorded of them
     */
    public DataSpec source() throws IOException {
        if (config == null) {
            throw new IOException(
                    "no run beside the classifier says what it was tested on: give images with" + " --data");
        }
        return config.testedOn().source();
    }

    /**
     * Checks that files still have the contents that the run was tested on.
     *
     * @throws IOException naming the first that has another
     */
    public void requireUnchanged(List<HashedImage> found) throws IOException {
        Set<String> contents = new HashSet<>();
        images.test().forEach(image -> contents.add(image.sha256()));
        for (HashedImage image : found) {
            if (!contents.contains(image.sha256())) {
                throw new DatasetException(
                        "%s is not the image that the run was tested on any more: put it back, or test on what is there now with --data"
                                .formatted(image.image().path()));
            }
        }
    }

    /**
     * Images of a dataset. Where it has no split of its own it is split as in the run, and where it
     * is the run's data, its classes are the run's.
     *
     * @param seed makes the split where the data has none; null for the run's
     * @param half null for the run's half of the run's data, and all classes of others
     */
    public Images of(DataSpec data, Long seed, ClassHalf half, Split split) throws IOException {
        ImageDataset lists = asTested(data).load(seed == null ? seedOfSplit() : seed);
        ImageDataset chosen = lists.half(half == null ? ClassHalf.ALL : half);
        List<String> names = chosen.classNames();
        if (config != null) {
            ImageDataset asTested = lists.half(half == null ? config.testedOn().classes() : half);
            if (isTested(asTested)) {
                chosen = asTested;
                names = runsNames(asTested);
            }
        }
        sayClasses(names);
        List<LabelledImage> part = chosen.images(split);
        if (part.isEmpty()) {
            throw new DatasetException("%s has no %s images".formatted(chosen.name(), split.label()));
        }
        return new Images(names, part);
    }

    /** With what the run was told of its data, where nothing else is said. */
    private DataSpec asTested(DataSpec data) {
        if (config == null) {
            return data;
        }
        DataSpec told = config.testedOn().source();
        DataSpec divided = data.split() == null && told.split() != null && isSamePlace(data, told)
                ? data.withSplit(told.split())
                : data;
        return divided.exif() == null && told.exif() != null ? divided.withExif(told.exif()) : divided;
    }

    private static boolean isSamePlace(DataSpec a, DataSpec b) {
        return Path.of(a.path())
                .toAbsolutePath()
                .normalize()
                .equals(Path.of(b.path()).toAbsolutePath().normalize());
    }

    private long seedOfSplit() {
        if (config == null) {
            return 1;
        }
        return config.testedOn().source().seedOfSplit(config.sample().seed());
    }

    /** Whether these are the files and labels that the run was tested on. */
    private boolean isTested(ImageDataset lists) {
        return provenance != null && Provenance.hash(lists.test()).equals(provenance.testHash());
    }

    private List<String> runsNames(ImageDataset lists) {
        List<String> known = images == null ? learnedClasses : images.testedClasses();
        if (known.size() != lists.classCount() || known.equals(lists.classNames())) {
            return lists.classNames();
        }
        notes.accept("the classes are called as in the run, %s, and not as in the data, %s"
                .formatted(Numbers.first(known, NAMED), Numbers.first(lists.classNames(), NAMED)));
        return known;
    }

    private void sayClasses(List<String> names) {
        Set<String> learned = new HashSet<>(learnedClasses);
        List<String> others =
                names.stream().filter(name -> !learned.contains(name)).toList();
        if (!others.isEmpty()) {
            notes.accept("%d of %d classes were not learned: %s"
                    .formatted(others.size(), names.size(), Numbers.first(others, NAMED)));
        } else if (new HashSet<>(names).size() < learned.size()) {
            notes.accept("the data has %d of the %d classes; only these are scored: %s"
                    .formatted(names.size(), learned.size(), Numbers.first(names, NAMED)));
        }
    }

    /** Whether it is recorded which images were learned from. */
    public boolean knowsLearned() {
        return images != null;
    }

    /** Positions of the images whose contents were learned from. */
    public List<Integer> learned(List<HashedImage> tested) {
        Set<String> contents = images == null ? Set.of() : images.learnedContents();
        List<Integer> positions = new ArrayList<>();
        for (int i = 0; i < tested.size(); i++) {
            if (contents.contains(tested.get(i).sha256())) {
                positions.add(i);
            }
        }
        return positions;
    }
}
