package org.coop4j.studio;

import static org.coop4j.studio.StudioProblem.UNNAMED;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.coop4j.base.OpenFile;
import org.coop4j.base.Progress;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.TextsOnce;
import org.coop4j.data.ImageDataset;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.pool.Pool;
import org.coop4j.run.Images;
import org.coop4j.studio.Snapshot.Photo;

/** Features of a studio's pictures by content, encoded in parts. */
final class EncodedPhotos implements Closeable {

    /** Pictures that are encoded before changes are looked for. */
    private static final int PART = 32;

    private final Images images;
    private final Map<String, float[]> rows = new ConcurrentHashMap<>(); // by content
    private final Map<String, Long> outlines = new ConcurrentHashMap<>(); // by content
    private final Map<String, Problem> unreadable = new ConcurrentHashMap<>(); // by content
    private final ImageDecoder decoder = new ImageDecoder();

    /** Fault of a picture, in a sentence. */
    record Problem(String text, boolean isHeic) {}

    EncodedPhotos(Images images) {
        this.images = images;
    }

    /** Encodes some pictures, those with a label first; returns true if more are left. */
    boolean encode(Snapshot now) throws IOException {
        List<Photo> missing = now.photos().stream()
                .filter(this::isMissing)
                .sorted(Comparator.comparing(one -> now.labels(one).isEmpty()))
                .toList();
        List<Photo> some = missing.subList(0, Math.min(PART, missing.size()));
        if (some.isEmpty()) {
            return false;
        }
        images.lookAgain(); // a file may have taken another's place
        ImageFeatures encoded =
                images.encode(some.stream().map(one -> now.image(one, 0)).toList(), "pictures", Progress.NONE);
        FeatureMatrix features = encoded.matrix();
        List<Long> own = images.outlines(encoded.images());
        for (int i : Pool.usable(features)) {
            String content = encoded.images().get(i).sha256();
            Optional.ofNullable(own.get(i)).ifPresent(outline -> outlines.put(content, outline));
            rows.put(content, features.row(i));
        }
        for (Photo one : some) {
            Path file = now.root().resolve(one.path());
            if (!has(one) && Files.exists(file)) {
                unreadable.put(one.sha256(), problem(file));
            }
        }
        return missing.size() > some.size();
    }

    private Problem problem(Path file) {
        byte[] content = {};
        try {
            content = OpenFile.read(file, ImageDecoder.MAX_FILE_BYTES);
            return decoder.decode(
                    content, UNNAMED, ExifOrientation.KEEP, image -> new Problem("It cannot be used.", false));
        } catch (IOException e) {
            return new Problem(StudioProblem.unreadable(e), HeicConverter.isHeic(content));
        }
    }

    boolean has(Photo one) {
        return rows.containsKey(one.sha256());
    }

    boolean isUnreadable(Photo one) {
        return unreadable.containsKey(one.sha256());
    }

    /** Returns what is wrong with an unreadable picture. */
    Problem problem(Photo one) {
        return unreadable.get(one.sha256());
    }

    boolean isMissing(Photo one) {
        return !has(one) && !isUnreadable(one);
    }

    /** Returns the number of contents that were looked at. */
    int count() {
        return rows.size() + unreadable.size();
    }

    /** Returns the features of encoded pictures, not normalised. */
    FeatureMatrix of(List<Photo> photos) {
        return ofContents(photos.stream().map(Photo::sha256).toList());
    }

    FeatureMatrix ofContents(List<String> contents) {
        return FeatureMatrix.of(
                contents.stream().map(rows::get).toList(), images.clip().embedDim());
    }

    /** Returns the outlines of encoded pictures. */
    List<Long> outlines(List<Photo> photos) {
        return photos.stream().map(one -> outlines.get(one.sha256())).toList();
    }

    /** Returns the model, which encodes each text once. */
    TextsOnce space() {
        return images.space();
    }

    /** Returns images of runs on encoded pictures, which share the features of texts. */
    Images of(ImageDataset lists) {
        return Images.of(images.space(), lists, (some, kind) -> {
            int width = images.clip().featureWidth(kind);
            return new ImageFeatures(
                    some,
                    1,
                    width,
                    (i, view, target, offset) ->
                            System.arraycopy(rows.get(some.get(i).sha256()), 0, target, offset, width));
        });
    }

    @Override
    public void close() {
        images.forget();
    }
}
