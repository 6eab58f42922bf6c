package org.coop4j.studio;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.ImageFeatures;
import org.coop4j.findings.Neighbours;
import org.coop4j.image.ExifOrientation;
import org.coop4j.run.Images;
import org.coop4j.studio.Studio.Picture;
import org.coop4j.studio.Studio.Snapshot;

/** Features of a studio's pictures by content, encoded in parts, and similarities between them. */
final class Features implements Closeable {

    /** Pictures that are encoded before changes are looked for. */
    private static final int PART = 32;

    private final Studio studio;
    private final Clip clip;
    private final Images images;
    private final Map<String, float[]> rows = new ConcurrentHashMap<>();
    private final Set<String> unreadable = ConcurrentHashMap.newKeySet();

    Features(Studio studio, Clip clip, Images images) {
        this.studio = studio;
        this.clip = clip;
        this.images = images;
    }

    /** Encodes some pictures, those with a label first; returns true if more are left. */
    boolean encode(Snapshot now) throws IOException {
        List<Picture> missing = distinct(now.pictures().stream()
                .filter(this::isMissing)
                .sorted(Comparator.comparing(one -> one.className() == null)));
        List<Picture> some = missing.stream().limit(PART).toList();
        if (some.isEmpty()) {
            return false;
        }
        images.lookAgain(); // a file may have taken another's place
        ImageFeatures encoded =
                images.encode(some.stream().map(one -> image(one, 0)).toList(), "pictures", Progress.NONE);
        float[][] values = encoded.matrix().toRows();
        for (int i = 0; i < values.length; i++) {
            rows.put(Picture.id(encoded.images().get(i).sha256()), values[i]);
        }
        for (Picture one : some) {
            if (!has(one) && Files.exists(studio.root().resolve(one.path()))) {
                unreadable.add(one.id());
            }
        }
        return missing.size() > some.size();
    }

    /** Returns the first picture of each content. */
    static List<Picture> distinct(Stream<Picture> pictures) {
        Map<String, Picture> distinct = new LinkedHashMap<>();
        pictures.forEach(one -> distinct.putIfAbsent(one.id(), one));
        return List.copyOf(distinct.values());
    }

    LabelledImage image(Picture one, int label) {
        String name = one.className() == null ? "unsorted" : one.className();
        return new LabelledImage(studio.root().resolve(one.path()), label, name, ExifOrientation.APPLY);
    }

    boolean has(Picture one) {
        return rows.containsKey(one.id());
    }

    boolean isUnreadable(Picture one) {
        return unreadable.contains(one.id());
    }

    boolean isMissing(Picture one) {
        return !has(one) && !isUnreadable(one);
    }

    /** Returns the number of pictures that were looked at. */
    int count() {
        return rows.size() + unreadable.size();
    }

    /** Returns the features of encoded pictures, not normalised. */
    FeatureMatrix of(List<Picture> pictures) {
        return FeatureMatrix.of(pictures.stream().map(one -> rows.get(one.id())).toList(), clip.embedDim());
    }

    /** Returns the features of encoded pictures, of unit length. */
    FeatureMatrix units(List<Picture> pictures) {
        return of(pictures).normalized();
    }

    /** Returns the encoded picture that is most like the others. */
    String typical(List<Picture> pictures) {
        return pictures.get(Neighbours.typical(units(pictures))).id();
    }

    /** Returns the similarity of each picture to the nearest of others that have another content. */
    double[] nearest(List<Picture> some, List<Picture> others) {
        double[] nearest = new double[some.size()];
        Neighbours.each(units(some), units(others), (i, similar) -> {
            String own = some.get(i).sha256();
            List<Integer> first =
                    Neighbours.first(similar, 1, j -> !others.get(j).sha256().equals(own));
            nearest[i] = first.isEmpty() ? -1 : similar[first.get(0)];
        });
        return nearest;
    }

    @Override
    public void close() {
        images.forget();
    }
}
