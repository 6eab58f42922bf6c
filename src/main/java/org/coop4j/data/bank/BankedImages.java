package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.data.DatasetException;
import org.coop4j.data.LabelledImage;

/** Brings labelled images to a bank. */
public final class BankedImages {

    private BankedImages() {}

    /** An image that could not be read. */
    public static final class UnreadableImagesException extends IOException {

        private static final long serialVersionUID = 1L;

        UnreadableImagesException(SortedMap<Path, IOException> problems) {
            super(
                    "%s%s cannot be read (first: %s): mend or remove them, or go on without them with --skip-bad"
                            .formatted(
                                    problems.size(),
                                    problems.size() == 1 ? " image" : " images",
                                    problems.get(problems.firstKey()).getMessage()));
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
    public static ImageFeatures build(
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
        return banked(bank, good, goodContents, transform.views());
    }

    /** A row is read from the bank's memory map, which outlives the bank's closing. */
    private static ImageFeatures banked(
            FeatureBank bank, List<LabelledImage> images, List<ImageContent> contents, int views)
            throws IOException {
        BankRows rows = bank.rows();
        int[] records = new int[Math.multiplyExact(images.size(), views)]; // [images, views]
        for (int i = 0; i < records.length; i++) {
            records[i] = bank.record(ViewKey.of(contents.get(i / views).key(), i % views));
        }
        return new ImageFeatures(
                images,
                contents.stream().map(ImageContent::hash).toList(),
                contents.stream().map(ImageContent::key).toList(),
                views,
                bank.width(),
                (i, view, target, offset) ->
                        rows.copy(records[i * views + view % views], target, offset));
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
}
