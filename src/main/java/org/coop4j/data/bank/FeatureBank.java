package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.base.Progress;
import org.coop4j.base.Sha256;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureKind;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.data.DatasetException;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankFile.ViewKey;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.RgbImage;

/**
 * Features of image views: each is encoded once, kept in a file, and does not depend on what else is encoded.
 *
 * <p>Any number of processes may have a bank open. One thread at a time.
 */
public final class FeatureBank implements AutoCloseable {

    private final BankFile file;
    private final Clip clip;
    private final ImageTransform transform;
    private final FeatureKind kind;

    private FeatureBank(BankFile file, Clip clip, ImageTransform transform, FeatureKind kind) {
        this.file = file;
        this.clip = clip;
        this.transform = transform;
        this.kind = kind;
    }

    /** Images that could not be read. */
    public static final class UnreadableImagesException extends IOException {

        private static final long serialVersionUID = 1L;

        UnreadableImagesException(SortedMap<Path, IOException> problems) {
            super("%s%s cannot be read (first: %s): fix or remove them, or use --skip-bad"
                    .formatted(
                            problems.size(),
                            problems.size() == 1 ? " image" : " images",
                            problems.get(problems.firstKey()).getMessage()));
        }
    }

    /**
     * Opens the bank of a model's rows of a kind under {@code folder}, or begins it.
     *
     * @throws IOException if it cannot be opened, or the file is a bank of something else
     */
    public static FeatureBank open(Path folder, Clip clip, ImageTransform transform, FeatureKind kind)
            throws IOException {
        BankFile file = BankFile.open(folder, BankFile.Key.of(clip, transform, kind));
        return new FeatureBank(file, clip, transform, kind);
    }

    /** Number of views in the bank. */
    public int size() {
        return file.size();
    }

    /**
     * Encodes what the bank lacks of these images.
     *
     * @param what what the images are, such as "training images"
     * @param skipBad whether unreadable images are left out; otherwise they are refused, after warnings that list them
     *     all
     * @return the readable images with their features, which outlive the bank's closing
     * @throws UnreadableImagesException if images cannot be read and {@code skipBad} is false
     */
    public ImageFeatures encode(List<LabelledImage> images, String what, boolean skipBad, Progress progress)
            throws IOException {
        SortedMap<Path, IOException> problems = new TreeMap<>();
        Content[] contents = contents(images, problems);
        problems.putAll(encodeMissing(images, contents, what, progress));
        problems.values().forEach(problem -> progress.warn(problem.getMessage()));
        if (!problems.isEmpty() && !skipBad) {
            throw new UnreadableImagesException(problems);
        }
        List<ImageFeatures.HashedImage> good = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            if (!problems.containsKey(images.get(i).path())) {
                good.add(new ImageFeatures.HashedImage(images.get(i), contents[i].hash));
                keys.add(contents[i].key());
            }
        }
        return rows(good, keys);
    }

    private ImageFeatures rows(List<ImageFeatures.HashedImage> images, List<String> keys) throws IOException {
        BankFile.Rows rows = file.rows();
        int views = transform.views();
        int[] records = new int[Math.multiplyExact(keys.size(), views)]; // [images, views]
        for (int i = 0; i < records.length; i++) {
            records[i] = file.record(ViewKey.of(keys.get(i / views), i % views));
        }
        return new ImageFeatures(
                images,
                keys,
                views,
                file.width(),
                (i, view, target, offset) -> rows.copy(records[i * views + view % views], target, offset));
    }

    /**
     * What an image's pixels depend on.
     *
     * @param hash SHA-256 of the file's content, in hexadecimal
     * @param orientation the EXIF orientation that is applied, 1 for none
     */
    private record Content(String hash, int orientation) {

        private static final int UPRIGHT = 1;

        /**
         * Reads the file once.
         *
         * @throws IOException if it cannot be read or is no regular file, such as a device
         */
        static Content of(LabelledImage image) throws IOException {
            Path file = image.path();
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new DatasetException("image " + file + " is not a regular file");
            }
            String hash = Sha256.of(file);
            boolean apply = image.exif() == ExifOrientation.APPLY;
            return new Content(hash, apply ? ImageDecoder.exifOrientation(file) : UPRIGHT);
        }

        /** Different for contents whose pixels differ; the hash itself where nothing is turned. */
        String key() {
            return orientation == UPRIGHT ? hash : hash + " turned " + orientation;
        }
    }

    /** Contents of all images, on all threads; null for one that cannot be read. */
    private Content[] contents(List<LabelledImage> images, Map<Path, IOException> problems) {
        Content[] contents = new Content[images.size()];
        clip.workers().each(contents.length, (part, i) -> {
            Path path = images.get(i).path();
            try {
                contents[i] = Content.of(images.get(i));
            } catch (IOException e) {
                synchronized (problems) {
                    problems.put(path, readable(path, e));
                }
            }
        });
        return contents;
    }

    private static IOException readable(Path file, IOException e) {
        return e instanceof DatasetException
                ? e
                : new IOException(file + " cannot be read: " + e.getClass().getSimpleName(), e);
    }

    /** A view of an image. */
    private record View(int image, int view) {}

    /** The views of all readable images that the bank lacks; one content is there once. */
    private List<View> missing(Content[] contents) {
        List<View> missing = new ArrayList<>();
        Set<ViewKey> seen = new HashSet<>();
        for (int view = 0; view < transform.views(); view++) {
            for (int i = 0; i < contents.length; i++) {
                if (contents[i] != null) {
                    ViewKey key = ViewKey.of(contents[i].key(), view);
                    if (seen.add(key) && !file.contains(key)) {
                        missing.add(new View(i, view));
                    }
                }
            }
        }
        return missing;
    }

    /** Encodes missing views part by part, each appended at once: what a kill can lose. */
    private Map<Path, IOException> encodeMissing(
            List<LabelledImage> images, Content[] contents, String what, Progress progress) throws IOException {
        List<View> missing = missing(contents);
        if (missing.isEmpty()) {
            return Map.of();
        }
        ImageEncoder encoder = clip.imageEncoder(kind);
        Map<Content, View> unreadable = new HashMap<>(); // the first view of each
        Map<Content, IOException> problems = new HashMap<>();
        try (Progress.Task task = progress.task("encoding " + what, missing.size(), Progress.Unit.IMAGES)) {
            for (int from = 0; from < missing.size(); from += encoder.part()) {
                List<View> part = missing.subList(from, Math.min(missing.size(), from + encoder.part()));
                ImageEncoder.Encoded encoded = encode(encoder, images, contents, part);
                encoded.problems().forEach((i, problem) -> {
                    Content content = contents[part.get(i).image];
                    unreadable.putIfAbsent(content, part.get(i));
                    problems.putIfAbsent(content, problem);
                });
                append(encoded, contents, part);
                part.forEach(view -> task.advance(1));
            }
        }
        return byFile(images, contents, unreadable, problems);
    }

    private ImageEncoder.Encoded encode(
            ImageEncoder encoder, List<LabelledImage> images, Content[] contents, List<View> views) {
        ImageDecoder decoder = new ImageDecoder();
        return encoder.encode(views.size(), (index, target, offset) -> {
            View view = views.get(index);
            LabelledImage image = images.get(view.image);
            String hash = contents[view.image].hash;
            RgbImage seen =
                    decoder.decode(image.path(), image.exif(), decoded -> transform.apply(decoded, hash, view.view));
            transform.preprocessing().toTensor(seen, target, offset);
        });
    }

    private void append(ImageEncoder.Encoded encoded, Content[] contents, List<View> views) throws IOException {
        List<ViewKey> keys = new ArrayList<>();
        List<float[]> rows = new ArrayList<>();
        for (int i = 0; i < views.size(); i++) {
            if (encoded.features().get(i) != null) {
                View view = views.get(i);
                keys.add(ViewKey.of(contents[view.image].key(), view.view));
                rows.add(encoded.features().get(i));
            }
        }
        file.append(keys, rows);
    }

    /** Content is encoded once, so that what is wrong with it is wrong in all its files. */
    private static Map<Path, IOException> byFile(
            List<LabelledImage> images,
            Content[] contents,
            Map<Content, View> unreadable,
            Map<Content, IOException> problems) {
        Map<Path, IOException> byFile = new HashMap<>();
        for (int i = 0; i < contents.length; i++) {
            IOException problem = problems.get(contents[i]);
            if (problem != null) {
                Path path = images.get(i).path();
                Path first = images.get(unreadable.get(contents[i]).image).path();
                String message = path + " has the content of " + problem.getMessage();
                byFile.put(path, first.equals(path) ? problem : new IOException(message, problem));
            }
        }
        return byFile;
    }

    /** Closes the file; rows that were given out stay readable. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
