package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.clip.Clip;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.weights.Sha256;

/**
 * Labelled images whose features are all in a bank; a row is read from the bank's memory map, which
 * outlives the bank's closing.
 */
public final class BankedImages implements FeatureSet {

    private final List<LabelledImage> images;
    private final List<String> hashes;
    private final int views;
    private final int width;
    private final BankRows rows;

    /** The bank's record of each view of each image, [images, views]. */
    private final int[] records;

    private BankedImages(
            FeatureBank bank, List<LabelledImage> images, List<String> hashes, int views)
            throws IOException {
        this.images = images;
        this.hashes = hashes;
        this.views = views;
        this.width = bank.width();
        this.rows = bank.rows();
        this.records = new int[Math.multiplyExact(images.size(), views)];
        for (int i = 0; i < records.length; i++) {
            records[i] = bank.record(ViewKey.of(hashes.get(i / views), i % views));
        }
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
        MissingViews missing = new MissingViews(bank, clip, transform, images, hashes, listener);
        missing.encode();
        missing.addUnreadable(problems);
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
                                hashes[i] = Sha256.of(file);
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
        return width;
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
        return Sha256.of(lines.toString());
    }

    @Override
    public void copy(int i, int view, float[] target, int offset) {
        rows.copy(records[i * views + view % views], target, offset);
    }
}
