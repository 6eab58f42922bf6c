package org.coop4j.data.bank;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.coop4j.base.InputException;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.RandomStream;
import org.coop4j.data.bank.BankFile.ViewKey;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.coop4j.image.TrainTransform;
import org.slf4j.Logger;

/**
 * Features of image views: each is encoded once, kept in a file, and independent of what else is encoded. A folder has a
 * file per model, transform and kind, each opened when first needed.
 *
 * <p>Any number of processes may use a folder. One thread at a time.
 */
public final class FeatureBanks implements AutoCloseable {

    private static final Logger log = Log.of(FeatureBanks.class);

    /** Seconds of encoding that are told beforehand. */
    private static final double LONG = 60;

    /** Fewest bytes of a view whose size on the disk matters. */
    private static final int LARGE = 1 << 16;

    private final Path folder;
    private final FileContents files;
    private final Outlines outlines;
    private final Map<BankFile.Key, BankFile> banks = new HashMap<>();

    /**
     * A transform from an image to the pixels of a view: resize and centre crop, or a random resized crop and flip as in the
     * reference's training, drawn anew for each view.
     *
     * @param preprocessing the model's, which normalises the pixels
     * @param crops number of random views, as many as epochs in the reference's protocol; 0 for the centre crop alone
     * @param seed the run's seed
     */
    public record ImageTransform(Preprocessing preprocessing, int crops, long seed) {

        /** Returns the resize and centre crop of a model. */
        public static ImageTransform test(Preprocessing preprocessing) {
            return new ImageTransform(preprocessing, 0, 0);
        }

        /**
         * Returns a name that identifies the transform, except for the view and the model's preprocessing constants, which
         * are kept with its weights.
         */
        String id() {
            int size = preprocessing.size();
            return crops == 0 ? "test-" + size : String.format(Locale.ROOT, "train-%d-seed%d", size, seed);
        }

        /** Returns the number of views, 1 or more. */
        int views() {
            return Math.max(1, crops);
        }

        /**
         * Returns the pixels of a view, of the model's size.
         *
         * @param contentHash hash of the image's content, on which its random draws depend
         * @param view number of the view, from 0
         * @throws IllegalArgumentException if the image is too long and narrow
         */
        public RgbImage apply(RgbImage image, String contentHash, int view) {
            if (crops == 0) {
                return preprocessing.fitted(image);
            }
            TrainTransform transform = new TrainTransform(preprocessing);
            return transform.apply(
                    image,
                    transform.draw(
                            image.width(),
                            image.height(),
                            RandomStream.of(seed, "view " + view + " of " + contentHash)));
        }
    }

    /** Images that cannot be read. */
    public static final class UnreadableImagesException extends IOException {

        private static final long serialVersionUID = 1L;

        private final transient SortedMap<Path, IOException> problems;

        UnreadableImagesException(SortedMap<Path, IOException> problems) {
            super("%s cannot be read (%s): fix, remove or skip them"
                    .formatted(Numbers.count(problems.size(), "image"), Numbers.first(problems.keySet())));
            this.problems = problems;
        }
    }

    /** Encodes several lists of images, and refuses the unreadable ones of all lists together. */
    public static final class Lists {

        private final SortedMap<Path, IOException> problems = new TreeMap<>();

        /** Returns a list's features; null if it has unreadable images, for {@link #requireReadable} to refuse. */
        public <T> T encode(IoSupplier<T> list) throws IOException {
            try {
                return list.get();
            } catch (UnreadableImagesException e) {
                problems.putAll(e.problems);
                return null;
            }
        }

        /** Refuses the unreadable images of all lists. */
        public void requireReadable() throws UnreadableImagesException {
            if (!problems.isEmpty()) {
                throw new UnreadableImagesException(problems);
            }
        }
    }

    /** Opens nothing yet. */
    public FeatureBanks(Path folder) {
        this.folder = folder;
        this.files = new FileContents(folder);
        this.outlines = new Outlines(folder);
    }

    /**
     * Encodes those of the images that the bank of a transform and kind lacks.
     *
     * @param what a phrase for the images, such as "training images"
     * @param skipBad true to skip unreadable images; otherwise they are refused, after a warning about each
     * @return the readable images with their features, which remain usable when the banks are closed
     * @throws UnreadableImagesException if images cannot be read and {@code skipBad} is false
     * @throws IOException if the bank cannot be opened, or its file is another one
     */
    public ImageFeatures encode(
            Clip clip,
            ImageTransform transform,
            FeatureKind kind,
            List<LabelledImage> images,
            String what,
            boolean skipBad,
            Progress progress)
            throws IOException {
        if (kind == FeatureKind.PIXELS) {
            return pixels(clip, transform, images, skipBad, progress);
        }
        BankFile.Key key =
                new BankFile.Key(clip.modelSha256(), transform.id(), kind, clip.precision(), clip.featureWidth(kind));
        BankFile bank = banks.get(key);
        if (bank == null) {
            bank = BankFile.open(folder, key);
            banks.put(key, bank);
        }
        Encoding encoding = new Encoding(bank, transform);
        try {
            List<LabelledImage> hashed = encoding.hashed(images, clip.workers());
            encoding.encodeMissing(hashed, clip, kind, what, progress);
            encoding.report(skipBad, progress);
            return encoding.features(hashed);
        } finally {
            files.keep();
            outlines.keep();
        }
    }

    /** Returns how long images take, where that is a minute or more. */
    static Optional<String> cost(int images, double seconds, String what, int side) {
        return seconds < LONG
                ? Optional.empty()
                : Optional.of("encoding %s at %d pixels: about %.1f per second, %s in all"
                        .formatted(what, side, images / seconds, Numbers.duration(seconds)));
    }

    /** Returns pixels, which are read from the images again unless the memory has room for them. */
    private ImageFeatures pixels(
            Clip clip, ImageTransform transform, List<LabelledImage> images, boolean skipBad, Progress progress)
            throws IOException {
        Encoding encoding = new Encoding(null, transform);
        List<LabelledImage> hashed = encoding.hashed(images, clip.workers());
        ImageDecoder decoder = new ImageDecoder();
        clip.workers().each(hashed.size(), (part, i) -> {
            try {
                encoding.seen(new Encoding.View(hashed.get(i), 0, null), decoder);
            } catch (IOException e) {
                encoding.problems.put(hashed.get(i).path(), e);
            }
        });
        encoding.report(skipBad, progress);
        List<LabelledImage> good = encoding.readable(hashed);
        int views = transform.views();
        Map<Integer, SoftReference<RgbImage>> known = new ConcurrentHashMap<>(); // by image and view
        return new ImageFeatures(good, views, clip.featureWidth(FeatureKind.PIXELS), (i, view, target, offset) -> {
            int key = i * views + view % views;
            SoftReference<RgbImage> kept = known.get(key);
            RgbImage seen = kept == null ? null : kept.get();
            if (seen == null) {
                seen = encoding.unchecked(new Encoding.View(good.get(i), view % views, null), decoder);
                known.put(key, new SoftReference<>(seen));
            }
            transform.preprocessing().toTensor(seen, FloatBuffer.wrap(target), offset);
        });
    }

    /**
     * Returns the bytes of views.
     *
     * @param each bytes of a view
     * @param room free bytes of the disk
     * @throws InputException if they do not fit, with the number of views that do
     */
    static long requireRoom(int views, long each, long room, Path folder) throws InputException {
        long bytes = views * each;
        InputException.require(
                bytes < room,
                "the tokens of %d views take %s, and the disk of %s has %s, room for %d views: make room, choose another bank"
                        + " folder, or learn from fewer views",
                views,
                Numbers.bytes(bytes),
                folder,
                Numbers.bytes(room),
                room / each);
        return bytes;
    }

    /** An encoding of some images, with the reasons why images cannot be read. */
    private final class Encoding {
        private final BankFile bank;
        private final ImageTransform transform;
        private final SortedMap<Path, IOException> problems = Collections.synchronizedSortedMap(new TreeMap<>());

        Encoding(BankFile bank, ImageTransform transform) {
            this.bank = bank;
            this.transform = transform;
        }

        /** Reads the contents of all images on all threads, leaving out those that cannot be read. */
        private List<LabelledImage> hashed(List<LabelledImage> images, Workers workers) {
            LabelledImage[] hashed = new LabelledImage[images.size()];
            workers.each(hashed.length, (part, i) -> {
                LabelledImage image = images.get(i);
                try {
                    hashed[i] = files.of(image.path()).of(image);
                } catch (InputException e) {
                    problems.put(image.path(), e);
                } catch (IOException e) {
                    String problem =
                            image.path() + " cannot be read: " + e.getClass().getSimpleName();
                    problems.put(image.path(), new IOException(problem, e));
                }
            });
            return Stream.of(hashed).filter(Objects::nonNull).toList();
        }

        /** A view of an image. */
        private record View(LabelledImage image, int number, ViewKey key) {}

        /** Returns the views that the bank lacks, those of the same content once. */
        private List<View> missing(List<LabelledImage> images) {
            List<View> missing = new ArrayList<>();
            Set<ViewKey> seen = new HashSet<>();
            for (int view = 0; view < transform.views(); view++) {
                for (LabelledImage image : images) {
                    ViewKey key = ViewKey.of(image.key(), view);
                    if (seen.add(key) && !bank.contains(key)) {
                        missing.add(new View(image, view, key));
                    }
                }
            }
            return missing;
        }

        /** Encodes missing views part by part, appending each part at once: a kill loses one part at most. */
        private void encodeMissing(
                List<LabelledImage> images, Clip clip, FeatureKind kind, String what, Progress progress)
                throws IOException {
            List<View> missing = missing(images);
            if (missing.isEmpty()) {
                return;
            }
            ImageEncoder encoder = clip.imageEncoder(kind);
            cost(missing.size(), clip.secondsOfImages(missing.size()), what, encoder.imageSize())
                    .ifPresent(progress::note);
            if (bank.recordBytes() >= LARGE) {
                long room = Files.getFileStore(folder).getUsableSpace();
                long bytes = requireRoom(missing.size(), bank.recordBytes(), room, folder);
                progress.note("keeping the tokens of %s: %s"
                        .formatted(Numbers.count(missing.size(), "view"), Numbers.bytes(bytes)));
            }
            Map<String, IOException> causes = new HashMap<>(); // by key
            ImageDecoder decoder = new ImageDecoder();
            try (Progress.Task task = progress.task("encoding " + what, missing.size(), Progress.Unit.IMAGES)) {
                for (int from = 0; from < missing.size(); from += encoder.part()) {
                    List<View> part = missing.subList(from, Math.min(missing.size(), from + encoder.part()));
                    ImageEncoder.Encoded encoded = encoder.encode(
                            part.size(), (i, target, offset) -> readPixels(part.get(i), decoder, target, offset));
                    encoded.problems().forEach((i, problem) -> {
                        LabelledImage image = part.get(i).image;
                        problems.put(image.path(), problem);
                        causes.putIfAbsent(image.key(), problem);
                    });
                    bank.append(part.stream().map(View::key).toList(), encoded.features());
                    part.forEach(view -> task.advance(1));
                }
            }
            // A content is encoded once, and its problem is that of all files that have it.
            for (LabelledImage image : images) {
                IOException problem = causes.get(image.key());
                if (problem != null) {
                    Path path = image.path();
                    problems.putIfAbsent(
                            path, new IOException(path + " has the content of " + problem.getMessage(), problem));
                }
            }
        }

        private void readPixels(View view, ImageDecoder decoder, FloatBuffer target, int offset) throws IOException {
            transform.preprocessing().toTensor(seen(view, decoder), target, offset);
        }

        private RgbImage seen(View view, ImageDecoder decoder) throws IOException {
            LabelledImage image = view.image;
            return decoder.decode(
                    image.path(),
                    image.exif(),
                    content -> unchanged(content, image.sha256(), image.path()),
                    all -> transform.apply(outlines.seen(image, all), image.sha256(), view.number));
        }

        /** Returns a content that has the hash under which its features are kept. */
        private static byte[] unchanged(byte[] content, String sha256, Path file) throws InputException {
            InputException.require(
                    Sha256.of(content).equals(sha256), "%s was changed since it was first read: run again", file);
            return content;
        }

        private RgbImage unchecked(View view, ImageDecoder decoder) {
            try {
                return seen(view, decoder);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Warns about unreadable images, and refuses them unless they are skipped. */
        private void report(boolean skipBad, Progress progress) throws UnreadableImagesException {
            problems.values().forEach(problem -> progress.warn(problem.getMessage()));
            if (!problems.isEmpty() && !skipBad) {
                throw new UnreadableImagesException(problems);
            }
        }

        private List<LabelledImage> readable(List<LabelledImage> images) {
            return images.stream()
                    .filter(image -> !problems.containsKey(image.path()))
                    .toList();
        }

        private ImageFeatures features(List<LabelledImage> images) throws IOException {
            List<LabelledImage> good = readable(images);
            BankFile.Rows rows = bank.rows();
            int views = transform.views();
            int[] records = new int[Math.multiplyExact(good.size(), views)]; // [images, views]
            for (int i = 0; i < records.length; i++) {
                records[i] = bank.record(ViewKey.of(good.get(i / views).key(), i % views));
            }
            return new ImageFeatures(
                    good,
                    views,
                    bank.width(),
                    (i, view, target, offset) -> rows.copy(records[i * views + view % views], target, offset));
        }
    }

    /**
     * Returns the hash of each image's content, in hexadecimal; {@code unreadable} for a file that cannot be read. Files that
     * an earlier process read are not read again while their sizes and times are the same.
     */
    public List<String> contents(List<LabelledImage> images, Workers workers) {
        String[] hashes = new String[images.size()];
        workers.each(hashes.length, (worker, i) -> {
            try {
                hashes[i] = files.of(images.get(i).path()).sha256();
            } catch (IOException e) {
                hashes[i] = "unreadable";
            }
        });
        files.keep();
        return List.of(hashes);
    }

    /** Returns the readable images with their contents. */
    public List<LabelledImage> readable(List<LabelledImage> images, Workers workers) {
        List<LabelledImage> readable = new Encoding(null, null).hashed(images, workers);
        files.keep();
        return readable;
    }

    /** Returns the outline of each image whose content was read; null for one that cannot be decoded. */
    public List<Long> outlines(List<LabelledImage> images, Workers workers) {
        ImageDecoder decoder = new ImageDecoder();
        Long[] all = new Long[images.size()];
        workers.each(all.length, (worker, i) -> all[i] = outlines.of(images.get(i), decoder));
        outlines.keep();
        return Arrays.asList(all);
    }

    /** Returns the hash of a file's content as it is now; a file that an earlier process read is not read again. */
    public String sha256(Path file) throws IOException {
        return files.find(file).sha256();
    }

    /** Forgets which contents files have, for files that may have changed since. */
    public void forget() {
        files.forget();
    }

    /** Closes the banks and forgets the contents; what is needed later is opened and read again. */
    @Override
    public void close() {
        files.forget();
        for (BankFile bank : banks.values()) {
            try {
                bank.close();
            } catch (IOException e) {
                log.warn("a feature bank could not be closed: {}", e.getMessage());
            }
        }
        banks.clear();
    }
}
