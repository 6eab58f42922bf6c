package org.coop4j.data.bank;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.ImageEncoder;
import org.coop4j.data.LabelledImage;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.RgbImage;

/** Encodes the views that a bank lacks and appends them to it. */
final class MissingViews implements ImageEncoder.Sink {

    /** Features that are written at a time: what a kill can lose. */
    private static final int WRITE_EVERY = 64;

    private final FeatureBank bank;
    private final Clip clip;
    private final ImageTransform transform;
    private final List<LabelledImage> images;
    private final ImageContent[] contents;
    private final ImageDecoder decoder = new ImageDecoder();

    /** The first image of each content that cannot be read, with the reason. */
    private final Map<ImageContent, Unreadable> unreadable = new HashMap<>();

    private final List<View> encoded = new ArrayList<>();
    private final List<ViewKey> keys = new ArrayList<>();
    private final float[] features;
    private Progress.Task task = Progress.NONE.task("", 0, Progress.Unit.IMAGES);

    /** A view of an image. */
    private record View(int image, int view) {}

    /** An image whose content cannot be read. */
    private record Unreadable(Path file, IOException problem) {}

    /**
     * @param contents the images' contents; null for one that cannot be read
     */
    MissingViews(
            FeatureBank bank,
            Clip clip,
            ImageTransform transform,
            List<LabelledImage> images,
            ImageContent[] contents) {
        this.bank = bank;
        this.clip = clip;
        this.transform = transform;
        this.images = images;
        this.contents = contents;
        this.features = new float[WRITE_EVERY * bank.width()];
    }

    /** The views of all readable images; one content is there once. */
    private List<View> distinctViews() {
        List<View> views = new ArrayList<>();
        Set<ViewKey> seen = new HashSet<>();
        for (int view = 0; view < transform.views(); view++) {
            for (int i = 0; i < contents.length; i++) {
                if (contents[i] != null && seen.add(ViewKey.of(contents[i].key(), view))) {
                    views.add(new View(i, view));
                }
            }
        }
        return views;
    }

    private ViewKey key(View view) {
        return ViewKey.of(contents[view.image].key(), view.view);
    }

    /** Encodes them; a feature does not depend on what else is encoded. */
    void encode(String what, Progress progress) throws IOException {
        distinctViews().stream().filter(view -> !bank.contains(key(view))).forEach(encoded::add);
        if (encoded.isEmpty()) {
            return;
        }
        try (Progress.Task all =
                progress.task("encoding " + what, encoded.size(), Progress.Unit.IMAGES)) {
            task = all;
            clip.imageEncoder(bank.kind()).encode(encoded.size(), this::read, this);
            flush();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void read(int index, FloatBuffer target, int offset) throws IOException {
        View view = encoded.get(index);
        LabelledImage image = images.get(view.image);
        String hash = contents[view.image].hash();
        RgbImage seen =
                decoder.decode(
                        image.path(),
                        image.exif(),
                        decoded -> transform.apply(decoded, hash, view.view));
        transform.preprocessing().toTensor(seen, target, offset);
    }

    @Override
    public void features(int index, float[] row) {
        System.arraycopy(row, 0, features, keys.size() * row.length, row.length);
        keys.add(key(encoded.get(index)));
        if (keys.size() == WRITE_EVERY) {
            flush();
        }
        task.advance(1);
    }

    @Override
    public void failed(int index, IOException problem) {
        View view = encoded.get(index);
        unreadable.putIfAbsent(
                contents[view.image], new Unreadable(images.get(view.image).path(), problem));
        task.advance(1);
    }

    private void flush() {
        try {
            bank.append(keys, features);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        keys.clear();
    }

    /** Content is encoded once, so that what is wrong with it is wrong in all its files. */
    void addUnreadable(Map<Path, IOException> problems) {
        for (int i = 0; i < contents.length; i++) {
            Unreadable first = unreadable.get(contents[i]);
            Path file = images.get(i).path();
            if (first != null && first.file.equals(file)) {
                problems.put(file, first.problem);
            } else if (first != null) {
                String message = file + " has the content of " + first.problem.getMessage();
                problems.put(file, new IOException(message, first.problem));
            }
        }
    }
}
