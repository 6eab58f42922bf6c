package org.coop4j.data.bank;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.coop4j.base.OpenFile;
import org.coop4j.base.OpenFile.FileState;
import org.coop4j.base.Sha256;
import org.coop4j.clip.FeatureSpace.FeatureKind;
import org.coop4j.data.LabelledImage;
import org.coop4j.data.bank.BankFile.ViewKey;
import org.coop4j.graph.host.Precision;
import org.coop4j.image.ExifOrientation;
import org.coop4j.image.ImageDecoder;

/**
 * The contents of image files, each read once: by this process, or by an earlier one while the file's {@link FileState} is
 * the same. They are kept in a file beside the feature banks.
 *
 * <p>The content of a file that changed just before it was read is not kept, as a later change may have the same time.
 *
 * <p>Safe for use by several threads.
 */
final class FileContents {

    /** Number of pairs of bytes of a hash; a float holds a pair exactly. */
    private static final int HALVES = 16;

    private static final BankFile.Key FILE =
            new BankFile.Key("contents-of-files", "sha256", FeatureKind.EMBEDDED, Precision.FLOAT32, HALVES + 1);

    /** Largest file that is read at once. */
    private static final long LARGE = 16L << 20;

    private final Path folder;
    private final Clock clock;
    private final Map<Path, Content> known = new ConcurrentHashMap<>();
    private final Map<ViewKey, Content> added = new ConcurrentHashMap<>();
    private Map<ViewKey, Content> earlier; // null until it is read

    /**
     * @param folder folder of the feature banks
     */
    public FileContents(Path folder) {
        this(folder, Clock.systemUTC());
    }

    FileContents(Path folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
    }

    /**
     * The content of an image file.
     *
     * @param sha256 in hexadecimal
     * @param orientation by EXIF, 1 to 8; 1 for upright
     */
    public record Content(String sha256, int orientation) {

        /** Returns an image that has this content, turned if it is shown so. */
        LabelledImage of(LabelledImage image) {
            return image.read(sha256, image.exif() == ExifOrientation.APPLY ? orientation : LabelledImage.UPRIGHT);
        }

        private static Content read(OpenFile file) throws IOException {
            if (file.length() > LARGE) {
                return new Content(file.sha256(bytes -> {}), ImageDecoder.exifOrientation(file.path()));
            }
            byte[] bytes = file.region().bytes();
            return new Content(Sha256.of(bytes), ImageDecoder.exifOrientation(bytes));
        }

        private static Content of(float[] row) {
            byte[] hash = new byte[2 * HALVES];
            for (int i = 0; i < HALVES; i++) {
                hash[2 * i] = (byte) ((int) row[i] >> 8);
                hash[2 * i + 1] = (byte) (int) row[i];
            }
            return new Content(HexFormat.of().formatHex(hash), (int) row[HALVES]);
        }

        private float[] row() {
            byte[] hash = HexFormat.of().parseHex(sha256);
            float[] row = new float[HALVES + 1];
            for (int i = 0; i < HALVES; i++) {
                row[i] = (hash[2 * i] & 0xFF) << 8 | (hash[2 * i + 1] & 0xFF);
            }
            row[HALVES] = orientation;
            return row;
        }
    }

    /**
     * Returns the content of a file.
     *
     * @throws IOException if it cannot be read or is not a regular file, such as a device
     */
    public Content of(Path file) throws IOException {
        Content content = known.get(file);
        if (content == null) {
            content = find(file);
            known.put(file, content);
        }
        return content;
    }

    /** Returns the content of a file as it is now. */
    Content find(Path path) throws IOException {
        Optional<FileState> before = FileState.of(path);
        Optional<ViewKey> key = before.map(state -> ViewKey.of(path.toAbsolutePath() + "\n" + state.identity(), 0));
        Content content = key.map(earlier()::get).orElse(null);
        if (content != null) {
            return content;
        }
        Instant opened = clock.instant();
        try (OpenFile file = OpenFile.open(path)) {
            Content read = Content.read(file);
            if (before.isPresent() && before.get().lasts(path, opened)) {
                added.put(key.orElseThrow(), read);
            }
            return read;
        }
    }

    /** Returns what earlier processes kept; nothing if it cannot be read, which only costs time. */
    private synchronized Map<ViewKey, Content> earlier() {
        if (earlier == null) {
            earlier = new ConcurrentHashMap<>();
            try (BankFile file = BankFile.open(folder, FILE)) {
                BankFile.Rows rows = file.rows();
                float[] row = new float[HALVES + 1];
                file.records().forEach((key, record) -> {
                    rows.copy(record, row, 0);
                    earlier.put(key, Content.of(row));
                });
            } catch (IOException e) {
                return earlier;
            }
        }
        return earlier;
    }

    /** Keeps what was read for later processes, if the folder can be written. */
    public synchronized void keep() {
        List<ViewKey> keys = new ArrayList<>(added.keySet());
        if (keys.isEmpty()) {
            return;
        }
        try (BankFile file = BankFile.open(folder, FILE)) {
            file.append(keys, keys.stream().map(key -> added.get(key).row()).toList());
            earlier().putAll(added);
            added.clear();
        } catch (IOException e) {
            added.clear(); // read again the next time
        }
    }

    /** Forgets what this process read, so that files are looked at again. */
    public void forget() {
        keep();
        known.clear();
    }
}
