package org.coop4j.pretrain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.coop4j.clip.Clip;
import org.coop4j.clip.FeatureMatrix;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.graph.host.Workers;
import org.coop4j.image.ExifOrientation;
import org.coop4j.model.ClipConfig;
import org.coop4j.text.Tokenizer;

/**
 * How often an image finds its own caption among all captions of a table.
 *
 * @param images images asked
 * @param captions different captions to choose from
 * @param recallAt1 share of images whose nearest caption is one of their own, 0 to 1
 * @param recallAt5 share of images that have one of their own among the nearest five, 0 to 1
 */
public record Retrieval(int images, int captions, double recallAt1, double recallAt5) {

    /**
     * Reads all images and captions of a table, so that a measurement does not fail later.
     *
     * @throws IOException if an image cannot be read or a caption is too long, naming it
     */
    public static void check(PairTable table, ClipConfig architecture, Tokenizer tokenizer, Workers workers)
            throws IOException {
        TokenizedCaptions.of(table, tokenizer, architecture.text().contextLength());
        List<Path> files =
                table.pictures().stream().map(PairTable.Picture::image).toList();
        ImageCache.load(files, architecture.vision().imageSize(), 0, workers);
    }

    /** Measures a model on a table; nearest is by cosine. */
    public static Retrieval measure(Clip clip, PairTable table) throws IOException {
        Map<String, Integer> captions = new LinkedHashMap<>();
        for (PairTable.Picture picture : table.pictures()) {
            picture.captions().forEach(c -> captions.putIfAbsent(c, captions.size()));
        }
        FeatureMatrix texts = clip.encodeTexts(List.copyOf(captions.keySet())).normalized();
        List<Path> files =
                table.pictures().stream().map(PairTable.Picture::image).toList();
        FeatureMatrix images = clip.encodeImages(files, FeatureKind.EMBEDDED, ExifOrientation.KEEP)
                .normalized();
        int[][] own = new int[files.size()][];
        for (int i = 0; i < own.length; i++) {
            List<String> list = table.pictures().get(i).captions();
            own[i] = list.stream().mapToInt(captions::get).toArray();
        }
        return of(images, texts, own);
    }

    /**
     * Counts from features.
     *
     * @param own for each image the rows of {@code texts} that are its captions
     */
    static Retrieval of(FeatureMatrix images, FeatureMatrix texts, int[][] own) {
        int at1 = 0;
        int at5 = 0;
        for (int i = 0; i < own.length; i++) {
            int rank = rank(i, images, texts, own[i]);
            at1 += rank < 1 ? 1 : 0;
            at5 += rank < 5 ? 1 : 0;
        }
        int n = own.length;
        return new Retrieval(n, texts.rows(), (double) at1 / n, (double) at5 / n);
    }

    /** Counts the other images' captions that are at least as near as the image's own nearest. */
    private static int rank(int image, FeatureMatrix images, FeatureMatrix texts, int[] own) {
        float best = Float.NEGATIVE_INFINITY;
        for (int text : own) {
            best = Math.max(best, images.dot(image, texts, text));
        }
        int rank = -own.length;
        for (int i = 0; i < texts.rows(); i++) {
            int text = i;
            boolean farther = images.dot(image, texts, text) < best;
            rank += farther && IntStream.of(own).noneMatch(mine -> mine == text) ? 0 : 1;
        }
        return rank;
    }
}
