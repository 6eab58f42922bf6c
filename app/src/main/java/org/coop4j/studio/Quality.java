package org.coop4j.studio;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.coop4j.base.AtomicFile;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.PillowResize;
import org.coop4j.image.RgbImage;
import org.coop4j.studio.Studio.Picture;
import org.coop4j.studio.Studio.Snapshot;

/** The sizes and the sharpness of pictures by content, measured once, when there is nothing else to do. */
final class Quality {

    /** Pictures that are measured before changes are looked for. */
    private static final int PART = 16;

    /** Longer side of a picture whose sharpness is measured, so that its size does not matter. */
    private static final int MEASURED = 256;

    /** Sharpness below which a picture looks blurred at the size of a screen. */
    private static final double BLURRED = 0.01;

    private final Studio studio;
    private final int least;
    private final Path file;
    private final ImageDecoder decoder = new ImageDecoder(50_000_000, Duration.ofSeconds(10));
    private final Map<String, Measured> measured = new ConcurrentHashMap<>(); // by id

    /** A picture's shorter side, and the share of its contrast between neighbouring pixels. */
    private record Measured(int side, double sharpness) {}

    /**
     * @param side that of the model's pictures: one of less than half of it is tiny
     */
    Quality(Studio studio, int side) throws IOException {
        this.studio = studio;
        this.least = side / 2;
        this.file = studio.own().resolve("quality.txt");
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file, UTF_8)) {
                String[] words = line.split(" ");
                if (words.length == 3) {
                    measured.put(words[0], new Measured(Integer.parseInt(words[1]), Double.parseDouble(words[2])));
                }
            }
        }
    }

    /** Measures some pictures; returns true if more are left. */
    boolean measure(Snapshot now) throws IOException {
        List<Picture> some = now.pictures().stream()
                .filter(one -> !measured.containsKey(one.id()))
                .limit(PART)
                .toList();
        some.forEach(one -> measured.put(one.id(), measure(one)));
        if (some.size() < PART && !some.isEmpty() && !studio.readOnly()) {
            AtomicFile.write(
                    file,
                    measured.entrySet().stream()
                            .map(one ->
                                    "%s %d %s\n".formatted(one.getKey(), one.getValue().side, one.getValue().sharpness))
                            .collect(Collectors.joining()));
        }
        return some.size() == PART;
    }

    private Measured measure(Picture one) {
        try {
            return decoder.decode(
                    studio.root().resolve(one.path()),
                    ExifOrientation.APPLY,
                    image -> new Measured(Math.min(image.width(), image.height()), sharpness(image)));
        } catch (IOException e) {
            return new Measured(Integer.MAX_VALUE, 1); // found as unreadable
        }
    }

    /** Returns the mean square of the Laplacian of green, by its variance. */
    static double sharpness(RgbImage image) {
        double scale = Math.min(1, (double) MEASURED / Math.max(image.width(), image.height()));
        int width = (int) Math.ceil(scale * image.width());
        int height = (int) Math.ceil(scale * image.height());
        RgbImage small = PillowResize.resize(image, width, height);
        byte[] samples = small.samples();
        double sum = 0;
        double squares = 0;
        double edges = 0;
        int n = 0;
        for (int y = 1; y < height - 1; y++) {
            for (int x = 1; x < width - 1; x++) {
                int at = 3 * (y * width + x) + 1;
                int own = samples[at] & 0xFF;
                int around = (samples[at - 3] & 0xFF)
                        + (samples[at + 3] & 0xFF)
                        + (samples[at - 3 * width] & 0xFF)
                        + (samples[at + 3 * width] & 0xFF);
                sum += own;
                squares += own * own;
                edges += (4 * own - around) * (4 * own - around);
                n++;
            }
        }
        double variance = squares - sum * sum / n;
        return n == 0 ? 1 : variance <= 0 ? 0 : edges / variance;
    }

    List<String> tiny(Snapshot now) {
        return those(now, one -> one.side < least);
    }

    List<String> blurred(Snapshot now) {
        return those(now, one -> one.side >= least && one.sharpness < BLURRED);
    }

    int count() {
        return measured.size();
    }

    private List<String> those(Snapshot now, Predicate<Measured> like) {
        return now.pictures().stream()
                .map(Picture::id)
                .distinct()
                .filter(id -> measured.containsKey(id) && like.test(measured.get(id)))
                .toList();
    }
}
