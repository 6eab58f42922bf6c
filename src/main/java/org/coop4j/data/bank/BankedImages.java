package org.coop4j.data.bank;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ImageDecoder;

/**
 * Labelled images whose features are all in a bank.
 *
 * <p>Feature {@code i} of view {@code v} is read from the bank's memory map and normalised as it is
 * copied.
 */
public final class BankedImages {

    private final FeatureBank bank;
    private final List<LabelledImage> images;
    private final List<String> hashes;
    private final int views;

    private BankedImages(
            FeatureBank bank, List<LabelledImage> images, List<String> hashes, int views) {
        this.bank = bank;
        this.images = images;
        this.hashes = hashes;
        this.views = views;
    }

    /** What the user sees of the work, and what is done about unreadable images. */
    public interface Listener {

        /** {@code done} of {@code total} views are in the bank; called often. */
        void progress(int done, int total);

        /** An image cannot be read; the rest goes on. */
        void unreadable(Path file, IOException problem);
    }

    /** An image that could not be read. */
    public static final class UnreadableImagesException extends IOException {

        private static final long serialVersionUID = 1L;

        UnreadableImagesException(SortedMap<Path, IOException> problems) {
            super(
                    problems.size()
                            + (problems.size() == 1 ? " image" : " images")
                            + " cannot be read (first: "
                            + problems.get(problems.firstKey()).getMessage()
                            + "): mend or remove them, or go on without them with --skip-bad");
        }
    }

    /**
     * Encodes what the bank lacks of these images.
     *
     * @param skipBad whether unreadable images are left out; otherwise they are all listed to the
     *     listener, and then refused
     * @throws UnreadableImagesException if images cannot be read and {@code skipBad} is false
     */
    public static BankedImages build(
            FeatureBank bank,
            Clip clip,
            ImageTransform transform,
            List<LabelledImage> images,
            boolean skipBad,
            Listener listener)
            throws IOException {
        SortedMap<Path, IOException> problems = new TreeMap<>();
        String[] hashes = hash(clip, images, problems);
        Builder builder = new Builder(bank, clip, transform, images, hashes, problems, listener);
        builder.encodeMissing();
        problems.forEach(listener::unreadable);
        if (!problems.isEmpty() && !skipBad) {
            throw new UnreadableImagesException(problems);
        }
        List<LabelledImage> good = new ArrayList<>();
        List<String> goodHashes = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            if (!problems.containsKey(images.get(i).path())) {
                good.add(images.get(i));
                goodHashes.add(hashes[i]);
            }
        }
        return new BankedImages(bank, good, goodHashes, transform.views());
    }

    /** Content hashes of all images, on all threads; null for one that cannot be read. */
    private static String[] hash(
            Clip clip, List<LabelledImage> images, Map<Path, IOException> problems) {
        String[] hashes = new String[images.size()];
        AtomicInteger next = new AtomicInteger();
        clip.workers()
                .run(
                        (part, parts) -> {
                            for (int i = next.getAndIncrement();
                                    i < hashes.length;
                                    i = next.getAndIncrement()) {
                                Path file = images.get(i).path();
                                try {
                                    hashes[i] = ViewKey.contentHash(file);
                                } catch (IOException e) {
                                    synchronized (problems) {
                                        problems.put(file, readable(file, e));
                                    }
                                }
                            }
                        });
        return hashes;
    }

    private static IOException readable(Path file, IOException e) {
        return new IOException(file + " cannot be read: " + e.getClass().getSimpleName(), e);
    }

    /** A view that the bank lacks. */
    private record Missing(int image, int view) {}

    private static final class Builder implements ImageEncoder.Sink {

        /** Features that are written at a time: what a kill can lose. */
        private static final int WRITE_EVERY = 64;

        private final FeatureBank bank;
        private final Clip clip;
        private final ImageTransform transform;
        private final List<LabelledImage> images;
        private final String[] hashes;
        private final Map<Path, IOException> problems;
        private final Listener listener;
        private final List<Missing> missing = new ArrayList<>();
        private final List<ViewKey> keys = new ArrayList<>();
        private final float[] features;
        private int total;
        private int done;

        Builder(
                FeatureBank bank,
                Clip clip,
                ImageTransform transform,
                List<LabelledImage> images,
                String[] hashes,
                Map<Path, IOException> problems,
                Listener listener) {
            this.bank = bank;
            this.clip = clip;
            this.transform = transform;
            this.images = images;
            this.hashes = hashes;
            this.problems = problems;
            this.listener = listener;
            this.features = new float[WRITE_EVERY * bank.width()];
        }

        void encodeMissing() throws IOException {
            Set<ViewKey> seen = new HashSet<>();
            for (int view = 0; view < transform.views(); view++) {
                for (int i = 0; i < hashes.length; i++) {
                    if (hashes[i] != null) {
                        ViewKey key = ViewKey.of(hashes[i], view);
                        if (seen.add(key) && !bank.contains(key)) {
                            missing.add(new Missing(i, view));
                        }
                    }
                }
            }
            total = seen.size();
            done = total - missing.size();
            listener.progress(done, total);
            if (missing.isEmpty()) {
                return;
            }
            ImageDecoder decoder = new ImageDecoder();
            try {
                clip.imageEncoder()
                        .encode(
                                missing.size(),
                                (index, target, offset) -> {
                                    Missing view = missing.get(index);
                                    Path file = images.get(view.image).path();
                                    transform.apply(
                                            decoder.decode(file),
                                            hashes[view.image],
                                            view.view,
                                            target,
                                            offset);
                                },
                                this);
                flush();
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }

        @Override
        public void features(int index, float[] row) {
            Missing view = missing.get(index);
            System.arraycopy(row, 0, features, keys.size() * row.length, row.length);
            keys.add(ViewKey.of(hashes[view.image], view.view));
            if (keys.size() == WRITE_EVERY) {
                flush();
            }
            listener.progress(++done, total);
        }

        @Override
        public void failed(int index, IOException problem) {
            problems.put(images.get(missing.get(index).image).path(), problem);
            listener.progress(++done, total);
        }

        private void flush() {
            try {
                bank.append(keys, features);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            keys.clear();
        }
    }

    /** Number of readable images. */
    public int size() {
        return images.size();
    }

    /** Width of a feature. */
    public int width() {
        return bank.width();
    }

    /** Number of views of each image. */
    public int views() {
        return views;
    }

    /** Image {@code i}. */
    public LabelledImage image(int i) {
        return images.get(i);
    }

    /** Copies the features of a view of image {@code i}, divided by their norm. */
    public void copyNormalized(int i, int view, float[] target, int offset) {
        copy(i, view, target, offset);
        double square = 0;
        for (int j = offset; j < offset + width(); j++) {
            square += (double) target[j] * target[j];
        }
        double inverse = 1 / Math.sqrt(square);
        for (int j = offset; j < offset + width(); j++) {
            target[j] = (float) (target[j] * inverse);
        }
    }

    /** Copies the features of a view of image {@code i} as the image tower gave them. */
    public void copy(int i, int view, float[] target, int offset) {
        try {
            bank.copy(ViewKey.of(hashes.get(i), view % views), target, offset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
