package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankFile.ViewKey;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ImageDecoder;
import org.coop4j.image.RgbImage;

/**
 * The outlines of pictures ({@link RgbImage#outline}), made where pictures are decoded for their features, and kept in a file
 * beside the feature banks. Safe for use by several threads.
 */
final class Outlines {

    /** Number of parts of an outline; a float holds a part exactly. */
    private static final int PARTS = 4;

    private static final int BITS = 16;
    private static final BankFile.Key FILE =
            new BankFile.Key("outlines-of-pictures", "outline-63", FeatureKind.EMBEDDED, Precision.FLOAT32, PARTS);

    private final Path folder;
    private final Map<ViewKey, Long> known = new ConcurrentHashMap<>();
    private final Map<ViewKey, Long> added = new ConcurrentHashMap<>();
    private boolean read;

    /**
     * @param folder folder of the feature banks
     */
    Outlines(Path folder) {
        this.folder = folder;
    }

    private static ViewKey key(LabelledImage image) {
        return ViewKey.of(image.key(), 0);
    }

    /** Notes the outline of a picture that was decoded; returns the picture. */
    RgbImage seen(LabelledImage image, RgbImage decoded) {
        added.computeIfAbsent(key(image), key -> decoded.outline());
        return decoded;
    }

    /** Returns the outline of a picture, which is decoded if it is not known; null if it cannot be read. */
    Long of(LabelledImage image, ImageDecoder decoder) {
        Long found = added.getOrDefault(key(image), earlier().get(key(image)));
        try {
            return found == null
                    ? decoder.decode(image.path(), image.exif(), decoded -> seen(image, decoded))
                            .outline()
                    : found;
        } catch (IOException e) {
            return null;
        }
    }

    /** Returns what was kept; nothing if it cannot be read, which only costs time. */
    private synchronized Map<ViewKey, Long> earlier() {
        if (!read) {
            read = true;
            try (BankFile file = BankFile.open(folder, FILE)) {
                BankFile.Rows rows = file.rows();
                float[] row = new float[PARTS];
                file.records().forEach((key, record) -> {
                    rows.copy(record, row, 0);
                    long outline = 0;
                    for (float part : row) {
                        outline = outline << BITS | (long) part;
                    }
                    known.put(key, outline);
                });
            } catch (IOException e) {
                return known;
            }
        }
        return known;
    }

    /** Keeps what was made, if the folder can be written. */
    synchronized void keep() {
        List<ViewKey> keys = List.copyOf(added.keySet());
        if (keys.isEmpty()) {
            return;
        }
        try (BankFile file = BankFile.open(folder, FILE)) {
            file.append(keys, keys.stream().map(key -> row(added.get(key))).toList());
        } catch (IOException e) {
            read = true; // made again by the next process
        }
        known.putAll(added);
        added.keySet().removeAll(keys);
    }

    private static float[] row(long outline) {
        float[] row = new float[PARTS];
        for (int i = 0; i < PARTS; i++) {
            row[i] = (outline >>> (BITS * (PARTS - 1 - i))) & 0xFFFF;
        }
        return row;
    }
}
