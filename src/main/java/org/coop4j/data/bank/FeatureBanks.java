package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.base.IoFunction.IoSupplier;
import org.coop4j.base.Log;
import org.coop4j.base.Numbers;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.RandomStream;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.Preprocessing;
import org.coop4j.image.RgbImage;
import org.coop4j.image.TrainTransform;
import org.slf4j.Logger;

/** The banks of a folder, each opened when first needed, and the contents of image files that they share. */
public final class FeatureBanks implements AutoCloseable {

    private static final Logger log = Log.of(FeatureBanks.class);

    private final Path folder;
    private final FileContents files;
    private final Map<List<Object>, FeatureBank> banks = new HashMap<>(); // by transform and kind

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
    }

    /** Encodes those of the images that the bank of a transform and kind lacks, as {@link FeatureBank#encode} does. */
    public ImageFeatures encode(
            Clip clip,
            ImageTransform transform,
            FeatureKind kind,
            List<LabelledImage> images,
            String what,
            boolean skipBad,
            Progress progress)
            throws IOException {
        FeatureBank bank = banks.get(List.of(transform, kind));
        if (bank == null) {
            bank = FeatureBank.open(folder, clip, transform, kind, files);
            banks.put(List.of(transform, kind), bank);
        }
        try {
            return bank.encode(images, what, skipBad, progress);
        } finally {
            files.keep();
        }
    }

    /**
     * Returns the hash of the contents of images. Files that an earlier process read are not read again while their sizes
     * and times are the same.
     */
    public String contentsSha256(List<LabelledImage> images, Workers workers) {
        String[] hashes = new String[images.size()];
        workers.each(hashes.length, (worker, i) -> {
            try {
                hashes[i] = files.of(images.get(i).path()).sha256();
            } catch (IOException e) {
                hashes[i] = "unreadable";
            }
        });
        files.keep();
        return Sha256.of(String.join("\n", hashes));
    }

    /** Closes the banks and forgets the contents; what is needed later is opened and read again. */
    @Override
    public void close() {
        files.forget();
        for (FeatureBank bank : banks.values()) {
            try {
                bank.close();
            } catch (IOException e) {
                log.warn("a feature bank could not be closed: {}", e.getMessage());
            }
        }
        banks.clear();
    }
}
