package org.coop4j.data.bank;

import java.util.List;
import java.util.stream.IntStream;
import org.coop4j.base.Sha256;
import org.coop4j.data.FeatureSet;
import org.coop4j.data.LabelledImage;

/** Labelled images with their features, of a bank or of a file of features. */
public final class ImageFeatures implements FeatureSet {

    private final List<LabelledImage> images;
    private final List<String> hashes;
    private final List<String> keys;
    private final int views;
    private final int width;
    private final Rows rows;

    /** Where rows are copied from. */
    interface Rows {

        /** As {@link FeatureSet#copy}. */
        void copy(int i, int view, float[] target, int offset);
    }

    /**
     * @param hashes SHA-256 of each image's content
     * @param keys different for images whose pixels differ
     */
    ImageFeatures(
            List<LabelledImage> images,
            List<String> hashes,
            List<String> keys,
            int views,
            int width,
            Rows rows) {
        this.images = images;
        this.hashes = hashes;
        this.keys = keys;
        this.views = views;
        this.width = width;
        this.rows = rows;
    }

    /** Images whose features were encoded before, one or more, all of one file. */
    public static ImageFeatures stored(List<LabelledImage> images) {
        List<String> hashes = images.stream().map(image -> image.stored().sha256()).toList();
        return new ImageFeatures(
                images,
                hashes,
                hashes,
                1,
                images.get(0).stored().features().width(),
                (i, view, target, offset) -> images.get(i).stored().copy(target, offset));
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
                .mapToObj(i -> new HashedImage(images.get(i), hashes.get(i)))
                .toList();
    }

    /** SHA-256 of the images' contents and labels in their order, in hexadecimal. */
    public String contentHash() {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < images.size(); i++) {
            lines.append(keys.get(i)).append('\t').append(images.get(i).label()).append('\n');
        }
        return Sha256.of(lines.toString());
    }

    @Override
    public void copy(int i, int view, float[] target, int offset) {
        rows.copy(i, view, target, offset);
    }
}
