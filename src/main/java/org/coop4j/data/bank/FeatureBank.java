package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.coop4j.base.InputException;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankFile.ViewKey;
import org.coop4j.data.bank.FeatureBanks.ImageTransform;
import org.coop4j.data.bank.FileContents.Content;
import org.coop4j.data.bank.ImageFeatures.HashedImage;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.RgbImage;

/**
 * Features of image views: each is encoded once, kept in a file, and independent of what else is encoded.
 *
 * <p>Any number of processes may have a bank open. One thread at a time.
 */
final class FeatureBank implements AutoCloseable {

    private static final int UPRIGHT = 1;

    private final BankFile file;
    private final Clip clip;
    private final ImageTransform transform;
    private final FeatureKind kind;
    private final FileContents files;

    private FeatureBank(BankFile file, Clip clip, ImageTransform transform, FeatureKind kind, FileContents files) {
        this.file = file;
        this.clip = clip;
        this.transform = transform;
        this.kind = kind;
        this.files = files;
    }

    /**
     * Opens the bank of a model's features of a kind under {@code folder}, creating it if necessary.
     *
     * @throws IOException if it cannot be opened, or the file is another bank
     */
    public static FeatureBank open(Path folder, Clip clip, ImageTransform transform, FeatureKind kind)
            throws IOException {
        return open(folder, clip, transform, kind, FileContents.ofThisProcess());
    }

    /**
     * Opens a bank that takes the contents of files from what is known of them.
     *
     * @throws IOException if it cannot be opened, or the file is another bank
     */
    static FeatureBank open(Path folder, Clip clip, ImageTransform transform, FeatureKind kind, FileContents files)
            throws IOException {
        BankFile.Key key =
                new BankFile.Key(clip.modelSha256(), transform.id(), kind, clip.precision(), clip.featureWidth(kind));
        return new FeatureBank(BankFile.open(folder, key), clip, transform, kind, files);
    }

    /** Returns the number of views in the bank. */
    public int size() {
        return file.size();
    }

    /**
     * Encodes those of the images that the bank lacks.
     *
     * @param what a phrase for the images, such as "training images"
     * @param skipBad true to skip unreadable images; otherwise they are refused, after a warning about each
     * @return the readable images with their features, which remain usable when the bank is closed
     * @throws FeatureBanks.UnreadableImagesException if images cannot be read and {@code skipBad} is false
     */
    public ImageFeatures encode(List<LabelledImage> images, String what, boolean skipBad, Progress progress)
            throws IOException {
        SortedMap<Path, IOException> problems = new TreeMap<>();
        Content[] contents = contents(images, problems);
        encodeMissing(images, contents, what, problems, progress);
        problems.values().forEach(problem -> progress.warn(problem.getMessage()));
        if (!problems.isEmpty() && !skipBad) {
            throw new FeatureBanks.UnreadableImagesException(problems);
        }
        List<HashedImage> good = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            if (!problems.containsKey(images.get(i).path())) {
                good.add(new HashedImage(images.get(i), contents[i].sha256()));
                keys.add(key(images.get(i), contents[i]));
            }
        }
        return features(good, keys);
    }

    private ImageFeatures features(List<HashedImage> images, List<String> keys) throws IOException {
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

    /** Returns a key of the pixels: the hash of the content, and the orientation if the image is turned. */
    private static String key(LabelledImage image, Content content) {
        return image.exif() == ExifOrientation.KEEP || content.orientation() == UPRIGHT
                ? content.sha256()
                : content.sha256() + " turned " + content.orientation();
    }

    /** Reads the contents of all images on all threads; null for one that cannot be read. */
    private Content[] contents(List<LabelledImage> images, Map<Path, IOException> problems) {
        Content[] contents = new Content[images.size()];
        clip.workers().each(contents.length, (part, i) -> {
            Path path = images.get(i).path();
            try {
                contents[i] = files.of(path);
            } catch (IOException e) {
                IOException problem = e instanceof InputException
                        ? e
                        : new IOException(
                                path + " cannot be read: " + e.getClass().getSimpleName(), e);
                synchronized (problems) {
                    problems.put(path, problem);
                }
            }
        });
        return contents;
    }

    /** A view of an image. */
    private record View(int image, int view, ViewKey key) {}

    /** Returns the views of all readable images that the bank lacks, those of the same content once. */
    private List<View> missing(List<LabelledImage> images, Content[] contents) {
        List<View> missing = new ArrayList<>();
        Set<ViewKey> seen = new HashSet<>();
        for (int view = 0; view < transform.views(); view++) {
            for (int i = 0; i < contents.length; i++) {
                if (contents[i] != null) {
                    ViewKey key = ViewKey.of(key(images.get(i), contents[i]), view);
                    if (seen.add(key) && !file.contains(key)) {
                        missing.add(new View(i, view, key));
                    }
                }
            }
        }
        return missing;
    }

    /** Encodes missing views part by part, appending each part at once: a kill loses one part at most. */
    private void encodeMissing(
            List<LabelledImage> images,
            Content[] contents,
            String what,
            Map<Path, IOException> problems,
            Progress progress)
            throws IOException {
        List<View> missing = missing(images, contents);
        if (missing.isEmpty()) {
            return;
        }
        ImageEncoder encoder = clip.imageEncoder(kind);
        Map<String, IOException> causes = new HashMap<>();
        try (Progress.Task task = progress.task("encoding " + what, missing.size(), Progress.Unit.IMAGES)) {
            for (int from = 0; from < missing.size(); from += encoder.part()) {
                List<View> part = missing.subList(from, Math.min(missing.size(), from + encoder.part()));
                ImageEncoder.Encoded encoded = encode(encoder, images, contents, part);
                encoded.problems().forEach((i, problem) -> {
                    int image = part.get(i).image;
                    problems.put(images.get(image).path(), problem);
                    causes.putIfAbsent(key(images.get(image), contents[image]), problem);
                });
                file.append(part.stream().map(View::key).toList(), encoded.features());
                part.forEach(view -> task.advance(1));
            }
        }
        // A content is encoded once, and its problem is that of all files that have it.
        for (int i = 0; i < contents.length; i++) {
            IOException problem = contents[i] == null ? null : causes.get(key(images.get(i), contents[i]));
            if (problem != null) {
                Path path = images.get(i).path();
                problems.putIfAbsent(
                        path, new IOException(path + " has the content of " + problem.getMessage(), problem));
            }
        }
    }

    private ImageEncoder.Encoded encode(
            ImageEncoder encoder, List<LabelledImage> images, Content[] contents, List<View> views) {
        ImageDecoder decoder = new ImageDecoder();
        return encoder.encode(views.size(), (index, target, offset) -> {
            View view = views.get(index);
            LabelledImage image = images.get(view.image);
            String hash = contents[view.image].sha256();
            RgbImage seen =
                    decoder.decode(image.path(), image.exif(), decoded -> transform.apply(decoded, hash, view.view));
            transform.preprocessing().toTensor(seen, target, offset);
        });
    }

    /** Closes the file; features that were returned remain readable. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
