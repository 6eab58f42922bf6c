package org.coop4j.studio;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.studio.Snapshot.Photo;

/** The sizes and the sharpness of pictures by content, measured on thumbnails when there is nothing else to do. */
final class Quality {

    /** Pictures that are measured before changes are looked for. */
    private static final int PART = 16;

    /**
     * Sharpness below which a picture is blurred: 1 of 499 photographs of Caltech101 is, and 99 % of them after blurring by
     * 1 % of their longer side.
     */
    private static final double BLURRED = 0.03;

    private final Studio studio;
    private final int least;
    private final ImageDecoder decoder = new ImageDecoder();
    private final Map<String, Measured> measured = new ConcurrentHashMap<>(); // by id

    /** A thumbnail's longer side, and the share of its contrast between neighbouring pixels. */
    private record Measured(int side, double sharpness) {}

    /**
     * @param least longer side below which a picture is tiny
     */
    Quality(Studio studio, int least) {
        this.studio = studio;
        this.least = Math.min(least, Studio.THUMBNAIL);
    }

    /** Measures some pictures; returns true if more are left. */
    boolean measure(Snapshot now) {
        List<Photo> some = now.photos().stream()
                .filter(one -> !measured.containsKey(one.id()))
                .limit(PART)
                .toList();
        some.forEach(one -> measured.put(one.id(), measure(one)));
        return !some.isEmpty();
    }

    private Measured measure(Photo one) {
        try {
            return decoder.decode(
                    studio.thumbnail(one.id()),
                    one.file(),
                    ExifOrientation.APPLY,
                    image -> new Measured(Math.max(image.width(), image.height()), image.sharpness()));
        } catch (IOException | StudioProblem e) {
            return new Measured(least, 1); // it is among the unreadable ones
        }
    }

    List<String> tiny(Snapshot now) {
        return ids(now, one -> one.side < least);
    }

    List<String> blurred(Snapshot now) {
        return ids(now, one -> one.side >= least && one.sharpness < BLURRED);
    }

    int count() {
        return measured.size();
    }

    private List<String> ids(Snapshot now, Predicate<Measured> like) {
        return now.photos().stream()
                .map(Photo::id)
                .distinct()
                .filter(id -> measured.containsKey(id) && like.test(measured.get(id)))
                .toList();
    }
}
