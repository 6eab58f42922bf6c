package org.coop4j.data.bank;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.RgbImage;

/** Labelled images whose features are all in a bank; a row is read from the bank's memory map. */
public final class BankedImages implements FeatureSet {

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
        Builder builder = new Builder(bank, clip, transform, images, hashes, listener);
        builder.encodeMissing();
        builder.addUnreadable(problems);
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
        clip.workers()
                .each(
                        hashes.length,
                        (part, i) -> {
                            Path file = images.get(i).path();
                            try {
                                hashes[i] = ViewKey.contentHash(file);
                            } catch (IOException e) {
                                synchronized (problems) {
                                    problems.put(file, readable(file, e));
                                }
                            }
                        });
        return hashes;
    }

    private static IOException readable(Path file, IOException e) {
        return new IOException(file + " cannot be read: " + e.getClass().getSimpleName(), e);
    }

    /** A view of an image. */
    private record View(int image, int view) {}

    /** An image whose content cannot be read. */
    private record Unreadable(Path file, IOException problem) {}

    private static final class Builder implements ImageEncoder.Sink {

        /** Features that are written at a time: what a kill can lose. */
        private static final int WRITE_EVERY = 64;

        private final FeatureBank bank;
        private final Clip clip;
        private final ImageTransform transform;
        private final List<LabelledImage> images;
        private final String[] hashes;
        private final Listener listener;

        /** The first image of each content that cannot be read, with the reason. */
        private final Map<String, Unreadable> unreadable = new HashMap<>();

        private final List<View> encoded = new ArrayList<>();
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
                Listener listener) {
            this.bank = bank;
            this.clip = clip;
            this.transform = transform;
            this.images = images;
            this.hashes = hashes;
            this.listener = listener;
            this.features = new float[WRITE_EVERY * bank.width()];
        }

        /** The views of all readable images; one content is there once. */
        private List<View> distinctViews() {
            List<View> views = new ArrayList<>();
            Set<ViewKey> seen = new HashSet<>();
            for (int view = 0; view < transform.views(); view++) {
                for (int i = 0; i < hashes.length; i++) {
                    if (hashes[i] != null && seen.add(ViewKey.of(hashes[i], view))) {
                        views.add(new View(i, view));
                    }
                }
            }
            return views;
        }

        private ViewKey key(View view) {
            return ViewKey.of(hashes[view.image], view.view);
        }

        /**
         * Encodes the batches that lack a view, whole: a feature's last bits depend on its place in
         * a batch, which must not depend on where an earlier run was interrupted.
         */
        void encodeMissing() throws IOException {
            List<View> all = distinctViews();
            int batch = clip.imageEncoder().batch();
            total = all.size();
            for (int from = 0; from < total; from += batch) {
                List<View> together = all.subList(from, Math.min(from + batch, total));
                long missing = together.stream().filter(v -> !bank.contains(key(v))).count();
                done += together.size() - (int) missing;
                if (missing > 0) {
                    encoded.addAll(together);
                }
            }
            listener.progress(done, total);
            if (encoded.isEmpty()) {
                return;
            }
            ImageDecoder decoder = new ImageDecoder();
            try {
                clip.imageEncoder()
                        .encode(
                                encoded.size(),
                                (index, target, offset) -> {
                                    View view = encoded.get(index);
                                    Path file = images.get(view.image).path();
                                    RgbImage image = decoder.decode(file);
                                    try {
                                        transform.apply(
                                                image,
                                                hashes[view.image],
                                                view.view,
                                                target,
                                                offset);
                                    } catch (IllegalArgumentException e) {
                                        throw new IOException(file + ": " + e.getMessage(), e);
                                    }
                                },
                                this);
                flush();
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }

        @Override
        public void features(int index, float[] row) {
            ViewKey key = key(encoded.get(index));
            if (bank.contains(key)) {
                return;
            }
            System.arraycopy(row, 0, features, keys.size() * row.length, row.length);
            keys.add(key);
            if (keys.size() == WRITE_EVERY) {
                flush();
            }
            listener.progress(++done, total);
        }

        @Override
        public void failed(int index, IOException problem) {
            View view = encoded.get(index);
            if (bank.contains(key(view))) {
                return;
            }
            int image = view.image;
            unreadable.putIfAbsent(
                    hashes[image], new Unreadable(images.get(image).path(), problem));
            listener.progress(++done, total);
        }

        /** Content is encoded once, so that what is wrong with it is wrong in all its files. */
        void addUnreadable(Map<Path, IOException> problems) {
            for (int i = 0; i < hashes.length; i++) {
                Unreadable first = unreadable.get(hashes[i]);
                Path file = images.get(i).path();
                if (first != null && first.file.equals(file)) {
                    problems.put(file, first.problem);
                } else if (first != null) {
                    String message = file + " has the content of " + first.problem.getMessage();
                    problems.put(file, new IOException(message, first.problem));
                }
            }
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
    @Override
    public int size() {
        return images.size();
    }

    @Override
    public int views() {
        return views;
    }

    @Override
    public int width() {
        return bank.width();
    }

    @Override
    public int label(int i) {
        return images.get(i).label();
    }

    /** Image {@code i}. */
    public LabelledImage image(int i) {
        return images.get(i);
    }

    /** SHA-256 of the images' contents and labels in their order, in hexadecimal. */
    public String contentHash() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < images.size(); i++) {
            lines.append(hashes.get(i)).append('\t').append(images.get(i).label()).append('\n');
        }
        return ViewKey.hash(lines.toString());
    }

    @Override
    public void copy(int i, int view, float[] target, int offset) {
        try {
            bank.copy(ViewKey.of(hashes.get(i), view % views), target, offset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
