package org.coop4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.coop4j.base.CacheFolder;
import org.coop4j.base.Progress;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.FeatureBanks;
import org.coop4j.data.bank.FeatureBanks.ImageTransform;
import org.coop4j.graph.OpTime;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.Preprocessing.PixelReader;

/** Measurements of encoding: of pixels, and of files to features on disk. */
public final class ImageBench {

    private ImageBench() {}

    /** Measures pixels to features, {@code batch} images at a time. */
    public static Measurement pixels(Clip clip, int batch, int runs) {
        int side = clip.architecture().vision().imageSize();
        float[] pixels = StepBench.gaussian(new SplittableRandom(1), batch * 3 * side * side, 1);
        int each = pixels.length / batch;
        long flops = clip.imageEncoder().profile(batch).stream()
                .mapToLong(OpTime::flops)
                .sum();
        return Measurement.of(1, runs, flops, () -> clip.imageEncoder()
                .encodeQuickly(batch, (index, target, offset) -> target.put(offset, pixels, index * each, each)));
    }

    /** Measures files to features in a new bank, the second time, when the disk's cache has the files. */
    public static Measurement files(Clip clip, List<LabelledImage> images, Progress progress) throws IOException {
        clip.imageEncoder();
        return Measurement.of(1, 1, 0, () -> fill(clip, images, progress));
    }

    /** Measures the reading, decoding and resizing of {@link #files} alone, on all threads, the second time. */
    public static Measurement reading(Clip clip, List<LabelledImage> images) throws IOException {
        PixelReader reader = new PixelReader(new ImageDecoder(), clip.preprocessing(), ExifOrientation.APPLY);
        int side = clip.architecture().vision().imageSize();
        try {
            return Measurement.of(1, 1, 0, () -> clip.workers()
                    .each(
                            images.size(),
                            (worker, i) -> read(reader, images.get(i).path(), side)));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void read(PixelReader reader, Path image, int side) {
        try {
            reader.read(image, FloatBuffer.allocate(3 * side * side), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void fill(Clip clip, List<LabelledImage> images, Progress progress) throws IOException {
        Path folder = Files.createTempDirectory("coop-bench");
        ImageTransform transform = ImageTransform.test(clip.preprocessing());
        try (FeatureBanks banks = new FeatureBanks(folder)) {
            banks.encode(clip, transform, FeatureKind.EMBEDDED, images, "files", true, progress);
        } finally {
            CacheFolder.delete(folder);
        }
    }
}
