package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.data.DatasetException;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;
import org.coop4j.weights.Progress;
import org.coop4j.weights.Sha256;

/**
 * Labelled images whose features are all in a bank; a row is read from the bank's memory map, which
 * outlives the bank's closing.
 */
public final class BankedImages implements FeatureSet {

    private final List<LabelledImage> images;
    private final List<ImageContent> contents;
    private final int views;
    private final int width;
    private final BankRows rows;

    /** The bank's record of each view of each image, [images, views]. */
    private final int[] records;

    private BankedImages(
            FeatureBank bank, List<LabelledImage> images, List<ImageContent> contents, int views)
            throws IOException {
        this.images = images;
        this.contents = contents;
        this.views = views;
        this.width = bank.width();
        this.rows = bank.rows();
        this.records = new int[Math.multiplyExact(images.size(), views)];
        for (int i = 0; i < records.length; i++) {
            records[i] = bank.record(ViewKey.of(contents.get(i / views).key(), i % views));
        }
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
     * @param what what the images are, such as "training images"
     * @param skipBad whether unreadable images are left out; otherwise they are refused, after
     *     warnings that list them all
     * @throws UnreadableImagesException if images cannot be read and {@code skipBad} is false
     */
    public static BankedImages build(
            FeatureBank bank,
            Clip clip,
            ImageTransform transform,
            List<LabelledImage> images,
            String what,
            boolean skipBad,
            Progress progress)
            throws IOException {
        SortedMap<Path, IOException> problems = new TreeMap<>();
        ImageContent[] contents = contents(clip, images, problems);
        MissingViews missing = new MissingViews(bank, clip, transform, images, contents);
        missing.encode(what, progress);
        missing.addUnreadable(problems);
        problems.values().forEach(problem -> progress.warn(problem.getMessage()));
        if (!problems.isEmpty() && !skipBad) {
            throw new UnreadableImagesException(problems);
        }
        List<LabelledImage> good = new ArrayList<>();
        List<ImageContent> goodContents = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            if (!problems.containsKey(images.get(i).path())) {
                good.add(images.get(i));
                goodContents.add(contents[i]);
            }
        }
        return new BankedImages(bank, good, goodContents, transform.views());
    }

    /** Contents of all images, on all threads; null for one that cannot be read. */
    private static ImageContent[] contents(
            Clip clip, List<LabelledImage> images, Map<Path, IOException> problems) {
        ImageContent[] contents = new ImageContent[images.size()];
        clip.workers()
                .each(
                        contents.length,
                        (part, i) -> {
                            Path file = images.get(i).path();
                            try {
                                contents[i] = ImageContent.of(images.get(i));
                            } catch (IOException e) {
                                synchronized (problems) {
                                    problems.put(file, readable(file, e));
                                }
                            }
                        });
        return contents;
    }

    private static IOException readable(Path file, IOException e) {
        if (e instanceof DatasetException) {
            return e;
        }
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

    /** The images with the hashes of their contents. */
    public List<HashedImage> hashed() {
        return IntStream.range(0, images.size())
                .mapToObj(i -> new HashedImage(images.get(i), contents.get(i).hash()))
                .toList();
    }

    /** SHA-256 of the images' contents and labels in their order, in hexadecimal. */
    public String contentHash() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < images.size(); i++) {
            lines.append(contents.get(i).key())
                    .append('\t')
                    .append(images.get(i).label())
                    .append('\n');
        }
        return Sha256.of(lines.toString());
    }

    @Override
    public void copy(int i, int view, float[] target, int offset) {
        rows.copy(records[i * views + view % views], target, offset);
    }
}
